import { lighten, mix } from '../colour.ts';
import { drawClouds } from './clouds.ts';
import { drawAurora, drawFireworks, drawLightning, drawRainbow, drawStars } from './sky-lights.ts';
import type { Stage } from '../stage.ts';
import { circle, ellipse, line, number, p, path, rect } from '../svg.ts';

export interface SkyPlan {
  readonly horizon: number;
  /** Where the sun or moon stands; scenes with water mirror it. */
  readonly sunX: number;
  readonly sunY: number;
  readonly sunRadius: number;
}

/** Chooses where the light comes from. A low sun sits on the horizon, half of it still below. */
export function planSky({ width, height, palette, random, understanding }: Stage, horizon: number): SkyPlan {
  const draw = random.fork('sun');
  const sunX =
    width *
    (draw.chance(0.3)
      ? draw.between(0.44, 0.56)
      : draw.chance(0.5)
        ? draw.between(0.2, 0.4)
        : draw.between(0.6, 0.8));
  if (palette.isLow) {
    const sunRadius = draw.between(78, 118) * (understanding.isMinimal ? 1.2 : 1);
    return { horizon, sunX, sunY: horizon - sunRadius * draw.between(0.1, 1.15), sunRadius };
  }
  const sunRadius = palette.isDark ? draw.between(52, 78) : draw.between(44, 60);
  return { horizon, sunX, sunY: Math.min(horizon * 0.45, height * draw.between(0.14, 0.26)), sunRadius };
}

/** The whole sky: gradient, sun or moon, and what hangs in it. */
export function drawSky(stage: Stage, plan: SkyPlan): string {
  const { width, palette, understanding, define, random } = stage;
  const { accents, weather, isMinimal, style } = understanding;
  const isCovered = weather === 'rain' || weather === 'storm' || weather === 'cloudy' || weather === 'fog';
  const [top, upper, lower, bottom] = palette.sky;
  const depth = plan.horizon + (palette.isLow ? 20 : 90);
  const parts = [
    rect(0, 0, width, stage.height, bottom),
    rect(
      0,
      0,
      width,
      depth,
      define.linear([
        [0, top],
        [0.38, upper],
        [0.74, lower],
        [1, bottom],
      ]),
    ),
  ];
  if (palette.isDark && !isCovered) parts.push(drawStars(stage, plan.horizon, accents.includes('stars')));
  if (accents.includes('aurora')) parts.push(drawAurora(stage, plan.horizon));
  const showsLight =
    !isCovered || accents.includes('sun') || accents.includes('moon') || (weather === 'fog' && palette.isLow);
  if (showsLight && style !== 'neon' && !accents.includes('fireworks'))
    parts.push(palette.isDark ? drawMoon(stage, plan) : drawSun(stage, plan));
  if (style === 'neon') parts.push(drawNeonSun(stage, plan));
  if (accents.includes('rainbow')) parts.push(drawRainbow(stage, plan));
  if (accents.includes('fireworks')) parts.push(drawFireworks(stage, plan.horizon));
  if (style !== 'neon' && !accents.includes('aurora')) parts.push(drawClouds(stage, plan, isCovered));
  if (weather === 'storm') parts.push(drawLightning(stage, plan.horizon));
  const birds = random.fork('birds');
  if (accents.includes('birds') || (!palette.isDark && !isCovered && birds.chance(isMinimal ? 0.5 : 0.4)))
    parts.push(drawBirds(stage, plan));
  return parts.join('');
}

function drawSun(
  { palette, define, width, height, understanding }: Stage,
  { sunX, sunY, sunRadius }: SkyPlan,
): string {
  if (understanding.style === 'ink')
    return circle(sunX, Math.min(sunY, height * 0.26), sunRadius * 0.62, palette.sun, { opacity: 0.9 });
  const spread = palette.isLow ? 5.6 : 5;
  const glow = define.radial([
    [0, palette.glow, 0.85],
    [0.2, palette.glow, 0.55],
    [0.5, palette.glow, 0.18],
    [1, palette.glow, 0],
  ]);
  const parts = [circle(sunX, sunY, sunRadius * spread, glow)];
  if (palette.isLow) {
    // A long low band of light along the horizon is what a sunrise is remembered by.
    parts.push(
      ellipse(
        sunX,
        sunY + sunRadius * 0.3,
        Math.max(width * 0.62, sunRadius * 6),
        sunRadius * 1.5,
        define.radial([
          [0, palette.sun, 0.5],
          [0.5, palette.glow, 0.2],
          [1, palette.glow, 0],
        ]),
      ),
    );
    parts.push(circle(sunX, sunY, sunRadius * 1.3, palette.sun, { opacity: 0.15 }));
  } else parts.push(circle(sunX, sunY, sunRadius * 1.5, '#ffffff', { opacity: 0.2 }));
  parts.push(
    circle(
      sunX,
      sunY,
      sunRadius,
      define.linear([
        [0, lighten(palette.sun, 0.5)],
        [1, palette.isLow ? mix(palette.sun, palette.glow, 0.55) : palette.sun],
      ]),
    ),
  );
  return parts.join('');
}

