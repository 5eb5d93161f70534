import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { circle, ellipse, line, p, path, rect } from '../svg.ts';

/** A conifer of overlapping boughs, its light side to the left. */
export function pine(x: number, foot: number, height: number, colour: string): string {
  const tiers = 4;
  const trunk = rect(
    x - height * 0.022,
    foot - height * 0.14,
    height * 0.044,
    height * 0.14,
    darken(colour, 0.45),
  );
  let whole = '';
  let lit = '';
  for (let tier = 0; tier < tiers; tier++) {
    const top = foot - height + tier * height * 0.19;
    const low = top + height * (0.27 + tier * 0.025);
    const half = height * (0.1 + tier * 0.05);
    whole += p`M${x} ${top}Q${x + half * 0.35} ${low - height * 0.1} ${x + half} ${low}Q${x} ${low + height * 0.035} ${x - half} ${low}Q${x - half * 0.35} ${low - height * 0.1} ${x} ${top}Z`;
    lit += p`M${x} ${top}Q${x - half * 0.35} ${low - height * 0.1} ${x - half} ${low}Q${x - half * 0.3} ${low + height * 0.01} ${x - half * 0.12} ${low - height * 0.02}Z`;
  }
  return trunk + path(whole, colour) + path(lit, lighten(colour, 0.12));
}

/** A conifer as one silhouette, for the far rows. */
export function pineShape(x: number, foot: number, height: number): string {
  const half = height * 0.17;
  return p`M${x} ${foot - height}L${x + half * 0.5} ${foot - height * 0.62}L${x + half * 0.32} ${foot - height * 0.62}L${x + half * 0.8} ${foot - height * 0.32}L${x + half * 0.55} ${foot - height * 0.32}L${x + half} ${foot}L${x - half} ${foot}L${x - half * 0.55} ${foot - height * 0.32}L${x - half * 0.8} ${foot - height * 0.32}L${x - half * 0.32} ${foot - height * 0.62}L${x - half * 0.5} ${foot - height * 0.62}Z`;
}

/** A broad tree: a trunk that forks, and a crown of leaves in three lights. */
export function broadleaf(
  random: Random,
  x: number,
  foot: number,
  height: number,
  leaf: string,
  bark: string,
): string {
  const w = height * 0.06;
  const fork = foot - height * 0.42;
  const trunk = path(
    p`M${x - w} ${foot}Q${x - w * 0.4} ${fork + height * 0.12} ${x - w * 0.6} ${fork}L${x - height * 0.16} ${fork - height * 0.16}L${x - height * 0.13} ${fork - height * 0.18}L${x} ${fork - height * 0.06}L${x + height * 0.14} ${fork - height * 0.2}L${x + height * 0.17} ${fork - height * 0.17}L${x + w * 0.7} ${fork}Q${x + w * 0.5} ${fork + height * 0.12} ${x + w * 1.1} ${foot}Z`,
    bark,
  );
  const crown = [
    [-0.24, 0.56, 0.18],
    [0.25, 0.56, 0.18],
    [0, 0.6, 0.23],
    [-0.16, 0.74, 0.18],
    [0.17, 0.75, 0.18],
    [0, 0.85, 0.16],
  ] as const;
  const blobs = crown.map(
    ([dx, dy, r]) => [x + dx * height, foot - dy * height, r * height * random.between(0.92, 1.08)] as const,
  );
  const dark = blobs.map(([bx, by, r]) => circle(bx, by + r * 0.1, r, darken(leaf, 0.2))).join('');
  const body = blobs.map(([bx, by, r]) => circle(bx - r * 0.06, by - r * 0.08, r * 0.9, leaf)).join('');
  const lights = blobs
    .map(([bx, by, r]) => circle(bx - r * 0.2, by - r * 0.26, r * 0.6, lighten(leaf, 0.14), { opacity: 0.4 }))
    .join('');
  return trunk + dark + body + lights;
}

