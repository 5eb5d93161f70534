/** Writing SVG. Lengths are in scene units (the short side is 1000); every text here is ours, nothing of the prompt. */

export interface Ink {
  readonly opacity?: number;
  readonly radius?: number;
  readonly stroke?: string;
  readonly strokeWidth?: number;
  readonly transform?: string;
}

/** Two decimals: figures are drawn in units of their own and enlarged ten times and more. */
export function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

// Opacity goes on the fill, never on a group: a group with opacity is a layer of its own to blend.
function ink(fill: string, { opacity = 1, stroke, strokeWidth, transform }: Ink): string {
  const parts = [`fill="${fill}"`];
  if (opacity < 1) parts.push(`fill-opacity="${Math.round(opacity * 1000) / 1000}"`);
  if (stroke) {
    parts.push(
      `stroke="${stroke}" stroke-width="${number(strokeWidth ?? 2)}" stroke-linecap="round" stroke-linejoin="round"`,
    );
    if (opacity < 1) parts.push(`stroke-opacity="${Math.round(opacity * 1000) / 1000}"`);
  }
  if (transform) parts.push(`transform="${transform}"`);
  return parts.join(' ');
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  options: Ink = {},
): string {
  const round = options.radius ? ` rx="${number(options.radius)}"` : '';
  return `<rect x="${number(x)}" y="${number(y)}" width="${number(Math.max(0, width))}" height="${number(Math.max(0, height))}"${round} ${ink(fill, options)}/>`;
}

export function circle(x: number, y: number, radius: number, fill: string, options: Ink = {}): string {
  return `<circle cx="${number(x)}" cy="${number(y)}" r="${number(Math.max(0, radius))}" ${ink(fill, options)}/>`;
}

export function ellipse(
  x: number,
  y: number,
  rx: number,
  ry: number,
  fill: string,
  options: Ink = {},
): string {
  return `<ellipse cx="${number(x)}" cy="${number(y)}" rx="${number(Math.max(0, rx))}" ry="${number(Math.max(0, ry))}" ${ink(fill, options)}/>`;
}

export function path(d: string, fill: string, options: Ink = {}): string {
  return `<path d="${d}" ${ink(fill, options)}/>`;
}

export function line(d: string, stroke: string, strokeWidth: number, opacity = 1): string {
  return path(d, 'none', { stroke, strokeWidth, opacity });
}

export function group(transform: string, content: string): string {
  return `<g transform="${transform}">${content}</g>`;
}

/** Path data through points given as `M`, `L` ... templates: p\`M${x} ${y}\` rounds every number. */
export function p(texts: TemplateStringsArray, ...values: readonly number[]): string {
  return texts.reduce(
    (all, text, index) => `${all}${text}${index < values.length ? number(values[index] ?? 0) : ''}`,
    '',
  );
}

export type Stop = readonly [offset: number, colour: string, opacity?: number];

/** Gradients and clips of one picture, each under an id of its own. */
export interface Definitions {
  /** A fill from top to bottom (angle 0) or turned clockwise by `angle` degrees. */
  linear(stops: readonly Stop[], angle?: number): string;
  /** A fill from the middle of the shape outwards. */
  radial(stops: readonly Stop[], centre?: readonly [x: number, y: number, radius: number]): string;
  clip(shape: string): string;
  /** A prefix for the ids inside a foreign drawing. */
  scope(): string;
  markup(): string;
}

const stopsOf = (stops: readonly Stop[]) =>
  stops
    .map(
      ([offset, colour, opacity]) =>
        `<stop offset="${offset}" stop-color="${colour}"${opacity === undefined ? '' : ` stop-opacity="${opacity}"`}/>`,
    )
    .join('');

export function createDefinitions(): Definitions {
  const items: string[] = [];
  const made = new Map<string, string>();
  let count = 0;
  const define = (markup: (id: string) => string) => {
    const key = markup('');
    const known = made.get(key);
    if (known) return known;
    const id = `d${count++}`;
    items.push(markup(id));
    made.set(key, `url(#${id})`);
    return `url(#${id})`;
  };
  return {
    linear: (stops, angle = 0) => {
      const [dx, dy] = [Math.sin((-angle * Math.PI) / 180) / 2, Math.cos((-angle * Math.PI) / 180) / 2];
      const ends = `x1="${(0.5 - dx).toFixed(3)}" y1="${(0.5 - dy).toFixed(3)}" x2="${(0.5 + dx).toFixed(3)}" y2="${(0.5 + dy).toFixed(3)}"`;
      return define((id) => `<linearGradient id="${id}" ${ends}>${stopsOf(stops)}</linearGradient>`);
    },
    radial: (stops, [x, y, radius] = [0.5, 0.5, 0.5]) =>
      define(
        (id) =>
          `<radialGradient id="${id}" cx="${x}" cy="${y}" r="${radius}">${stopsOf(stops)}</radialGradient>`,
      ),
    clip: (shape) => define((id) => `<clipPath id="${id}">${shape}</clipPath>`),
    scope: () => `s${count++}`,
    markup: () => items.join(''),
  };
}
