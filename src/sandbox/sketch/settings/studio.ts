import { darken, hsl, lighten } from '../colour.ts';
import { hueOf } from '../palette.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, p, path, rect } from '../svg.ts';

/** A photographer's backdrop: one colour bent from wall to floor, a plinth, a soft light. */
export function studioScene(stage: Stage): Setting {
  const { width, height, random, define, understanding, palette } = stage;
  const draw = random.fork('studio');
  const [tint] = understanding.tints;
  const hue = tint ? hueOf(tint) : draw.pick([12, 32, 46, 150, 172, 200, 225, 262, 330] as const);
  const isGrey = tint === 'white' || tint === 'grey' || tint === 'black' || understanding.style === 'ink';
  const dark = tint === 'black' || palette.isDark;
  const tone = (lightness: number, shift = 0) =>
    hsl(hue + shift, isGrey ? 5 : 46, dark ? lightness * 0.36 : lightness);
  const floorY = height * 0.76;
  const x = width / 2;
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear([
        [0, tone(76)],
        [0.6, tone(88)],
        [0.76, tone(91)],
        [0.8, tone(86)],
        [1, tone(74)],
      ]),
    ),
    circle(
      x,
      height * 0.4,
      560,
      define.radial([
        [0, '#ffffff', dark ? 0.2 : 0.7],
        [1, '#ffffff', 0],
      ]),
    ),
  ];
  const shape = draw.whole(0, 2);
  if (shape === 0)
    parts.push(
      path(
        p`M${x - 270} ${floorY}V${height * 0.42}A270 270 0 0 1 ${x + 270} ${height * 0.42}V${floorY}Z`,
        tone(80, 14),
        { opacity: 0.9 },
      ),
      path(
        p`M${x - 216} ${floorY}V${height * 0.44}A216 216 0 0 1 ${x + 216} ${height * 0.44}V${floorY}Z`,
        tone(86, 14),
      ),
    );
  else if (shape === 1)
    parts.push(
      circle(x + draw.between(-40, 40), height * 0.42, 300, tone(80, 20)),
      circle(x + draw.between(-30, 30), height * 0.42, 244, tone(86, 20), { opacity: 0.8 }),
    );
  else
    parts.push(
      rect(x - 330, height * 0.16, 300, floorY - height * 0.16, tone(80, 24), { radius: 150 }),
      rect(x + 40, height * 0.3, 250, floorY - height * 0.3, tone(82, -24), { radius: 125 }),
    );
  for (const side of [-1, 1])
    if (draw.chance(0.75))
      parts.push(
        ball(
          stage,
          x + side * draw.between(310, 390),
          height * 0.82,
          draw.between(34, 66),
          tone(draw.between(58, 70), side * 40),
        ),
      );
  const [rx, depth] = [Math.min(width * 0.34, 300), 72];
  const top = height * 0.815;
  parts.push(ellipse(x, top + depth + 26, rx * 1.16, 58, '#000000', { opacity: 0.12 }));
  parts.push(
    path(
      p`M${x - rx} ${top}V${top + depth}A${rx} 52 0 0 0 ${x + rx} ${top + depth}V${top}Z`,
      define.linear(
        [
          [0, tone(72)],
          [0.4, tone(84)],
          [1, tone(62)],
        ],
        90,
      ),
    ),
    ellipse(x, top, rx, 52, tone(93)),
  );
  return { behind: parts.join(''), before: '', ground: top + 14, horizon: floorY, hasShadows: true };
}

function ball({ define }: Stage, x: number, y: number, r: number, colour: string): string {
  return (
    ellipse(x + r * 0.2, y + r * 0.96, r * 1.1, r * 0.22, '#000000', { opacity: 0.14 }) +
    circle(
      x,
      y,
      r,
      define.radial(
        [
          [0, lighten(colour, 0.55)],
          [0.55, colour],
          [1, darken(colour, 0.28)],
        ],
        [0.36, 0.3, 0.8],
      ),
    )
  );
}
