/** How a test's BMP is to be written. */
export interface BmpRecipe {
  width: number;
  height: number;
  bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** 12, 40, 52, 56, 108 or 124; 40 by default. */
  headerBytes?: number;
  topDown?: boolean;
  /** BI_BITFIELDS with these masks (red, green, blue and, from header 56 on, alpha). */
  masks?: readonly number[];
  /** Runs instead of plain rows, for 4 and 8 bits. */
  runs?: boolean;
  /** RGB of each index, for 1, 4 and 8 bits. */
  palette?: readonly (readonly number[])[];
  /** The stored value: an index, or the packed colour. */
  value: (x: number, y: number) => number;
}

/** A BMP as the format's description says, written without looking at our decoder. */
export function makeBmp(recipe: BmpRecipe): Buffer {
  const { width, height, bits, headerBytes = 40, topDown = false, masks = [], palette = [] } = recipe;
  const isCore = headerBytes === 12;
  const masksBehind = masks.length > 0 && headerBytes === 40 ? 12 : 0;
  const colors = Buffer.concat(
    palette.map(([r = 0, g = 0, b = 0]) => Buffer.from(isCore ? [b, g, r] : [b, g, r, 0])),
  );
  const rows = Array.from({ length: height }, (_, i) => (topDown ? i : height - 1 - i));
  const data = recipe.runs ? runLengths(recipe, rows) : Buffer.concat(rows.map((y) => plainRow(recipe, y)));
  const head = Buffer.alloc(14 + headerBytes + masksBehind);
  head.write('BM', 0, 'latin1');
  head.writeUInt32LE(head.length + colors.length + data.length, 2);
  head.writeUInt32LE(head.length + colors.length, 10);
  head.writeUInt32LE(headerBytes, 14);
  if (isCore) {
    head.writeUInt16LE(width, 18);
    head.writeUInt16LE(height, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt16LE(bits, 24);
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(topDown ? -height : height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(masks.length > 0 ? 3 : recipe.runs ? (bits === 8 ? 1 : 2) : 0, 30);
    head.writeUInt32LE(data.length, 34);
    head.writeUInt32LE(palette.length, 46);
    masks.forEach((mask, i) => head.writeUInt32LE(mask, 54 + i * 4));
  }
  return Buffer.concat([head, colors, data]);
}

function plainRow({ width, bits, value }: BmpRecipe, y: number): Buffer {
  const row = Buffer.alloc(Math.ceil((width * bits) / 32) * 4);
  for (let x = 0; x < width; x++) {
    if (bits >= 8) row.writeUIntLE(value(x, y), (x * bits) / 8, bits / 8);
    else {
      const perByte = 8 / bits;
      const at = Math.floor(x / perByte);
      row[at] = (row[at] ?? 0) | (value(x, y) << (8 - bits - (x % perByte) * bits));
    }
  }
  return row;
}

/** Rows in turn as encoded runs, as absolute runs, and with their leading zeros jumped over by a delta. */
function runLengths(recipe: BmpRecipe, rows: readonly number[]): Buffer {
  const out: number[] = [];
  rows.forEach((y, i) => {
    const values = Array.from({ length: recipe.width }, (_, x) => recipe.value(x, y));
    let x = 0;
    if (i % 3 === 2) {
      while (values[x] === 0 && x < 255) x++;
      if (x > 0) out.push(0, 2, x, 0);
    }
    while (x < values.length) {
      const rest = values.slice(x, x + 200);
      if (i % 3 === 1 && rest.length >= 3) {
        out.push(0, rest.length, ...packed(rest, recipe.bits));
        x += rest.length;
      } else {
        const end = rest.findIndex((value) => value !== rest[0]);
        const length = end === -1 ? rest.length : end;
        const value = rest[0] ?? 0;
        out.push(length, recipe.bits === 8 ? value : value * 17);
        x += length;
      }
    }
    out.push(0, i === rows.length - 1 ? 1 : 0);
  });
  return Buffer.from(out);
}

function packed(values: readonly number[], bits: number): number[] {
  const bytes = bits === 8 ? [...values] : [];
  if (bits === 4) {
    for (let i = 0; i < values.length; i += 2) bytes.push(((values[i] ?? 0) << 4) | (values[i + 1] ?? 0));
  }
  if (bytes.length % 2 === 1) bytes.push(0);
  return bytes;
}
