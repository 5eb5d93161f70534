import { darken, hsl, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, line, p, path, rect } from '../svg.ts';
import { broadleaf, pine } from './plants.ts';
import { type SkyPlan, drawSky, planSky } from './sky.ts';
import { farHills } from './terrain.ts';
import { lens } from './surface.ts';

/** A city: a street to stand in when there is somebody, else its skyline over a river. */
export function cityScene(stage: Stage): Setting {
  const { height, random, understanding } = stage;
  const draw = random.fork('city');
  const isStreet =
    stage.hasEasel ||
    understanding.figures.some((figure) => figure.name !== 'bridge') ||
    understanding.weather === 'rain' ||
    (understanding.style === 'neon' && draw.chance(0.6));
  const horizon = height * (isStreet ? 0.74 : draw.between(0.6, 0.66));
  const plan = planSky(stage, horizon - (stage.palette.isLow ? height * 0.06 : 0));
  const parts = [drawSky(stage, plan), farHills(stage, horizon, { layers: 1, height: 130, random: draw })];
  const tall = isStreet ? 430 : 400;
  for (let row = 0; row < 3; row++) parts.push(blocks(stage, draw, horizon + 6, tall - row * 90, row));
  if (isStreet) return street(stage, draw, plan, parts);
  parts.push(river(stage, draw, plan));
  return {
    behind: parts.join(''),
    before: '',
    ground: height * 0.9,
    horizon,
    waterline: horizon + 60,
    hasShadows: false,
  };
}

const isLit = ({ palette, understanding }: Stage) =>
  palette.isDark || palette.isLow || understanding.weather === 'rain' || understanding.weather === 'storm';

/** One row of buildings, paler the farther away; their windows are one path a light. */
function blocks(stage: Stage, draw: Random, base: number, tall: number, row: number): string {
  const { width, palette, define, understanding } = stage;
  const near = [0.24, 0.55, 0.86][row] ?? 0.5;
  const parts: string[] = [];
  let lit = '';
  let unlit = '';
  const tones =
    palette.isDark || palette.isLow
      ? ['#4a4f86', '#5b4a86', '#3f5a86']
      : ['#e8b48f', '#f0cf9c', '#c9d6df', '#e79c86', '#b8d0c8', '#d9c4d8'];
  for (let x = -30; x < width + 30;) {
    const w = draw.between(66, 140) * (row === 0 ? 0.8 : 1);
    const h = tall * draw.between(0.42, 1) * (draw.chance(0.12) ? 1.22 : 1);
    const tone = mix(
      draw.pick(tones as [string, ...string[]]),
      palette.shade,
      palette.isDark ? 0.62 : palette.isLow ? 0.4 : 0.12,
    );
    const colour = mix(palette.haze, tone, near);
    const top = base - h;
    parts.push(
      rect(
        x,
        top,
        w,
        h + 10,
        define.linear([
          [0, colour],
          [1, mix(colour, palette.haze, 0.45)],
        ]),
      ),
    );
    parts.push(rect(x, top, w * 0.16, h, lighten(colour, 0.2), { opacity: 0.25 }));
    parts.push(roof(draw, x, top, w, colour));
    if (row > 0) {
      const [columns, rows] = [Math.max(2, Math.round(w / 30)), Math.max(2, Math.round(h / 40))];
      for (let column = 0; column < columns; column++)
        for (let level = 0; level < rows; level++) {
          const d = p`M${x + (w * (column + 0.5)) / columns - 6} ${top + 18 + ((h - 20) * level) / rows}h12v17h-12z`;
          if (draw.chance(isLit(stage) ? 0.46 : 0.14)) lit += d;
          else if (draw.chance(0.8)) unlit += d;
        }
    }
    x += w + draw.between(-4, 10);
  }
  const light =
    understanding.style === 'neon'
      ? draw.pick(['#62f0ff', '#ff7ad9', '#ffe36e'] as const)
      : isLit(stage)
        ? '#ffdd92'
        : '#fdf6dc';
  parts.push(
    path(
      unlit,
      isLit(stage) ? darken(mix(palette.haze, palette.shade, near), 0.22) : mix('#8fb3cf', palette.haze, 0.4),
      { opacity: 0.55 },
    ),
    path(lit, light, { opacity: 0.9 }),
  );
  return parts.join('');
}

