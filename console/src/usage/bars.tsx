import { stack } from './plot-scale.ts';
import type { PlotScale } from './plot.tsx';

/** Stacked bars, a bar a day: `values[series][day]`. */
export function Bars({ values, days, scale }: BarsProps) {
  const width = Math.max(1.5, Math.min(30, scale.band * 0.72));
  return (
    <>
      {stack(values, days).map((parts, day) =>
        parts.map(({ series, from, to }) => (
          <rect
            key={`${day} ${series}`}
            class={`plot-bar series-${series}`}
            x={scale.x(day) - width / 2}
            y={scale.y(to)}
            width={width}
            // What is there is seen, however little it is.
            height={Math.max(1, scale.y(from) - scale.y(to) - (from > 0 ? 1 : 0))}
          />
        )),
      )}
    </>
  );
}

interface BarsProps {
  values: readonly (readonly (number | null)[])[];
  days: number;
  scale: PlotScale;
}
