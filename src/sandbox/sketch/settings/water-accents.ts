import { darken, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { pine } from './plants.ts';
import type { SkyPlan } from './sky.ts';
import { lens } from './surface.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Stage } from '../stage.ts';
import { line, p, path } from '../svg.ts';

export function drawAccent(
  stage: Stage,
  plan: SkyPlan,
  accent: 'none' | 'boat' | 'reeds' | 'islet' | 'branch' | 'shore',
  draw: Random,
): string {
  const { width } = stage;
  if (accent === 'none') return '';
  const side = plan.sunX > width / 2 ? -1 : 1;
  const x = plan.sunX + side * width * draw.between(0.22, 0.34);
  if (accent === 'boat')
    return boat(
      stage,
      x,
      plan.horizon + (stage.height - plan.horizon) * draw.between(0.1, 0.24),
      draw.between(70, 110),
      side,
    );
  if (accent === 'reeds') return reeds(stage, draw, side > 0 ? 0.86 : 0.12);
  if (accent === 'islet')
    return islet(stage, draw, x, plan.horizon + (stage.height - plan.horizon) * draw.between(0.12, 0.2));
  if (accent === 'branch') return branch(stage, draw, side);
  const ridge = rollingRidge(draw, width, stage.height + 10, 150, 1.1);
  return path(ridgeShape(ridge, stage.height + 20, true), stage.palette.shade);
}

/** A small sail, dark against the light, with its broken reflection. */
function boat({ palette }: Stage, x: number, y: number, size: number, side: number): string {
  const hull = mix(palette.shade, palette.sky[1], 0.08);
  const sail = palette.isLow
    ? mix(palette.shade, palette.sky[2], 0.22)
    : palette.isDark
      ? mix(palette.shade, '#ffffff', 0.35)
      : '#fff7ea';
  const s = size;
  const parts = [
    path(
      p`M${x - s * 0.42} ${y - s * 0.12}Q${x} ${y - s * 0.05} ${x + s * 0.46} ${y - s * 0.15}L${x + s * 0.3} ${y + s * 0.03}Q${x} ${y + s * 0.07} ${x - s * 0.28} ${y + s * 0.03}Z`,
      hull,
    ),
    line(p`M${x} ${y - s * 0.1}V${y - s * 1.12}`, hull, 2.6),
    path(
      p`M${x + side * s * 0.04} ${y - s * 1.1}Q${x + side * s * 0.4} ${y - s * 0.55} ${x + side * s * 0.42} ${y - s * 0.17}L${x + side * s * 0.04} ${y - s * 0.17}Z`,
      sail,
    ),
    path(
      p`M${x - side * s * 0.04} ${y - s * 0.98}Q${x - side * s * 0.24} ${y - s * 0.5} ${x - side * s * 0.3} ${y - s * 0.19}L${x - side * s * 0.04} ${y - s * 0.19}Z`,
      mix(sail, palette.sky[2], 0.3),
    ),
  ];
  let ripple = '';
  for (let row = 0; row < 7; row++)
    ripple += lens(
      x + Math.sin(row * 2.1) * s * 0.06,
      y + s * (0.1 + row * 0.12),
      s * (0.78 - row * 0.085),
      3.6,
    );
  return path(ripple, hull, { opacity: 0.42 }) + parts.join('');
}

export function reeds({ width, height, palette }: Stage, draw: Random, at: number): string {
  const x = width * at;
  let stems = '';
  let heads = '';
  let blades = '';
  for (let index = 0; index < 15; index++) {
    const [sx, h, lean] = [x + draw.between(-95, 95), draw.between(120, 320), draw.between(-42, 42)];
    stems += p`M${sx} ${height + 4}Q${sx + lean * 0.2} ${height - h * 0.5} ${sx + lean} ${height - h}`;
    const [tipX, tipY, tilt] = [sx + lean, height - h, lean / h];
    if (index % 2 === 0)
      heads += p`M${tipX - 4.5} ${tipY}a4.5 5 0 0 1 9 0l${-tilt * 44} 44a4.5 5 0 0 1 -9 0Z`;
    else
      blades += p`M${sx - 5} ${height + 4}Q${sx + lean * 0.4} ${height - h * 0.45} ${sx + lean * 2.4} ${height - h * 0.72}Q${sx + lean * 0.7 + 9} ${height - h * 0.4} ${sx + 6} ${height + 4}Z`;
  }
  return (
    path(blades, palette.shade, { opacity: 0.92 }) +
    line(stems, palette.shade, 2.6, 0.95) +
    path(heads, darken(palette.shade, 0.25))
  );
}

function islet({ palette }: Stage, draw: Random, x: number, y: number): string {
  const w = draw.between(80, 120);
  const ground = mix(palette.shade, palette.haze, 0.14);
  const parts = [
    path(
      p`M${x - w} ${y}Q${x - w * 0.7} ${y - 34} ${x - w * 0.2} ${y - 30}T${x + w * 0.6} ${y - 20}Q${x + w * 0.9} ${y - 14} ${x + w} ${y}Q${x} ${y + 9} ${x - w} ${y}Z`,
      ground,
    ),
  ];
  const trees = draw.whole(2, 4);
  for (let tree = 0; tree < trees; tree++)
    parts.push(
      pine(
        x - w * 0.5 + (tree * w) / trees + draw.between(-8, 8),
        y - 22,
        draw.between(74, 130),
        mix(palette.shade, palette.haze, 0.2),
      ),
    );
  let ripple = '';
  for (let row = 0; row < 6; row++)
    ripple += lens(x + Math.sin(row * 2.4) * 12, y + 10 + row * 12, w * (1.7 - row * 0.22), 4);
  return path(ripple, ground, { opacity: 0.42 }) + parts.join('');
}

/** A branch hanging into the picture from an upper corner. */
function branch({ width, palette }: Stage, draw: Random, side: number): string {
  const edge = side > 0 ? width : 0;
  const X = (dx: number) => edge - side * dx;
  const bark = darken(palette.shade, 0.1);
  const parts = [
    line(
      p`M${X(-20)} 60C${X(90)} 90 ${X(170)} 96 ${X(300)} 170M${X(120)} 96C${X(180)} 70 ${X(220)} 72 ${X(280)} 80M${X(190)} 112C${X(220)} 160 ${X(230)} 190 ${X(250)} 240`,
      bark,
      6.5,
    ),
  ];
  let leaves = '';
  for (let index = 0; index < 34; index++) {
    const t = draw.next();
    const [cx, cy] = [
      [60 + t * 240, 82 + t * t * 88],
      [120 + t * 160, 96 - t * 20],
      [190 + t * 60, 112 + t * 128],
    ][index % 3] as [number, number];
    const [lx, ly, r] = [X(cx + draw.between(-16, 16)), cy + draw.between(-20, 26), draw.between(9, 17)];
    const angle = draw.between(0, 6.28);
    const [dx, dy] = [Math.cos(angle) * r, Math.sin(angle) * r];
    leaves += p`M${lx - dx} ${ly - dy}Q${lx - dy * 0.6} ${ly + dx * 0.6} ${lx + dx} ${ly + dy}Q${lx + dy * 0.6} ${ly - dx * 0.6} ${lx - dx} ${ly - dy}Z`;
  }
  return parts.join('') + path(leaves, palette.shade, { opacity: 0.94 });
}