/** A tree in blossom: a crooked trunk under clouds of petals. */
export function blossomTree(
  random: Random,
  x: number,
  foot: number,
  height: number,
  petal: string,
  bark: string,
): string {
  const h = height;
  const lean = random.chance(0.5) ? 1 : -1;
  const X = (dx: number) => x + dx * h * lean;
  const limb = (d: string, width: number) => line(d, bark, width);
  const trunk =
    limb(
      p`M${x} ${foot}C${X(-0.05)} ${foot - h * 0.2} ${X(0.08)} ${foot - h * 0.3} ${X(0.02)} ${foot - h * 0.5}`,
      h * 0.065,
    ) +
    limb(
      p`M${X(0.03)} ${foot - h * 0.36}Q${X(0.16)} ${foot - h * 0.46} ${X(0.28)} ${foot - h * 0.6}`,
      h * 0.034,
    ) +
    limb(
      p`M${X(0.02)} ${foot - h * 0.42}Q${X(-0.12)} ${foot - h * 0.5} ${X(-0.26)} ${foot - h * 0.62}`,
      h * 0.034,
    ) +
    limb(
      p`M${X(0.02)} ${foot - h * 0.48}Q${X(0.04)} ${foot - h * 0.62} ${X(0)} ${foot - h * 0.78}`,
      h * 0.03,
    );
  const clouds = [
    [-0.3, 0.6, 0.16],
    [0.31, 0.6, 0.16],
    [-0.12, 0.66, 0.17],
    [0.12, 0.68, 0.18],
    [-0.24, 0.76, 0.15],
    [0.22, 0.79, 0.15],
    [0, 0.84, 0.17],
  ] as const;
  const parts = clouds.map(([dx, dy, r]) => {
    const [cx, cy, cr] = [X(dx), foot - dy * h, r * h * random.between(0.9, 1.1)];
    return (
      circle(cx, cy + cr * 0.12, cr, darken(petal, 0.13)) +
      circle(cx - cr * 0.05, cy - cr * 0.05, cr * 0.9, petal)
    );
  });
  let flecks = '';
  const fleck = h * 0.017;
  for (let index = 0; index < 46; index++) {
    const [dx, dy, r] = random.pick(clouds);
    const [angle, reach] = [random.between(0, 6.28), random.between(0.1, 0.95) * r * h];
    flecks += p`M${X(dx) + Math.cos(angle) * reach - fleck} ${foot - dy * h + Math.sin(angle) * reach}a${fleck} ${fleck * 0.8} 0 1 0 ${fleck * 2} 0a${fleck} ${fleck * 0.8} 0 1 0 ${fleck * -2} 0`;
  }
  return trunk + parts.join('') + path(flecks, lighten(petal, 0.55), { opacity: 0.85 });
}

export function bush(random: Random, x: number, foot: number, size: number, colour: string): string {
  const blobs = [
    [-0.5, 0.3, 0.34],
    [0.48, 0.3, 0.34],
    [-0.12, 0.46, 0.42],
    [0.22, 0.42, 0.36],
  ] as const;
  const base = blobs.map(([dx, dy, r]) => circle(x + dx * size, foot - dy * size, r * size, colour)).join('');
  const light = blobs
    .map(([dx, dy, r]) =>
      circle(
        x + dx * size - r * size * 0.25,
        foot - dy * size - r * size * 0.3,
        r * size * 0.45,
        lighten(colour, 0.14),
        { opacity: 0.75 },
      ),
    )
    .join('');
  const fruit = random.chance(0.25)
    ? blobs.map(([dx, dy]) => circle(x + dx * size * 0.8, foot - dy * size, size * 0.05, '#f2606a')).join('')
    : '';
  return (
    ellipse(x, foot, size * 0.8, size * 0.08, darken(colour, 0.4), { opacity: 0.4 }) + base + light + fruit
  );
}

/** Blades of grass as one path. */
export function grass(
  random: Random,
  width: number,
  top: number,
  bottom: number,
  count: number,
  colour: string,
  opacity = 0.8,
): string {
  let d = '';
  for (let index = 0; index < count; index++) {
    const depth = random.next();
    const [x, y, h] = [random.next() * width, top + (bottom - top) * depth, 14 + depth * 26];
    const lean = random.between(-8, 8);
    d += p`M${x} ${y}Q${x + lean * 0.2} ${y - h * 0.6} ${x + lean} ${y - h}Q${x + lean * 0.5 + 3} ${y - h * 0.5} ${x + 4} ${y}Z`;
    d += p`M${x + 5} ${y}Q${x + 8 - lean * 0.3} ${y - h * 0.4} ${x + 12 - lean * 0.6} ${y - h * 0.7}Q${x + 10} ${y - h * 0.3} ${x + 9} ${y}Z`;
  }
  return path(d, colour, { opacity });
}

