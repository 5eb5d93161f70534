/** The geometry of the plots: numbers in, numbers out. */

/** Round steps from 0 to at least the largest value: `[0, 5, 10]`. Whole numbers only, where parts make no sense. */
export function ticksFor(max: number, { whole }: { whole: boolean }): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999) ?? power;
  const used = whole ? Math.max(1, Math.ceil(step)) : step;
  const count = Math.ceil(max / used - 1e-9);
  // Multiplied, not added up: 0.1 + 0.2 is not 0.3.
  return Array.from({ length: count + 1 }, (_, i) => Number((i * used).toPrecision(12)));
}

/** One part of a stacked bar: which series, from which value to which. */
export interface StackPart {
  series: number;
  from: number;
  to: number;
}

/** The parts of each day's bar, from the ground up; days without a value have none. */
export function stack(series: readonly (readonly (number | null)[])[], days: number): StackPart[][] {
  return Array.from({ length: days }, (_, day) => {
    const parts: StackPart[] = [];
    let from = 0;
    series.forEach((values, i) => {
      const value = values[day] ?? 0;
      if (value <= 0) return;
      parts.push({ series: i, from, to: from + value });
      from += value;
    });
    return parts;
  });
}

/** The highest bar. */
export function stackedMax(series: readonly (readonly (number | null)[])[], days: number): number {
  return Math.max(0, ...stack(series, days).map((parts) => parts.at(-1)?.to ?? 0));
}

/** Which days carry a label: about one per `minGap` pixels, the last one always. */
export function labelledDays(days: number, width: number, minGap: number): number[] {
  const every = Math.max(1, Math.ceil((days * minGap) / Math.max(1, width)));
  return Array.from({ length: days }, (_, i) => i).filter((i) => (days - 1 - i) % every === 0);
}

/** Runs of neighbouring days with a value: a line is broken where a day has none. */
export function segments(values: readonly (number | null)[]): { day: number; value: number }[][] {
  const runs: { day: number; value: number }[][] = [];
  let run: { day: number; value: number }[] = [];
  values.forEach((value, day) => {
    if (value !== null) {
      if (run.length === 0) runs.push(run);
      run.push({ day, value });
    } else run = [];
  });
  return runs;
}
