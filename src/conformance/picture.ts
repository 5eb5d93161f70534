import { crc32, deflateSync } from 'node:zlib';

/** A grey square as PNG in a data URL, to start from. */
export function pictureUrl(side = 512): string {
  return squareOf(side, { colourType: 0, bytesPerPixel: 1 });
}

/** A square that is half transparent, as a mask is. */
export function maskUrl(side = 512): string {
  return squareOf(side, { colourType: 4, bytesPerPixel: 2 });
}

/** 8 bits a sample, all 128. Colour type 0 is grey, 4 is grey with transparency. */
function squareOf(
  side: number,
  { colourType, bytesPerPixel }: { colourType: number; bytesPerPixel: number },
): string {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, colourType], 8);
  const rowBytes = 1 + side * bytesPerPixel;
  const rows = Buffer.alloc(side * rowBytes, 128);
  for (let row = 0; row < side; row += 1) rows[row * rowBytes] = 0;
  const png = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${png.toString('base64')}`;
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const whole = Buffer.alloc(8 + named.length);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), 4 + named.length);
  return whole;
}
