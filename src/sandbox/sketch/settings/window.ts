import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { growthOf } from './growth.ts';
import { pine } from './plants.ts';
import { cumulus } from './clouds.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Stage } from '../stage.ts';
import { circle, line, p, path, rect } from '../svg.ts';

export function windowView(
  stage: Stage,
  draw: Random,
  x: number,
  y: number,
  w: number,
  h: number,
  frame: string,
): string {
  const { define, palette, understanding } = stage;
  const growth = growthOf(stage);
  const clip = define.clip(
    `<rect x="${Math.round(x)}" y="${Math.round(y)}" width="${Math.round(w)}" height="${Math.round(h)}"/>`,
  );
  const [top, upper, lower, bottom] = palette.sky;
  const view = [
    rect(
      x,
      y,
      w,
      h,
      define.linear([
        [0, top],
        [0.4, upper],
        [0.8, lower],
        [1, bottom],
      ]),
    ),
  ];
  const [sunX, sunY, r] = [x + w * draw.between(0.3, 0.7), y + h * (palette.isLow ? 0.58 : 0.26), w * 0.085];
  if (understanding.weather === 'clear')
    view.push(
      circle(
        sunX,
        sunY,
        r * 4,
        define.radial([
          [0, palette.glow, 0.8],
          [1, palette.glow, 0],
        ]),
      ),
      circle(sunX, sunY, r, palette.sun),
    );
  if (palette.isDark)
    for (let star = 0; star < 26; star++)
      view.push(
        circle(x + draw.next() * w, y + draw.next() * h * 0.6, draw.between(1, 2.6), '#ffffff', {
          opacity: 0.8,
        }),
      );
  else view.push(cumulus(stage, draw, x + w * 0.08, y + h * 0.32, w * 0.42, palette.cloud, 0.9));
  for (let layer = 0; layer < 3; layer++) {
    const ridge = rollingRidge(draw, w, h * (0.76 + layer * 0.12), h * 0.14, 3);
    const tone = mix(mix(palette.haze, growth.grass, 0.35 + layer * 0.3), palette.shade, layer * 0.08);
    view.push(
      `<g transform="translate(${Math.round(x)} ${Math.round(y)})">${path(ridgeShape(ridge, h + 10, true), tone)}${layer === 1 ? [0.2, 0.3, 0.75].map((at) => pine(at * w, ridge.at(at * w) + 4, h * 0.15, darken(growth.leaf, 0.15))).join('') : ''}</g>`,
    );
  }
  if (understanding.weather === 'rain' || understanding.weather === 'snow') {
    let d = '';
    for (let drop = 0; drop < 50; drop++)
      d +=
        understanding.weather === 'rain'
          ? p`M${x + draw.next() * w} ${y + draw.next() * h}l-6 26`
          : p`M${x + draw.next() * w} ${y + draw.next() * h}l0.5 0`;
    view.push(line(d, '#ffffff', understanding.weather === 'rain' ? 2.4 : 8, 0.65));
  }
  const shine = path(
    p`M${x + w * 0.08} ${y + h * 0.44}L${x + w * 0.4} ${y}L${x + w * 0.52} ${y}L${x + w * 0.08} ${y + h * 0.62}Z`,
    '#ffffff',
    { opacity: 0.14 },
  );
  const bars = rect(x + w / 2 - 6, y, 12, h, frame) + rect(x, y + h * 0.4, w, 11, frame);
  const sill =
    rect(x - 34, y + h + 14, w + 68, 22, darken(frame, 0.08), { radius: 5 }) +
    rect(x - 34, y + h + 12, w + 68, 9, frame, { radius: 4 });
  return `${rect(x - 18, y - 18, w + 36, h + 36, frame, { radius: 8 })}<g clip-path="${clip}">${view.join('')}${shine}</g>${bars}${sill}`;
}

export function curtains(x: number, y: number, w: number, h: number, cloth: string, horizon: number): string {
  const side = (edge: number, way: 1 | -1) => {
    const foot = Math.min(horizon - 34, y + h + 90);
    const X = (dx: number) => edge + dx * way;
    const body = path(
      p`M${X(-64)} ${y - 44}L${X(56)} ${y - 44}C${X(46)} ${y + h * 0.3} ${X(4)} ${y + h * 0.56} ${X(-22)} ${y + h * 0.62}C${X(6)} ${y + h * 0.8} ${X(2)} ${foot - 30} ${X(2)} ${foot}L${X(-72)} ${foot}Z`,
      cloth,
    );
    const folds = line(
      p`M${X(-36)} ${y - 36}Q${X(-38)} ${y + h * 0.4} ${X(-50)} ${foot - 6}M${X(-4)} ${y - 36}Q${X(-12)} ${y + h * 0.36} ${X(-36)} ${y + h * 0.58}M${X(28)} ${y - 36}Q${X(16)} ${y + h * 0.3} ${X(-26)} ${y + h * 0.56}`,
      darken(cloth, 0.22),
      4,
      0.5,
    );
    return (
      body +
      folds +
      rect(X(-46) - (way < 0 ? 44 : 0), y + h * 0.59, 44, 13, lighten(cloth, 0.3), { radius: 6 })
    );
  };
  return line(p`M${x - 92} ${y - 46}H${x + w + 92}`, '#7a5a44', 9) + side(x, 1) + side(x + w, -1);
}