function roof(draw: Random, x: number, top: number, w: number, colour: string): string {
  const kind = draw.whole(0, 6);
  if (kind === 0)
    return path(p`M${x} ${top + 1}L${x + w / 2} ${top - w * 0.42}L${x + w} ${top + 1}Z`, darken(colour, 0.1));
  if (kind === 1)
    return (
      rect(x + w * 0.2, top - 26, w * 0.6, 28, colour) +
      line(p`M${x + w / 2} ${top - 26}V${top - 84}`, colour, 4)
    );
  if (kind === 2) return rect(x + w * 0.58, top - 24, w * 0.26, 26, darken(colour, 0.08));
  if (kind === 3)
    return path(p`M${x} ${top + 1}Q${x + w / 2} ${top - w * 0.55} ${x + w} ${top + 1}Z`, colour);
  if (kind === 4) return path(p`M${x} ${top + 1}L${x} ${top - w * 0.32}L${x + w} ${top + 1}Z`, colour);
  return '';
}

/** Pavement, road and lamps; wet ones hold the lights. */
function street(stage: Stage, draw: Random, plan: SkyPlan, parts: string[]): Setting {
  const { width, height, palette, define, understanding } = stage;
  const { horizon } = plan;
  const isWet =
    understanding.weather === 'rain' || understanding.weather === 'storm' || understanding.style === 'neon';
  if (understanding.style === 'neon') parts.push(neonSigns(stage, draw, horizon));
  const stone = palette.isDark
    ? mix('#3a4166', palette.sky[0], 0.3)
    : mix('#d5cfc8', palette.haze, palette.isLow ? 0.45 : 0.1);
  const road = palette.isDark
    ? mix('#22263f', palette.sky[0], 0.3)
    : mix('#8b8e9c', palette.haze, palette.isLow ? 0.4 : 0.12);
  const kerb = height * 0.815;
  parts.push(
    rect(
      0,
      horizon,
      width,
      kerb - horizon,
      define.linear([
        [0, mix(stone, palette.haze, 0.3)],
        [1, stone],
      ]),
    ),
  );
  let seams = '';
  for (let x = -200; x < width + 200; x += 90)
    seams += p`M${width / 2 + (x - width / 2) * 0.9} ${horizon}L${width / 2 + (x - width / 2) * 1.06} ${kerb}`;
  parts.push(
    line(seams, darken(stone, 0.25), 2, 0.35),
    rect(0, kerb - 4, width, 14, lighten(stone, 0.25)),
    rect(
      0,
      kerb + 10,
      width,
      height - kerb,
      define.linear([
        [0, road],
        [1, darken(road, 0.3)],
      ]),
    ),
  );
  if (isWet) {
    const lights =
      understanding.style === 'neon'
        ? ['#27e6ff', '#ff4fb0', '#ffe36e', '#a06bff']
        : ['#ffd68a', '#ffb36b', '#fff1c9', mix(palette.sky[2], '#ffffff', 0.35)];
    for (let index = 0; index < 16; index++) {
      const [x, w] = [draw.next() * width, draw.between(16, 46)];
      const colour = draw.pick(lights as [string, ...string[]]);
      parts.push(
        rect(
          x,
          kerb + 10,
          w,
          height - kerb,
          define.linear([
            [0, colour, 0.5],
            [0.7, colour, 0.12],
            [1, colour, 0],
          ]),
        ),
      );
    }
    let puddles = '';
    for (let index = 0; index < 26; index++)
      puddles += lens(
        draw.next() * width,
        height * draw.between(0.84, 0.99),
        draw.between(60, 240),
        draw.between(3, 9),
      );
    parts.push(path(puddles, mix(palette.sky[2], '#ffffff', 0.35), { opacity: 0.26 }));
  } else {
    let dashes = '';
    for (let x = -40; x < width + 100; x += 190) dashes += p`M${x} ${height * 0.93}h100l-8 9h-100z`;
    parts.push(path(dashes, '#ffffff', { opacity: palette.isDark ? 0.3 : 0.6 }));
  }
  const trees =
    understanding.season === 'autumn'
      ? '#e5893a'
      : understanding.season === 'spring' || understanding.accents.includes('petals')
        ? '#f7b3c8'
        : '#5aa457';
  const tone = palette.isDark
    ? mix(trees, palette.sky[0], 0.62)
    : palette.isLow
      ? mix(trees, palette.haze, 0.4)
      : trees;
  const lamps: string[] = [];
  const spacing = Math.max(300, width / 3.4);
  for (let x = draw.between(40, 110); x < width; x += spacing) {
    lamps.push(streetLamp(stage, x, kerb, 330));
    if (understanding.style !== 'neon')
      lamps.push(
        understanding.weather === 'snow'
          ? pine(x + spacing * 0.5, kerb - 8, 220, tone)
          : broadleaf(draw, x + spacing * 0.5, kerb - 8, draw.between(190, 240), tone, '#5a4338'),
      );
  }
  parts.push(lamps.join(''));
  return { behind: parts.join(''), before: '', ground: height * 0.9, horizon, hasShadows: true };
}

