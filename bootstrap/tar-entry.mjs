// One file out of a tar stream, enough for the archives npm makes: short names, plain sizes, no links.

const blockBytes = 512;

/**
 * A step for stream.pipeline that lets only the bytes of one entry through.
 * @param {string} name
 * @returns {(chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>}
 */
export function onlyEntry(name) {
  return async function* (chunks) {
    let isFound = false;
    let header = Buffer.alloc(0);
    let wantedBytes = 0;
    let skippedBytes = 0;
    for await (let chunk of chunks) {
      while (chunk.length > 0) {
        if (wantedBytes > 0) {
          const part = chunk.subarray(0, wantedBytes);
          wantedBytes -= part.length;
          chunk = chunk.subarray(part.length);
          yield part;
        } else if (skippedBytes > 0) {
          const length = Math.min(skippedBytes, chunk.length);
          skippedBytes -= length;
          chunk = chunk.subarray(length);
        } else {
          const part = chunk.subarray(0, blockBytes - header.length);
          header = Buffer.concat([header, part]);
          chunk = chunk.subarray(part.length);
          if (header.length === blockBytes) {
            // The blocks of zeros at the end read as entries without name or size.
            const sizeBytes = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
            const isWanted = header.toString('utf8', 0, 100).replace(/\0.*$/s, '') === name;
            isFound ||= isWanted;
            wantedBytes = isWanted ? sizeBytes : 0;
            skippedBytes = Math.ceil(sizeBytes / blockBytes) * blockBytes - wantedBytes;
            header = Buffer.alloc(0);
          }
        }
      }
    }
    if (!isFound || wantedBytes > 0) throw new Error(`${name} is not in the archive`);
  };
}
