import { darken, lighten, mix } from '../colour.ts';
import { circle, group, line, p, path, rect } from '../svg.ts';
import { type DrawFigure, figure, isLit } from './own-figure.ts';

// The Eiffel tower's profile: from a needle at the top to four feet; below a third of the height it is hollow.
const outer = (t: number) => 0.7 + 3.6 * t + 24 * t ** 3.1;
const inner = (t: number) => Math.max(0, outer(t) - 2.6 - 7.4 * t);

// An awning is wider at its hem.
const flared = (x: number) => 62 + (x - 62) * 1.07;

/** Houses and towers, seen from the front. */
export const buildings: Record<string, DrawFigure> = {
  'eiffel-tower': (context) => {
    const { palette } = context.stage;
    const iron = context.colour
      ? context.paint('#b5714a')
      : palette.isLow
        ? mix('#5a4038', palette.shade, 0.45)
        : palette.isDark
          ? mix('#c79a6a', palette.sky[1], 0.42)
          : '#8a6a58';
    const dark = darken(iron, 0.28);
    const steps = Array.from({ length: 17 }, (_, index) => index / 16);
    const low = steps.map((t) => 0.36 + t * 0.64);
    const leg = (side: 1 | -1) =>
      path(
        `${low.map((t, index) => (index ? 'L' : 'M') + p`${30 + side * outer(t)} ${t * 100}`).join('')}${[
          ...low,
        ]
          .reverse()
          .map((t) => p`L${30 + side * inner(t)} ${t * 100}`)
          .join('')}Z`,
        iron,
      );
    const needle = path(
      `${steps.map((t, index) => (index ? 'L' : 'M') + p`${30 + outer(t * 0.42)} ${t * 42}`).join('')}${[
        ...steps,
      ]
        .reverse()
        .map((t) => p`L${30 - outer(t * 0.42)} ${t * 42}`)
        .join('')}Z`,
      iron,
    );
    let lattice = '';
    for (let t = 0.08; t < 0.97; t += 0.034 + t * 0.03) {
      const next = Math.min(1, t + 0.034 + t * 0.03);
      for (const side of [-1, 1]) {
        const [a, b] =
          t < 0.4 ? [side * outer(t), -side * outer(next)] : [side * outer(t), side * inner(next)];
        const [c, d] =
          t < 0.4 ? [side * outer(next), -side * outer(t)] : [side * inner(t), side * outer(next)];
        lattice += p`M${30 + a} ${t * 100}L${30 + b} ${next * 100}M${30 + c} ${t < 0.4 ? next * 100 : t * 100}L${30 + d} ${t < 0.4 ? t * 100 : next * 100}`;
      }
    }
    const arch = path(
      p`M${30 - inner(0.98) - 1} 97Q30 66 ${30 + inner(0.98) + 1} 97L${30 + inner(0.98) - 1.5} 97Q30 71 ${30 - inner(0.98) + 1.5} 97Z`,
      dark,
    );
    const deck = (t: number, tall: number) =>
      rect(30 - outer(t) - 1.6, t * 100 - tall / 2, outer(t) * 2 + 3.2, tall, dark, { radius: 0.6 });
    const top = rect(28.2, 8, 3.6, 1.8, dark) + line('M30 8V0.8', dark, 0.8);
    const lights = isLit(context)
      ? [0.1, 0.25, 0.41, 0.55, 0.7, 0.85]
          .flatMap((t) => [-1, 1].map((side) => circle(30 + side * outer(t), t * 100, 0.9, '#ffe3a0')))
          .join('')
      : '';
    return figure(
      60,
      leg(-1) +
        leg(1) +
        needle +
        line(lattice, dark, 0.42, 0.8) +
        arch +
        deck(0.42, 2.6) +
        deck(0.7, 3.2) +
        top +
        lights,
    );
  },
  lighthouse: (context) => {
    const { paint, stage } = context;
    const [white, red] = [paint('#fbf6ee'), context.colour ? paint('#e4514d') : paint('#d9483f')];
    const beam =
      stage.palette.isDark || stage.palette.isLow
        ? path('M25 15L-90 -6V24ZM25 15L140 2V34Z', '#fff3c4', { opacity: 0.28 })
        : '';
    const bands = [0, 1, 2].map((band) => {
      const y = 34 + band * 22;
      const half = 7.6 + band * 2.3;
      return path(
        p`M${25 - half} ${y}L${25 + half} ${y}L${25 + half + 1.15} ${y + 11}L${25 - half - 1.15} ${y + 11}Z`,
        red,
      );
    });
    return figure(
      50,
      `${beam}${path('M16.5 24H33.5L40 100H10Z', white)}${bands.join('')}${path('M28 24H33.5L40 100H31Z', '#20264a', { opacity: 0.12 })}${rect(14, 21.4, 22, 3.4, paint('#38405f'), { radius: 0.8 })}${rect(18.5, 10, 13, 11.6, isLit(context) ? '#ffe9a8' : paint('#bfe4f2'))}${line('M22.6 10V21.6M27.4 10V21.6', paint('#38405f'), 0.8)}${path('M16.6 10.4L25 2L33.4 10.4Z', red)}${circle(25, 1.8, 1.2, red)}${rect(22, 84, 6.4, 16, paint('#5a3b32'), { radius: 3 })}${[44, 64].map((y) => rect(23, y, 4, 6, paint('#5a7594'), { radius: 2 })).join('')}`,
    );
  },
  windmill: (context) => {
    const { paint } = context;
    const [wall, sail] = [paint('#f4e7d0'), paint('#ffffff')];
    const blades = [20, 110, 200, 290].map(
      (angle) =>
        `<g transform="rotate(${angle} 35 34)">${rect(34.2, 2, 1.6, 32, paint('#6b4a35'))}${path('M36 4H44V28L36 31Z', sail, { opacity: 0.95 })}${line('M36 10H44M36 16H44M36 22H44M40 4V30', paint('#6b4a35'), 0.5, 0.6)}</g>`,
    );
    return figure(
      70,
      `${path('M26 38H44L52 100H18Z', wall)}${path('M38 38H44L52 100H42Z', '#20264a', { opacity: 0.1 })}${path('M23.6 39Q35 14 46.4 39Z', paint('#b5563f'))}${rect(30, 82, 10, 18, paint('#7a4a35'), { radius: 5 })}${[52, 66].map((y) => rect(32, y, 6, 8, paint('#7fb6cf'), { radius: 1 })).join('')}${blades.join('')}${circle(35, 34, 2.6, paint('#6b4a35'))}`,
    );
  },
  cafe: (context) => {
    const { paint } = context;
    const draw = context.stage.random.fork('shop');
    const front = context.colour
      ? paint('#3f7f6e')
      : paint(draw.pick(['#2f6f68', '#8c3f46', '#31527f', '#6a4a7f'] as const));
    const glass = isLit(context) ? '#ffdf9c' : paint('#bfe1ec');
    const stripes = Array.from({ length: 10 }, (_, index) => {
      const [left, right] = [10 + index * 10.4, 20.4 + index * 10.4];
      return path(
        p`M${left} 47H${right}L${flared(right)} 59Q${flared((left + right) / 2)} 65 ${flared(left)} 59Z`,
        index % 2 ? paint('#fff8ee') : lighten(front, 0.12),
      );
    });
    const upper = [0, 1, 2].map(
      (index) =>
        rect(21 + index * 32, 14, 17, 22, paint('#fffaf2')) +
        rect(22.4 + index * 32, 15.4, 14.2, 19, index === 1 || !isLit(context) ? glass : paint('#50608a')) +
        line(p`M${29.5 + index * 32} 15V34`, paint('#fffaf2'), 1) +
        rect(19.4 + index * 32, 35.4, 20, 2.4, front) +
        [0, 1, 2, 3]
          .map((flower) =>
            circle(
              22 + index * 32 + flower * 5,
              34,
              2.2,
              paint(draw.pick(['#ff7d8f', '#ffd05e', '#f7a3c8'] as const)),
            ),
          )
          .join(''),
    );
    const window = (x: number, width: number) =>
      rect(x, 62, width, 27, paint('#fffaf2'), { radius: 1 }) +
      rect(x + 1.6, 63.6, width - 3.2, 23.8, glass) +
      path(p`M${x + 3} 84L${x + width * 0.55} 63.6H${x + width * 0.72}L${x + 3} 87Z`, '#ffffff', {
        opacity: 0.3,
      });
    const cup = path(
      'M55 51.4h8v2.6a4 4 0 0 1 -8 0zM63 52.4h1.6a1.3 1.3 0 0 1 0 2.6h-1.8',
      paint('#fffaf2'),
      { stroke: paint('#fffaf2'), strokeWidth: 0.7 },
    );
    return figure(
      124,
      `${rect(10, 6, 104, 94, paint('#efdcc3'))}${rect(6, 2, 112, 7, paint('#8a5a48'), { radius: 1.4 })}${upper.join('')}${rect(10, 41, 104, 59, front)}${rect(12, 91, 100, 9, darken(front, 0.25))}${window(16, 34)}${window(76, 34)}${rect(54, 62, 18, 38, paint('#fffaf2'))}${rect(55.4, 63.4, 15.2, 36.6, darken(front, 0.1))}${rect(57.4, 66, 11.2, 19, glass)}${circle(58.4, 89, 0.9, paint('#ffd05e'))}${stripes.join('')}${rect(10, 41, 104, 7, darken(front, 0.18))}${circle(60, 48.6, 9, darken(front, 0.3))}${circle(60, 48.6, 8, front)}${group('translate(0.4 -4.6)', cup)}`,
    );
  },
  'chinese-temple': (context) => {
    const { paint } = context;
    const [tile, tileDark, red, gold, stone] = [
      paint('#3f6f6a'),
      paint('#2a4f4d'),
      paint('#b8352e'),
      paint('#e8b64a'),
      paint('#cfc8bd'),
    ];
    const roof = (y: number, half: number, tall: number) =>
      path(
        p`M${60 - half} ${y}C${60 - half * 0.72} ${y - 1} ${60 - half * 0.55} ${y - tall * 0.5} ${60 - half * 0.4} ${y - tall}H${60 + half * 0.4}C${60 + half * 0.55} ${y - tall * 0.5} ${60 + half * 0.72} ${y - 1} ${60 + half} ${y}L${60 + half * 0.94} ${y + 3.4}Q60 ${y - 1.6} ${60 - half * 0.94} ${y + 3.4}Z`,
        tile,
      ) +
      path(
        p`M${60 - half} ${y}Q${60 - half - 3} ${y - 1.4} ${60 - half - 3.4} ${y - 5}Q${60 - half + 2} ${y - 2} ${60 - half * 0.84} ${y - 1.4}ZM${60 + half} ${y}Q${60 + half + 3} ${y - 1.4} ${60 + half + 3.4} ${y - 5}Q${60 + half - 2} ${y - 2} ${60 + half * 0.84} ${y - 1.4}Z`,
        tileDark,
      ) +
      rect(60 - half * 0.42, y - tall - 2, half * 0.84, 3, tileDark, { radius: 1 }) +
      rect(60 - half * 0.86, y + 1.4, half * 1.72, 2.6, gold);
    const hall = (y: number, half: number, tall: number) =>
      rect(60 - half, y, half * 2, tall, red) +
      Array.from({ length: 5 }, (_, index) =>
        rect(60 - half + 1 + (index * (half * 2 - 5)) / 4, y, 3, tall, darken(red, 0.3)),
      ).join('') +
      rect(
        60 - half * 0.28,
        y + tall * 0.3,
        half * 0.56,
        tall * 0.7,
        isLit(context) ? '#ffdb8f' : paint('#5a2a28'),
      ) +
      rect(60 - half, y, half * 2, 2.4, paint('#3f7fb0'));
    return figure(
      120,
      `${rect(8, 90, 104, 10, stone)}${rect(14, 86, 92, 5, lighten(stone, 0.2))}${[0, 1, 2].map((step) => rect(46 - step * 2, 90 + step * 3.4, 28 + step * 4, 3.4, lighten(stone, 0.28 - step * 0.08))).join('')}${hall(64, 40, 22)}${roof(62, 54, 16)}${hall(36, 27, 12)}${roof(35, 40, 15)}${circle(60, 15, 3.2, gold)}${line('M60 15V7', gold, 1.4)}`,
    );
  },
  bridge: (context) => {
    const { paint, stage } = context;
    const stone = paint(context.colour ? '#c9565a' : '#c3b7a6');
    const arch = (x: number, half: number) =>
      path(
        p`M${x - half} 100A${half} ${half * 0.86} 0 0 1 ${x + half} 100Z`,
        mix(stage.palette.sky[2], stage.palette.shade, 0.3),
      );
    const posts = Array.from({ length: 13 }, (_, index) => {
      const x = 12 + index * 23;
      const y = 40 - Math.sin((index / 12) * Math.PI) * 30;
      return rect(x - 2, y - 12, 4, 14, lighten(stone, 0.12), { radius: 1 });
    });
    return figure(
      300,
      `${path('M0 100V52Q150 -14 300 52V100Z', stone)}${path('M0 52Q150 -14 300 52V58Q150 -7 0 58Z', darken(stone, 0.2))}${posts.join('')}${line('M4 38Q150 -26 296 38', lighten(stone, 0.2), 4.5)}${arch(150, 48)}${arch(58, 27)}${arch(242, 27)}`,
      { x: 150, y: 14, size: 60 },
    );
  },
};
