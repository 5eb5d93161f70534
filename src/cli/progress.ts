/** A line now and then for long work, on stderr so that it stays out of what is piped on. */
export interface Progress {
  /** `line` is asked for only when it is to be shown. */
  tell(line: () => string): void;
}

const everyMs = 5000;

/** The first line comes after five seconds: short work says nothing. */
export function makeProgress(): Progress {
  let lastAt = performance.now();
  return {
    tell(line) {
      if (performance.now() - lastAt < everyMs) return;
      lastAt = performance.now();
      process.stderr.write(`${line()}\n`);
    },
  };
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** Bytes for people: `8.2 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
