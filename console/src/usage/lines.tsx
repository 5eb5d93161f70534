import { segments } from './plot-scale.ts';
import type { PlotScale } from './plot.tsx';

/** A line for each series, broken where a day has no value; a day alone is a dot. */
export function Lines({ values, day, scale }: LinesProps) {
  return (
    <>
      {values.map((line, series) => (
        <g key={series} class={`plot-line series-${series}`}>
          {segments(line).map((run) => (
            <g key={run[0]?.day}>
              {run.length > 1 && (
                <polyline
                  points={run.map(({ day, value }) => `${scale.x(day)},${scale.y(value)}`).join(' ')}
                />
              )}
              {run
                .filter((point) => run.length === 1 || point.day === day)
                .map((point) => (
                  <circle key={point.day} cx={scale.x(point.day)} cy={scale.y(point.value)} r={3.5} />
                ))}
            </g>
          ))}
        </g>
      ))}
    </>
  );
}

interface LinesProps {
  values: readonly (readonly (number | null)[])[];
  /** The day pointed at. */
  day: number | undefined;
  scale: PlotScale;
}