function streetLamp(stage: Stage, x: number, foot: number, height: number): string {
  const { define, palette } = stage;
  const iron = palette.isDark ? '#1c2038' : '#39405c';
  const top = foot - height;
  const glow = isLit(stage)
    ? circle(
        x,
        top + 4,
        height * 0.42,
        define.radial([
          [0, '#ffe2a0', 0.75],
          [0.3, '#ffd37e', 0.28],
          [1, '#ffd37e', 0],
        ]),
      )
    : '';
  return (
    glow +
    line(p`M${x} ${foot}V${top + 28}`, iron, 9) +
    rect(x - 15, foot - 14, 30, 16, iron, { radius: 3 }) +
    path(
      p`M${x - 17} ${top + 30}L${x - 23} ${top - 12}L${x + 23} ${top - 12}L${x + 17} ${top + 30}Z`,
      isLit(stage) ? '#fff0c0' : '#eef4f8',
    ) +
    path(p`M${x - 29} ${top - 11}L${x} ${top - 36}L${x + 29} ${top - 11}Z`, iron) +
    rect(x - 20, top + 28, 40, 6, iron, { radius: 3 })
  );
}

function neonSigns({ width, define }: Stage, draw: Random, horizon: number): string {
  const parts: string[] = [];
  for (let index = 0; index < 7 + Math.floor(width / 400); index++) {
    const colour = hsl(draw.pick([186, 320, 275, 48, 150, 350] as const), 100, 62);
    const [x, w, h] = [draw.between(0.02, 0.94) * width, draw.between(34, 64), draw.between(90, 210)];
    const y = horizon - draw.between(90, 240) - h * 0.6;
    parts.push(
      rect(
        x - w,
        y - w,
        w * 3,
        h + w * 2,
        define.radial([
          [0, colour, 0.42],
          [1, colour, 0],
        ]),
      ),
    );
    parts.push(rect(x, y, w, h, '#120a2a', { radius: 7, stroke: colour, strokeWidth: 4 }));
    const strokes = Math.max(2, Math.floor(h / 44));
    let d = '';
    // Marks that look like writing from afar, and are none.
    for (let mark = 0; mark < strokes; mark++) {
      const [mx, my, s] = [x + w / 2, y + (h * (mark + 0.5)) / strokes, w * 0.26];
      d += draw.chance(0.5)
        ? p`M${mx - s} ${my - s}h${s * 2}M${mx} ${my - s}v${s * 2}M${mx - s} ${my + s * 0.6}h${s * 2}`
        : p`M${mx - s} ${my - s}v${s * 2}h${s * 2}v${-2 * s}M${mx - s} ${my}h${s * 2}`;
    }
    parts.push(line(d, lighten(colour, 0.35), 4.5));
  }
  return parts.join('');
}

function river(stage: Stage, draw: Random, { horizon, sunX }: SkyPlan): string {
  const { width, height, palette, define, understanding } = stage;
  const [top, upper, lower] = palette.sky;
  const far = mix(lower, palette.haze, 0.4);
  const parts = [
    rect(0, horizon + 4, width, 20, mix(palette.shade, palette.haze, 0.25)),
    rect(
      0,
      horizon + 22,
      width,
      height - horizon,
      define.linear([
        [0, far],
        [0.5, mix(upper, top, 0.5)],
        [1, mix(top, palette.shade, 0.35)],
      ]),
    ),
  ];
  const warm =
    understanding.style === 'neon'
      ? ['#27e6ff', '#ff4fb0', '#ffe36e']
      : ['#ffdd92', '#ffc27a', mix(palette.cloud, palette.sky[2], 0.2)];
  const bands = warm.map(() => '');
  for (let index = 0; index < 40; index++) {
    const [x, w] = [draw.next() * width, draw.between(14, 60)];
    for (let row = 0; row < 9; row++)
      bands[index % warm.length] += lens(
        x + draw.between(-10, 10),
        horizon + 34 + row * draw.between(14, 24),
        w * draw.between(0.6, 1.5),
        3 + row * 0.5,
      );
  }
  parts.push(
    ...bands.map((d, index) => path(d, warm[index] ?? '#ffdd92', { opacity: isLit(stage) ? 0.42 : 0.2 })),
  );
  let light = '';
  for (let row = 0; row < 24; row++)
    light += lens(
      sunX + draw.between(-30, 30),
      horizon + 34 + row * ((height - horizon - 40) / 24),
      draw.between(60, 170),
      3 + row * 0.28,
    );
  if (understanding.weather === 'clear')
    parts.push(path(light, palette.sun, { opacity: palette.isDark ? 0.4 : 0.6 }));
  parts.push(
    ellipse(
      width / 2,
      horizon + 24,
      width * 0.7,
      26,
      define.radial([
        [0, lighten(palette.haze, 0.4), 0.5],
        [1, palette.haze, 0],
      ]),
    ),
  );
  return parts.join('');
}