function drawMoon(
  { palette, define, random, understanding }: Stage,
  { sunX, sunY, sunRadius }: SkyPlan,
): string {
  const draw = random.fork('moon');
  const r = sunRadius;
  const glow = define.radial([
    [0, palette.glow, 0.55],
    [0.3, palette.glow, 0.2],
    [1, palette.glow, 0],
  ]);
  const parts = [circle(sunX, sunY, r * 4.6, glow)];
  if (draw.chance(0.35) && !understanding.accents.includes('moon')) {
    const tilt = draw.between(-30, 30);
    parts.push(
      path(
        p`M${sunX} ${sunY - r}A${r} ${r} 0 1 1 ${sunX} ${sunY + r}A${r * 1.35} ${r * 1.35} 0 0 0 ${sunX} ${sunY - r}Z`,
        palette.sun,
        { transform: `rotate(${number(tilt)} ${number(sunX)} ${number(sunY)})` },
      ),
    );
    return parts.join('');
  }
  parts.push(
    circle(
      sunX,
      sunY,
      r,
      define.radial(
        [
          [0, '#fffdf0'],
          [0.7, palette.sun],
          [1, mix(palette.sun, palette.sky[1], 0.25)],
        ],
        [0.4, 0.38, 0.7],
      ),
    ),
  );
  const craters = [
    [-0.35, -0.2, 0.2],
    [0.3, 0.25, 0.26],
    [0.05, -0.5, 0.13],
    [-0.2, 0.45, 0.15],
    [0.5, -0.25, 0.1],
  ] as const;
  for (const [dx, dy, size] of craters)
    parts.push(circle(sunX + dx * r, sunY + dy * r, size * r, palette.sky[1], { opacity: 0.13 }));
  return parts.join('');
}

/** The striped sun of the eighties. */
function drawNeonSun({ define, palette }: Stage, { sunX, horizon }: SkyPlan): string {
  const r = 210;
  const y = horizon * 0.46;
  const parts = [
    circle(
      sunX,
      y,
      r * 2.1,
      define.radial([
        [0, '#ff6bb0', 0.5],
        [0.5, '#b03fd0', 0.22],
        [1, '#7a1e9d', 0],
      ]),
    ),
    circle(
      sunX,
      y,
      r,
      define.linear([
        [0, '#ffe66b'],
        [0.5, '#ff7a8a'],
        [1, '#ff2fa0'],
      ]),
    ),
  ];
  for (let band = 0; band < 6; band++) {
    const top = y + r * (0.02 + band * 0.17);
    parts.push(rect(sunX - r, top, r * 2, 5 + band * 4.5, palette.sky[1]));
  }
  return parts.join('');
}

function drawBirds({ width, palette, random, understanding }: Stage, { horizon, sunX }: SkyPlan): string {
  const draw = random.fork('flock');
  const [x, y] = [
    sunX + width * draw.between(0.15, 0.4) * (sunX > width / 2 ? -1 : 1),
    horizon * draw.between(0.28, 0.55),
  ];
  const count = understanding.accents.includes('birds') ? 9 : draw.whole(3, 5);
  let d = '';
  for (let index = 0; index < count; index++) {
    const s = draw.between(8, 15);
    const [bx, by] = [x + draw.between(-100, 100), y + draw.between(-48, 48)];
    d += p`M${bx - s} ${by - s * 0.32}Q${bx - s * 0.45} ${by - s * 0.62} ${bx} ${by}Q${bx + s * 0.45} ${by - s * 0.62} ${bx + s} ${by - s * 0.32}`;
  }
  return line(d, mix(palette.shade, palette.sky[1], 0.15), 3, 0.85);
}