const petals = ['#ffffff', '#ffd95e', '#ff9db3', '#c8a8ff', '#ff7d6b'] as const;

/** Flowers strewn over a meadow, small at the back; one path a colour. */
export function meadowFlowers(
  random: Random,
  width: number,
  top: number,
  bottom: number,
  count: number,
  dim = 0,
): string {
  const byColour = petals.map(() => '');
  let hearts = '';
  for (let index = 0; index < count; index++) {
    const depth = random.next() ** 0.8;
    const [x, y, r] = [random.next() * width, top + (bottom - top) * depth, 2.6 + depth * 5.4];
    const which = random.whole(0, petals.length - 1);
    for (let petal = 0; petal < 5; petal++) {
      const angle = (petal / 5) * Math.PI * 2 + index;
      byColour[which] +=
        p`M${x + Math.cos(angle) * r - r * 0.62} ${y + Math.sin(angle) * r * 0.8}a${r * 0.62} ${r * 0.56} 0 1 0 ${r * 1.24} 0a${r * 0.62} ${r * 0.56} 0 1 0 ${-r * 1.24} 0`;
    }
    hearts += p`M${x - r * 0.45} ${y}a${r * 0.45} ${r * 0.4} 0 1 0 ${r * 0.9} 0a${r * 0.45} ${r * 0.4} 0 1 0 ${-r * 0.9} 0`;
  }
  return (
    byColour.map((d, index) => (d ? path(d, mix(petals[index] ?? '#ffffff', '#1a2348', dim)) : '')).join('') +
    path(hearts, mix('#ffb938', '#1a2348', dim))
  );
}

/** Bamboo: jointed stems, leaves in fans. */
export function bambooStem(
  random: Random,
  x: number,
  foot: number,
  height: number,
  width: number,
  colour: string,
): string {
  const lean = random.between(-0.05, 0.05) * height;
  const joints = Math.max(4, Math.round(height / (width * 6.5)));
  const at = (share: number) => [x + lean * share * share, foot - height * share] as const;
  const parts: string[] = [];
  for (let joint = 0; joint < joints; joint++) {
    const [x0, y0] = at(joint / joints);
    const [x1, y1] = at((joint + 1) / joints);
    const w = (width / 2) * (1 - 0.35 * (joint / joints));
    parts.push(
      path(
        p`M${x0 - w} ${y0}Q${x0 - w * 0.75} ${(y0 + y1) / 2} ${x1 - w} ${y1 + w * 0.2}L${x1 + w} ${y1 + w * 0.2}Q${x0 + w * 0.75} ${(y0 + y1) / 2} ${x0 + w} ${y0}Z`,
        colour,
      ),
    );
    parts.push(
      path(
        p`M${x0 - w * 0.55} ${y0}L${x1 - w * 0.5} ${y1 + w * 0.2}L${x1 - w * 0.1} ${y1 + w * 0.2}L${x0 - w * 0.1} ${y0}Z`,
        lighten(colour, 0.22),
        { opacity: 0.7 },
      ),
    );
    parts.push(rect(x1 - w * 1.15, y1, w * 2.3, w * 0.3, darken(colour, 0.22), { radius: w * 0.1 }));
    if (joint > joints * 0.35 && random.chance(0.6))
      parts.push(
        bambooLeaves(
          random,
          x1,
          y1,
          width * random.between(2.6, 4.4),
          random.chance(0.5) ? 1 : -1,
          mix(colour, '#3fae4a', 0.4),
        ),
      );
  }
  return parts.join('');
}

function bambooLeaves(
  random: Random,
  x: number,
  y: number,
  length: number,
  side: number,
  colour: string,
): string {
  let d = '';
  for (let leaf = 0; leaf < 4; leaf++) {
    const angle = random.between(-0.5, 0.9);
    const [dx, dy] = [Math.cos(angle) * length * side, Math.sin(angle) * length];
    d += p`M${x} ${y}Q${x + dx * 0.5 - dy * 0.12} ${y + dy * 0.5 - Math.abs(dx) * 0.12} ${x + dx} ${y + dy}Q${x + dx * 0.5 + dy * 0.12} ${y + dy * 0.5 + Math.abs(dx) * 0.1} ${x} ${y}Z`;
  }
  return path(d, colour);
}
