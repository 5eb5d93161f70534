/** Objects written or read a moment ago, which the system still has in memory. */
export interface HotObjects {
  add: (name: string, bytes: number) => void;
  has(name: string): boolean;
}

/** Far less than what a system keeps of the files it wrote last. */
const maxBytes = 256 * 1024 * 1024;
const hotMs = 20_000;

export function makeHotObjects(): HotObjects {
  const objects = new Map<string, { bytes: number; atMs: number }>();
  let held = 0;
  return {
    add(name, bytes) {
      held += bytes - (objects.get(name)?.bytes ?? 0);
      objects.delete(name);
      objects.set(name, { bytes, atMs: performance.now() });
      for (const [oldest, { bytes }] of objects) {
        if (held <= maxBytes) break;
        objects.delete(oldest);
        held -= bytes;
      }
    },
    has(name) {
      const found = objects.get(name);
      return found !== undefined && performance.now() - found.atMs < hotMs;
    },
  };
}
