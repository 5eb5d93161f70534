import { crc32 } from 'node:zlib';

/** What C2PA puts into files, at its smallest: boxes that say what they are, around nothing. */

const storeType = Buffer.from('6332706100110010800000aa00389b71', 'hex');
const provenanceType = Buffer.from('d8fec3d61b0e483c92975828877ec481', 'hex');

/** A manifest store, or another box in the same place: `type` is the description's. */
export function manifestStore(type: Uint8Array = storeType, label = 'c2pa'): Buffer {
  const description = box('jumd', Buffer.concat([type, Buffer.from(`\u0003${label}\0`)]));
  return box('jumb', Buffer.concat([description, box('free', Buffer.alloc(100))]));
}

/** The picture with the box where its format has its place for content credentials. */
export const embed = {
  png(file: Uint8Array, store: Uint8Array): Buffer {
    const named = Buffer.concat([Buffer.from('caBX'), store]);
    return insert(file, 33, Buffer.concat([uint32(store.length), named, uint32(crc32(named))]));
  },
  jpeg(file: Uint8Array, store: Uint8Array): Buffer {
    const packet = Buffer.concat([Buffer.from('JP'), Buffer.from([0, 1]), uint32(1), store]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(packet.length + 2);
    return insert(file, 2, Buffer.concat([Buffer.from([0xff, 0xeb]), length, packet]));
  },
  webp(file: Uint8Array, store: Uint8Array): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(store.length);
    const pad = Buffer.alloc(store.length % 2);
    const longer = Buffer.concat([file, Buffer.from('C2PA'), length, store, pad]);
    longer.writeUInt32LE(longer.length - 8, 4);
    return longer;
  },
  avif(file: Uint8Array, store: Uint8Array, purpose = 'manifest'): Buffer {
    const head = Buffer.concat([provenanceType, uint32(0), Buffer.from(`${purpose}\0`), Buffer.alloc(8)]);
    return Buffer.concat([file, box('uuid', Buffer.concat([head, store]))]);
  },
  gif(file: Uint8Array, store: Uint8Array): Buffer {
    const blocks = Buffer.concat([Buffer.from([store.length]), store, Buffer.from([0])]);
    const head = Buffer.from('\u0021\u00ff\u000bC2PA_GIF\u0001\u0000\u0000', 'latin1');
    return insert(file, file.length - 1, Buffer.concat([head, blocks]));
  },
  /** A picture of its own: one grey pixel. */
  tiff(_file: Uint8Array, store: Uint8Array): Buffer {
    const entries = [
      [256, 4, 1, 1],
      [257, 4, 1, 1],
      [273, 4, 1, 8],
      [279, 4, 1, 1],
      [52_545, 7, store.length, 80],
    ] as const;
    const file = Buffer.alloc(80);
    file.write('II*\0', 0, 'latin1');
    file.writeUInt32LE(10, 4);
    file.writeUInt16LE(entries.length, 10);
    for (const [i, [tag, type, count, value]] of entries.entries()) {
      const at = 12 + 12 * i;
      file.writeUInt16LE(tag, at);
      file.writeUInt16LE(type, at + 2);
      file.writeUInt32LE(count, at + 4);
      file.writeUInt32LE(value, at + 8);
    }
    return Buffer.concat([file, store]);
  },
};

/** An ISO base media box: length, type, content. */
function box(type: string, content: Uint8Array): Buffer {
  return Buffer.concat([uint32(content.length + 8), Buffer.from(type, 'latin1'), content]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function insert(file: Uint8Array, at: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]);
}
