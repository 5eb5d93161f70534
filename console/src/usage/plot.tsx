import type { ComponentChildren } from 'preact';
import { longDay, shortDay } from './days.ts';
import { labelledDays } from './plot-scale.ts';
import { useWidth } from './use-width.ts';

/** What a plot says about one day. */
export interface Reading {
  /** `14 images` */
  summary: string;
  lines: readonly { series: number; name: string; value: string }[];
}

/** Where things are drawn, in CSS pixels. */
export interface PlotScale {
  /** The middle of a day. */
  x: (day: number) => number;
  y: (value: number) => number;
  /** The room of one day. */
  band: number;
  ground: number;
}

export interface PlotProps {
  title: string;
  /** The figure beside the title. */
  total: string;
  /** What is to be known about that figure. */
  note?: ComponentChildren;
  days: readonly string[];
  ticks: readonly number[];
  tickText: (value: number) => string;
  /** The day under the pointer or reached by keys, in any plot; undefined: none. */
  day: number | undefined;
  /** This plot is the one that was pointed at: it shows the reading. */
  isActive: boolean;
  onDay: (day: number | undefined) => void;
  readingOf: (day: number) => Reading;
  /** Shown in the place of the plot. */
  empty?: string | undefined;
  children: (scale: PlotScale) => ComponentChildren;
}

const height = 176;
const edge = { top: 10, right: 4, bottom: 22 };

/**
 * A plot over days. To keyboards and screen readers it is a slider along the days: arrows, Page Up and Down for a
 * week, Home and End, each step read out with that day's figures.
 */
export function Plot(props: PlotProps) {
  const { title, total, note, empty } = props;
  return (
    <section class="plot" aria-label={title}>
      <header class="plot-head">
        <h2>{title}</h2>
        <strong class="plot-total">{total}</strong>
        {note !== undefined && <p class="plot-note">{note}</p>}
      </header>
      {empty === undefined ? <Drawing {...props} /> : <p class="plot-empty">{empty}</p>}
    </section>
  );
}

function Drawing(props: PlotProps) {
  const { title, days, ticks, tickText, day, isActive, onDay, readingOf, children } = props;
  const [frame, width] = useWidth<HTMLDivElement>();
  const last = days.length - 1;
  const now = Math.min(day ?? last, last);
  const texts = ticks.map(tickText);
  const left = 10 + 6.6 * Math.max(...texts.map((text) => text.length));
  const band = Math.max(0, width - left - edge.right) / days.length;
  const ground = height - edge.bottom;
  const top = ticks.at(-1) ?? 1;
  const scale: PlotScale = {
    x: (day) => left + band * (day + 0.5),
    y: (value) => ground - (value / top) * (ground - edge.top),
    band,
    ground,
  };

  function pointAt(event: PointerEvent): void {
    const x = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0);
    const found = Math.floor((x - left) / band);
    onDay(Math.max(0, Math.min(last, found)));
  }

  function moveBy(event: KeyboardEvent): void {
    const to = keyTarget(event.key, now, last);
    if (event.key === 'Escape') onDay(undefined);
    if (to === undefined) return;
    event.preventDefault();
    onDay(to);
  }

  const reading = readingOf(now);
  const parts = reading.lines.map(({ name, value }) => `${name} ${value}`);
  return (
    <div
      ref={frame}
      class="plot-frame"
      role="slider"
      tabIndex={0}
      aria-label={`${title} by day`}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={now}
      aria-valuetext={`${longDay(days[now] ?? '')}: ${[reading.summary, ...parts].join(', ')}`}
      onPointerMove={pointAt}
      onPointerDown={pointAt}
      onPointerLeave={(event) => {
        if (event.pointerType === 'mouse') onDay(undefined);
      }}
      onKeyDown={moveBy}
      onFocus={() => onDay(now)}
      onBlur={() => onDay(undefined)}
    >
      <svg width={width} height={height} aria-hidden="true" focusable="false">
        {ticks.map((tick, i) => (
          <g key={tick}>
            <line class="plot-grid" x1={left} x2={width - edge.right} y1={scale.y(tick)} y2={scale.y(tick)} />
            <text class="plot-tick" x={left - 8} y={scale.y(tick)} dy="0.32em" text-anchor="end">
              {texts[i]}
            </text>
          </g>
        ))}
        {day !== undefined && (
          <rect
            class="plot-day"
            x={scale.x(now) - band / 2}
            y={edge.top}
            width={band}
            height={ground - edge.top}
          />
        )}
        {width > 0 && children(scale)}
        {labelledDays(days.length, width - left, 58).map((day) => (
          <text
            key={day}
            class="plot-tick"
            x={Math.min(scale.x(day), width - 20)}
            y={height - 4}
            text-anchor="middle"
          >
            {shortDay(days[day] ?? '')}
          </text>
        ))}
      </svg>
      {isActive && day !== undefined && (
        <ReadingBox
          reading={reading}
          day={days[now] ?? ''}
          x={scale.x(now)}
          isRight={scale.x(now) > width / 2}
        />
      )}
    </div>
  );
}

function keyTarget(key: string, now: number, last: number): number | undefined {
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: now - 1,
    ArrowDown: now - 1,
    ArrowRight: now + 1,
    ArrowUp: now + 1,
    PageDown: now - 7,
    PageUp: now + 7,
    Home: 0,
    End: last,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.max(0, Math.min(last, target));
}

/** Stands beside the day, on the side with room; what it says is in the slider's value text too. */
function ReadingBox(props: { reading: Reading; day: string; x: number; isRight: boolean }) {
  const { reading, day, x, isRight } = props;
  return (
    <div class={`plot-reading ${isRight ? 'is-left-of' : ''}`} style={{ left: `${x}px` }} aria-hidden="true">
      <p class="plot-reading-day">{longDay(day)}</p>
      <p class="plot-reading-sum">{reading.summary}</p>
      {reading.lines.map(({ series, name, value }) => (
        <p key={series} class="plot-reading-line">
          <i class={`swatch series-${series}`} />
          <span>{name}</span>
          <b>{value}</b>
        </p>
      ))}
    </div>
  );
}
