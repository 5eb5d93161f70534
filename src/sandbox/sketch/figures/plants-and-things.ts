import { darken, lighten } from '../colour.ts';
import { growthOf } from '../settings/growth.ts';
import { bambooStem, blossomTree, broadleaf, pine } from '../settings/plants.ts';
import { circle, line, p, path, rect } from '../svg.ts';
import { dyed, emojiBody, repaint } from './emoji.ts';
import { type DrawFigure, figure } from './own-figure.ts';

/** A strip of a balloon's cloth, from the crown to the mouth. */
const gore = (from: number, to: number, tone: string) =>
  path(
    p`M35 2C${35 + from * 1.2} 4 ${35 + from} 18 ${35 + from} 32C${35 + from} 48 ${35 + from * 0.42} 60 ${35 + from * 0.24} 70L${35 + to * 0.24} 70C${35 + to * 0.42} 60 ${35 + to} 48 ${35 + to} 32C${35 + to} 18 ${35 + to * 1.2} 4 35 2Z`,
    tone,
  );

/** Trees in the season of the picture, and things no emoji shows well. */
export const plantsAndThings: Record<string, DrawFigure> = {
  'deciduous-tree': (context) => {
    const { leaf, bark } = growthOf(context.stage);
    const { season } = context.stage.understanding;
    const tone = context.colour
      ? context.paint('#44a04a')
      : season === 'autumn'
        ? context.paint('#e5893a')
        : leaf;
    return figure(76, broadleaf(context.stage.random.fork('tree'), 38, 100, 100, tone, bark), {
      x: 52,
      y: 44,
      size: 18,
    });
  },
  'evergreen-tree': (context) => {
    const { leaf, isSnowy } = growthOf(context.stage);
    return figure(
      50,
      pine(25, 100, 100, context.colour ? context.paint('#44a04a') : darken(leaf, isSnowy ? 0 : 0.2)),
    );
  },
  'cherry-tree': (context) =>
    figure(
      96,
      blossomTree(
        context.stage.random.fork('blossom'),
        48,
        100,
        100,
        context.paint('#f9b3cb'),
        context.paint('#6b4638'),
      ),
      { x: 62, y: 50, size: 18 },
    ),
  bamboo: (context) => {
    const draw = context.stage.random.fork('stems');
    return figure(
      60,
      [10, 26, 42, 54]
        .map((x, index) => bambooStem(draw, x, 100, 100 - (index % 3) * 8, 5, context.paint('#5fa548')))
        .join(''),
    );
  },
  unicorn: (context) => {
    const { paint, stage } = context;
    const white: Record<string, string> = {
      '#1c1c1c': '#f77fbe',
      '#6d4534': '#cdb9e6',
      '#a56953': '#f4edff',
      '#e39d89': '#f7c6dc',
    };
    const body = repaint(emojiBody('horse') ?? '', stage.define, (original) =>
      paint(white[original] ?? original),
    );
    const horn =
      path('M4.6 3.2L1.6 -3.4L6.4 2.6Z', paint('#fcd53f')) +
      line('M3.6 0.4l1.2 -0.7M4.4 2l1.5 -0.8', paint('#d99a1e'), 0.35) +
      circle(5.5, 6.2, 0.55, '#2b2036');
    return {
      markup: body + horn,
      width: 32,
      height: 30,
      head: { x: 6, y: 6.4, size: 4.2 },
      seat: { x: 16.5, y: 13, size: 15 },
    };
  },
  goldfish: ({ paint, stage }) => {
    const body = repaint(emojiBody('fish') ?? '', stage.define, (original) =>
      paint(lighten(dyed(original, 'orange'), 0.18)),
    );
    return {
      markup: body,
      width: 32,
      height: 30,
      head: { x: 8, y: 17, size: 5 },
      seat: { x: 16, y: 10, size: 12 },
    };
  },
  'hot-air-balloon': (context) => {
    const { paint } = context;
    const draw = context.stage.random.fork('balloon');
    const [first, second] = context.colour
      ? [paint('#e4514d'), paint('#fff4e0')]
      : [
          paint(draw.pick(['#e4514d', '#3f8fd6', '#8d65c5', '#f08a3c', '#35a58c'] as const)),
          paint(draw.pick(['#ffd35e', '#fff4e0', '#ffb3a0'] as const)),
        ];
    const gores =
      gore(-34, 34, first) + gore(-24, -10, second) + gore(10, 24, second) + gore(-3.4, 3.4, second);
    const shine = path('M14 20C15 12 22 6 29 4.6C22 11 19 22 19.6 36C15.6 33 13.4 27 14 20Z', '#ffffff', {
      opacity: 0.25,
    });
    return figure(
      70,
      `${gores}${shine}${path('M8 54Q35 66 62 54L60 58Q35 70 10 58Z', '#1b2148', { opacity: 0.12 })}${line('M27.4 70L30 86M42.6 70L40 86M33 70.4L33.6 86M37 70.4L36.4 86', paint('#5a4338'), 0.7)}${rect(28.6, 86, 12.8, 11, paint('#b5773f'), { radius: 2 })}${rect(27.8, 85, 14.4, 3, paint('#8a5430'), { radius: 1.4 })}${line('M29 91H41', paint('#8a5430'), 0.8)}`,
      { x: 35, y: 88, size: 8 },
    );
  },
  campfire: ({ paint, stage }) =>
    figure(
      110,
      `${circle(
        55,
        60,
        100,
        stage.define.radial([
          [0, '#ffb35e', 0.55],
          [0.5, '#ff8a3a', 0.18],
          [1, '#ff8a3a', 0],
        ]),
      )}${path('M54 92C28 90 24 64 40 44C42 56 50 54 46 34C64 38 68 20 62 4C84 20 90 42 80 58C86 56 88 50 88 44C98 66 88 92 64 92Z', '#ff7a2f')}${path('M56 92C40 90 40 72 50 60C53 70 60 66 58 54C72 64 78 90 60 92Z', '#ffcf4a')}${path('M57 92C50 91 50 82 55 76C61 82 64 92 58 92Z', '#fff3b8')}${line('M20 96L90 84M20 84L90 96', paint('#6b4a35'), 11)}${circle(19, 84, 4, paint('#c99a6b'))}${circle(91, 84, 4, paint('#c99a6b'))}`,
    ),
  perfume: (context) => {
    const { paint, stage } = context;
    const glass = paint(context.colour ? '#f2a0b5' : '#f5b8a6');
    return figure(
      66,
      `${rect(
        6,
        40,
        54,
        60,
        stage.define.linear(
          [
            [0, lighten(glass, 0.5)],
            [0.5, glass],
            [1, darken(glass, 0.12)],
          ],
          60,
        ),
        { radius: 10 },
      )}${rect(12, 58, 42, 36, darken(glass, 0.08), { radius: 6, opacity: 0.7 })}${rect(18, 64, 30, 20, '#fffaf4', { radius: 2, opacity: 0.9 })}${line('M23 71H43M27 77H39', paint('#b5876a'), 1.4)}${rect(24, 28, 18, 13, paint('#e8c56a'), { radius: 2 })}${rect(
        20,
        4,
        26,
        26,
        stage.define.linear(
          [
            [0, paint('#f4dc98')],
            [1, paint('#c9973f')],
          ],
          90,
        ),
        { radius: 5 },
      )}${rect(10, 46, 5, 44, '#ffffff', { radius: 2.5, opacity: 0.5 })}`,
    );
  },
  sword: ({ paint }) =>
    figure(
      34,
      `${path('M17 0L21 8V68H13V8Z', paint('#d9dee8'))}${path('M17 0L21 8V68H17Z', paint('#aab3c4'))}${rect(3, 67, 28, 6, paint('#e8b64a'), { radius: 3 })}${rect(14, 73, 6, 18, paint('#6b3f2c'), { radius: 2 })}${circle(17, 94, 5, paint('#e8b64a'))}`,
    ),
};
