import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { stack } from './plot-scale.ts';
import type { PlotScale } from './plot.tsx';

interface BarsProps {
  values: readonly (readonly (number | null)[])[];
  days: number;
  scale: PlotScale;
}

/** Stacked bars, a bar a day: `values[series][day]`. */
export function Bars({ values, days, scale }: BarsProps): JSX.Element {
  const { band, ground } = scale;
  // A year of six series is 2,196 rectangles, and the pointer moves often.
  return useMemo(() => <g>{bars(values, days, scale)}</g>, [values, days, band, ground, scale.y(1)]);
}

function bars(values: BarsProps['values'], days: number, { x, y, band }: PlotScale): JSX.Element[] {
  const width = Math.max(Math.min(1.5, band), Math.min(30, band * 0.72));
  return stack(values, days).flatMap((parts, day) =>
    parts.map(({ series, from, to }) => (
      <rect
        key={`${day} ${series}`}
        class={`plot-bar series-${series}`}
        x={x(day) - width / 2}
        y={y(to)}
        width={width}
        // What is there is seen, however little it is.
        height={Math.max(1, y(from) - y(to) - (from > 0 ? 1 : 0))}
      />
    )),
  );
}
