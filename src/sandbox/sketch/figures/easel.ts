import { darken, lighten, mix } from '../colour.ts';
import type { Stage } from '../stage.ts';
import { ellipse, line, number, p, path, rect } from '../svg.ts';

/** A picture that was handed in, ready to stand in an SVG. Null where its bytes are no picture. */
export interface InputPicture {
  readonly dataUri: string;
  /** Width over height. */
  readonly ratio: number;
}

export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The largest frame of the picture's shape inside a box. */
export function fit(
  picture: InputPicture | null,
  maxWidth: number,
  maxHeight: number,
): { width: number; height: number } {
  const ratio = Math.max(0.4, Math.min(2.4, picture?.ratio ?? 1));
  const width = Math.min(maxWidth, maxHeight * ratio);
  return { width, height: width / ratio };
}

function canvas({ define }: Stage, picture: InputPicture | null, { x, y, width, height }: Frame): string {
  if (picture) {
    const box = `x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"`;
    return `<g clip-path="${define.clip(`<rect ${box}/>`)}"><image ${box} preserveAspectRatio="xMidYMid slice" href="${picture.dataUri}"/></g>`;
  }
  // An image nobody can read still has its place: an empty canvas with a line through it.
  return (
    rect(x, y, width, height, '#e9e4da') +
    line(
      p`M${x + width * 0.12} ${y + height * 0.88}L${x + width * 0.88} ${y + height * 0.12}`,
      '#c3bbae',
      6,
    ) +
    rect(x + width * 0.12, y + height * 0.12, width * 0.76, height * 0.76, 'none', {
      stroke: '#c3bbae',
      strokeWidth: 5,
    })
  );
}

/** The first input picture stands on a painter's easel, so that anyone can see it arrived. */
export function easel(stage: Stage, picture: InputPicture | null, frame: Frame, foot: number): string {
  const { palette } = stage;
  const wood = mix('#b98352', palette.ambient.colour, palette.ambient.amount);
  const [x, y, w, h] = [frame.x, frame.y, frame.width, frame.height];
  const middle = x + w / 2;
  const top = y - Math.min(70, h * 0.16);
  const spread = w * 0.36;
  const legs =
    line(
      p`M${middle - 8} ${top}L${middle - spread} ${foot}M${middle + 8} ${top}L${middle + spread} ${foot}`,
      darken(wood, 0.14),
      17,
    ) +
    line(p`M${middle} ${top + 16}L${middle + 6} ${foot - 26}`, darken(wood, 0.34), 13) +
    line(
      p`M${middle - spread * 0.72} ${foot - (foot - y - h) * 0.45}H${middle + spread * 0.72}`,
      darken(wood, 0.2),
      11,
    );
  const shadow = ellipse(middle, foot + 2, spread * 1.35, 17, '#0a0d24', { opacity: 0.2 });
  const board =
    rect(x - 15 + 7, y - 15 + 10, w + 30, h + 30, '#0a0d24', { radius: 5, opacity: 0.2 }) +
    rect(x - 15, y - 15, w + 30, h + 30, lighten(wood, 0.55), { radius: 5 }) +
    rect(x - 4, y - 4, w + 8, h + 8, darken(wood, 0.3));
  const ledge = rect(middle - w * 0.46, y + h + 15, w * 0.92, 17, lighten(wood, 0.12), { radius: 5 });
  const clamp = rect(middle - 21, y - 28, 42, 20, darken(wood, 0.25), { radius: 5 });
  return shadow + legs + board + canvas(stage, picture, frame) + ledge + clamp;
}

/** Further ones, and the first where nothing can stand: a paper print, a little askew, under a strip of tape. */
export function print(stage: Stage, picture: InputPicture | null, frame: Frame, turn: number): string {
  const { x, y, width, height } = frame;
  const edge = Math.max(9, width * 0.045);
  const paper =
    rect(x - edge + 5, y - edge + 9, width + edge * 2, height + edge * 3.4, '#0a0d24', {
      radius: 3,
      opacity: 0.24,
    }) + rect(x - edge, y - edge, width + edge * 2, height + edge * 3.4, '#fdfbf5', { radius: 3 });
  const tape = path(p`M${x + width / 2 - 44} ${y - edge - 13}h88l-4 26h-80z`, '#f0d48a', { opacity: 0.8 });
  return `<g transform="rotate(${number(turn)} ${number(x + width / 2)} ${number(y + height / 2)})">${paper}${canvas(stage, picture, frame)}${tape}</g>`;
}
