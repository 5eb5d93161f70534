import { darken, lighten } from '../colour.ts';
import { circle, ellipse, group, line, p, path, rect } from '../svg.ts';
import { type DrawFigure, figure, isLit } from './own-figure.ts';

/** What stands in rooms, parks and streets. */
export const furnishings: Record<string, DrawFigure> = {
  sofa: (context) => {
    const { paint } = context;
    const cloth = paint(
      context.colour
        ? '#4a7fb5'
        : context.stage.random
            .fork('sofa')
            .pick(['#4a7f9f', '#c8775a', '#6a8f6f', '#7a6aa6', '#c9a04a'] as const),
    );
    const [dark, light] = [darken(cloth, 0.16), lighten(cloth, 0.14)];
    const leg = (x: number) => path(p`M${x} 92H${x + 7}L${x + 5.4} 100H${x + 1.6}Z`, paint('#5a3b2c'));
    return figure(
      190,
      `${leg(18)}${leg(165)}${rect(16, 12, 158, 66, dark, { radius: 16 })}${rect(26, 19, 67, 48, cloth, { radius: 11 })}${rect(97, 19, 67, 48, cloth, { radius: 11 })}${[59, 130].map((x) => circle(x, 40, 1.8, dark)).join('')}${rect(20, 76, 150, 18, dark, { radius: 5 })}${rect(22, 58, 73, 23, light, { radius: 9 })}${rect(95, 58, 73, 23, light, { radius: 9 })}${rect(6, 40, 28, 54, cloth, { radius: 13 })}${rect(156, 40, 28, 54, cloth, { radius: 13 })}${rect(10, 43, 20, 9, light, { radius: 4.5, opacity: 0.7 })}${rect(160, 43, 20, 9, light, { radius: 4.5, opacity: 0.7 })}${group('translate(146 44) rotate(14)', rect(-15, -15, 30, 30, paint('#f0c877'), { radius: 7 }) + line('M-9 -9L9 9M9 -9L-9 9', paint('#d99a4a'), 1.4, 0.7))}`,
      { x: 80, y: 61, size: 62 },
    );
  },
  'wooden-table': (context) => {
    const wood = context.paint('#b07a4a');
    const leg = (x: number, way: number) =>
      path(p`M${x} 14H${x + 9}L${x + 6 + way} 100H${x + 2 + way}Z`, darken(wood, 0.22));
    return figure(
      170,
      `${leg(20, -4)}${leg(141, 4)}${rect(14, 11, 142, 14, darken(wood, 0.12), { radius: 2 })}${rect(4, 2, 162, 11, lighten(wood, 0.1), { radius: 4 })}${line('M20 7H90M104 8H150', darken(wood, 0.18), 1, 0.6)}`,
      { x: 85, y: 3, size: 50 },
    );
  },
  bench: (context) => {
    const [wood, iron] = [context.paint('#a9713f'), context.paint('#2f3448')];
    const slats = [8, 25, 42].map((y) =>
      rect(10, y, 170, 11, y === 25 ? lighten(wood, 0.1) : wood, { radius: 4 }),
    );
    return figure(
      190,
      `${line('M24 4V100M166 4V100', iron, 6)}${slats.join('')}${path('M6 62H184L190 72H0Z', lighten(wood, 0.14))}${rect(0, 71, 190, 6, darken(wood, 0.18), { radius: 3 })}${line('M10 76V100M180 76V100M16 44Q2 46 8 62M174 44Q188 46 182 62', iron, 5)}`,
      { x: 92, y: 64, size: 54 },
    );
  },
  'floor-lamp': (context) => {
    const { paint, stage } = context;
    const shade = paint(context.colour ? '#e8a34a' : '#f2c272');
    const glow = isLit(context)
      ? circle(
          25,
          20,
          60,
          stage.define.radial([
            [0, '#ffd98c', 0.6],
            [0.5, '#ffcf7e', 0.2],
            [1, '#ffcf7e', 0],
          ]),
        )
      : '';
    return figure(
      50,
      `${glow}${line('M25 30V95', paint('#4a3b33'), 2.4)}${ellipse(25, 97, 13, 3, paint('#4a3b33'))}${path('M15 4H35L44 31Q25 36 6 31Z', isLit(context) ? '#ffe3a0' : shade)}${path('M6 31Q25 36 44 31L43.4 29Q25 34 6.6 29Z', paint('#d99a4a'))}`,
    );
  },
  bookshelf: (context) => {
    const { paint } = context;
    const draw = context.stage.random.fork('books');
    const wood = paint('#8a5a38');
    const parts = [rect(0, 0, 90, 100, wood, { radius: 2 }), rect(4, 4, 82, 94, darken(wood, 0.38))];
    for (let shelf = 0; shelf < 4; shelf++) {
      const foot = 25 + shelf * 24;
      for (let x = 6; x < 80;) {
        const [w, h] = [draw.between(3, 6.4), draw.between(12, 18)];
        if (draw.chance(0.84))
          parts.push(
            rect(
              x,
              foot - h,
              w,
              h,
              paint(
                draw.pick([
                  '#d9534f',
                  '#3f7fb5',
                  '#e8b64a',
                  '#4a9c7f',
                  '#8d65c5',
                  '#f4ecd8',
                  '#c9775a',
                ] as const),
              ),
              { radius: 0.6 },
            ),
            rect(x, foot - h + 2.4, w, 1, '#ffffff', { opacity: 0.35 }),
          );
        else parts.push(circle(x + 3, foot - 4, 3.6, paint('#6aa05a')));
        x += w + 0.6;
      }
      parts.push(rect(3, foot, 84, 2.6, lighten(wood, 0.14)));
    }
    return figure(90, parts.join(''));
  },
  fireplace: (context) => {
    const { paint, stage } = context;
    const brick = paint('#b5654a');
    let rows = '';
    for (let row = 0; row < 9; row++)
      for (let x = row % 2 ? 8 : 0; x < 100; x += 16) rows += p`M${12 + x} ${18 + row * 9}h14v7h-14z`;
    const fire =
      path(
        'M62 92C44 92 42 76 52 64C53 72 58 70 56 58C66 62 70 50 66 40C80 50 84 62 78 72C82 70 84 66 84 62C90 76 84 92 70 92Z',
        '#ff8a3a',
      ) + path('M66 92C56 92 56 82 62 74C64 80 68 76 67 68C76 76 78 92 68 92Z', '#ffd65e');
    return figure(
      136,
      `${rect(10, 14, 116, 86, lighten(brick, 0.22))}${path(rows, brick)}${rect(2, 4, 132, 12, paint('#7a4f35'), { radius: 3 })}${path('M34 100V58A34 30 0 0 1 102 58V100Z', paint('#2a1a1c'))}${circle(
        68,
        78,
        62,
        stage.define.radial([
          [0, '#ff9a4a', 0.6],
          [1, '#ff9a4a', 0],
        ]),
      )}${fire}${line('M48 95L88 89M48 89L88 95', paint('#5a3b2c'), 6)}`,
      { x: 68, y: 4, size: 40 },
    );
  },
  'street-lamp': (context) => {
    const { paint, stage } = context;
    const iron = paint('#39405c');
    const glow = isLit(context)
      ? circle(
          15,
          12,
          34,
          stage.define.radial([
            [0, '#ffe2a0', 0.8],
            [0.3, '#ffd37e', 0.3],
            [1, '#ffd37e', 0],
          ]),
        )
      : '';
    return figure(
      30,
      `${glow}${line('M15 20V98', iron, 2.6)}${rect(10, 96, 10, 4, iron, { radius: 1 })}${path('M10 20L8 6H22L20 20Z', isLit(context) ? '#fff0c0' : paint('#eef4f8'))}${path('M6.4 6.4L15 0L23.6 6.4Z', iron)}`,
    );
  },
};
