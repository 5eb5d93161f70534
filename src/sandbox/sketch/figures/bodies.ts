import { darken, lighten } from '../colour.ts';
import { circle, ellipse, group, line, p, path, rect } from '../svg.ts';
import type { ColourName } from '../understanding.ts';
import type { FigurePlace } from '../words/vocabulary.ts';
import type { FigureContext, FigureDrawing } from './drawing.ts';
import { dyed, emojiBody, lit, repaint } from './emoji.ts';

type Coat = readonly [
  fur: string,
  belly: string,
  paw: string,
  tail: 'bushy' | 'tuft' | 'rings' | 'stub' | 'none',
];

/** Emoji animals that are a head only, with the coat their body has to have. */
const coats: Record<string, Coat> = {
  fox: ['#ff822d', '#ffdea7', '#7a4630', 'bushy'],
  wolf: ['#9b9b9b', '#e6e6e6', '#7b7b82', 'bushy'],
  bear: ['#a56953', '#c98f6a', '#7d4533', 'stub'],
  'polar-bear': ['#f3f3f6', '#ffffff', '#d3d3d8', 'stub'],
  panda: ['#ffffff', '#ffffff', '#433b6b', 'stub'],
  koala: ['#9b9b9b', '#d3d3d3', '#7b7b82', 'none'],
  lion: ['#f3ad61', '#ffdea7', '#d3883e', 'tuft'],
  raccoon: ['#8c8c92', '#d3d3d3', '#55555e', 'rings'],
  hamster: ['#f3ad61', '#fff1d8', '#e39d89', 'none'],
  frog: ['#00d26a', '#ffcc52', '#00b25a', 'none'],
  chicken: ['#ffffff', '#ffffff', '#fcd53f', 'none'],
};

/** Draws what an emoji leaves out: a fox is a face, a chef ends at the chest. */
export function wholeBody(
  name: string,
  place: FigurePlace | undefined,
  context: FigureContext,
): FigureDrawing | undefined {
  if (place === 'machine') return robot(name, context);
  if (place === 'suit') return withLegs(name, context);
  if (place === 'robe') return withRobe(name, context);
  if (place === 'bust') return behindDesk(name, context);
  if (place !== 'face' && place !== 'person') return undefined;
  const coat = coats[name];
  return coat ? sittingAnimal(name, coat, context) : standingPerson(name, context);
}

function headOnly(name: string, context: FigureContext, keepsOwnColour: boolean): string {
  const body = emojiBody(name) ?? '';
  return repaint(body, context.stage.define, keepsOwnColour ? unpainted(context) : context.paint);
}

/** The paint without the colour word: a woman in red has no red face. */
function unpainted({ stage }: FigureContext): (original: string) => string {
  return (original) => lit(original, stage.palette.ambient);
}

function sittingAnimal(name: string, [fur, belly, paw, tail]: Coat, context: FigureContext): FigureDrawing {
  const { paint } = context;
  const [coat, chest, dark] = [paint(fur), paint(belly), paint(paw)];
  const edge = name === 'panda' || name === 'polar-bear' || name === 'chicken' ? paint('#b9b9c6') : undefined;
  const outlined = edge ? { stroke: edge, strokeWidth: 0.7 } : {};
  const parts: string[] = [];
  if (tail === 'bushy')
    parts.push(
      path('M23 42C33 44 36 34 31.5 26C29 32 26 33 23.5 36Z', coat),
      path('M34 34C34.4 31 33.6 28.6 31.5 26C30.4 28.6 29.4 30.4 28.2 31.6C30.4 33 32.4 33.8 34 34Z', chest),
    );
  if (tail === 'rings')
    parts.push(
      path('M23 43C33 45 36 36 32 28C29 33 26 35 23 37Z', coat),
      line('M26.6 41.6l1.6 -5M30 40l0.6 -5.6M32.8 36.6l-2 -4', dark, 1.7),
    );
  if (tail === 'tuft')
    parts.push(line('M24 42C31 43 33 37 31 32', coat, 1.7), ellipse(31, 30.6, 2, 2.8, dark));
  if (tail === 'stub') parts.push(circle(26.4, 40, 2.6, name === 'panda' ? coat : dark, outlined));
  const limb = name === 'panda' ? dark : coat;
  parts.push(
    path(
      'M16 17C25.5 17 27.6 31 27.6 38.5Q27.6 46 16 46Q4.4 46 4.4 38.5C4.4 31 6.5 17 16 17Z',
      coat,
      outlined,
    ),
  );
  parts.push(ellipse(16, 36, 6.6, 8.6, chest, { opacity: name === 'panda' ? 0 : 1 }));
  for (const side of [-1, 1]) {
    parts.push(
      ellipse(
        16 + side * 9,
        41.6,
        4.6,
        4.4,
        name === 'panda' ? dark : darken(coat, 0.07),
        name === 'panda' ? {} : outlined,
      ),
    );
    parts.push(ellipse(16 + side * 9.6, 45, 4.2, 1.7, dark));
    parts.push(
      path(
        p`M${16 + side * 3 - 2.3} 27Q${16 + side * 3} 24.6 ${16 + side * 3 + 2.3} 27L${16 + side * 3 + 2.1} 44.5L${16 + side * 3 - 2.1} 44.5Z`,
        limb,
        name === 'panda' ? {} : outlined,
      ),
    );
    parts.push(ellipse(16 + side * 3, 45, 2.9, 1.6, dark));
  }
  const head = group('translate(2.6 -1.2) scale(0.84)', headOnly(name, context, false));
  return {
    markup: parts.join('') + head,
    width: 32,
    height: 46.5,
    head: { x: 16, y: 12.8, size: 10.6 },
    seat: { x: 16, y: 4, size: 12 },
  };
}

function robot(name: string, context: FigureContext): FigureDrawing {
  const { paint } = context;
  const [shell, dark, red, glow] = [paint('#cdc4d6'), paint('#533566'), paint('#f8312f'), paint('#26c9fc')];
  const shade = darken(shell, 0.14);
  const legs = [-1, 1].map(
    (side) =>
      rect(16 + side * 4.4 - 1.6, 38, 3.2, 9, dark, { radius: 1 }) +
      rect(16 + side * 5 - 3.4, 46, 6.8, 3.6, shell, { radius: 1.5 }),
  );
  const arms =
    line('M8.4 28C4 29 3 33 3.6 36.6M23.6 28C28 29 29 33 28.4 36.6', dark, 2.5) +
    circle(3.6, 37.6, 2.3, shell) +
    circle(28.4, 37.6, 2.3, shell);
  const torso =
    rect(12.6, 22, 6.8, 4, dark, { radius: 1 }) +
    rect(7, 24.4, 18, 15, shell, { radius: 3.4 }) +
    rect(7, 34.4, 18, 5, shade, { radius: 2.4 }) +
    rect(10.4, 27.2, 11.2, 6.6, dark, { radius: 1.4 }) +
    line('M11.8 31l1.6 -1.8l1.5 2.6l1.6 -3l1.4 2.2h1.9', glow, 0.7) +
    circle(11.6, 36.8, 0.9, red) +
    circle(14.4, 36.8, 0.9, paint('#fcd53f')) +
    circle(8.4, 28, 1.9, shade) +
    circle(23.6, 28, 1.9, shade);
  const head = group('translate(3.5 -1) scale(0.78)', headOnly(name, context, false));
  return {
    markup: legs.join('') + arms + torso + head,
    width: 32,
    height: 49.6,
    head: { x: 16, y: 13, size: 10 },
    seat: { x: 16, y: 4, size: 12 },
  };
}

const cloths = ['#e85d5d', '#3f7fd0', '#44a67a', '#8d65c5', '#f0a53a', '#2f9fb0'] as const;

/** A person with a big head: the emoji's face, our clothes. */
function standingPerson(name: string, context: FigureContext): FigureDrawing {
  const { stage, colour, isHalf } = context;
  const light = unpainted(context);
  const draw = stage.random.fork(`clothes ${name}`);
  const isSmall = /girl|boy|child|baby/.test(name);
  const isAlien = name === 'alien';
  const hasDress = /woman|girl/.test(name);
  const plain = isAlien ? '#8d65c5' : name === 'santa-claus' ? '#f8312f' : draw.pick(cloths);
  const cloth = light(colour ? dyedCloth(plain, colour) : plain);
  const skin = light(isAlien ? '#86d72f' : '#ffc83d');
  const trousers = light(
    name === 'santa-claus' ? '#f8312f' : draw.pick(['#3a4a78', '#5a4a42', '#4a5568'] as const),
  );
  const shoes = light('#3a2d3f');
  const neck = 19;
  const hip = isSmall ? 32 : 35;
  const foot = isSmall ? 41 : 47;
  const parts: string[] = [];
  if (!isHalf) {
    for (const side of [-1, 1]) {
      parts.push(
        rect(16 + side * 2.7 - 1.7, hip - 3, 3.4, foot - hip + 2, hasDress ? skin : trousers, { radius: 1 }),
      );
      parts.push(
        path(
          p`M${16 + side * 2.7 - 1.9} ${foot}V${foot - 2.4}H${16 + side * 2.7 + 1.9}L${16 + side * 2.7 + 1.9 + (side > 0 ? 1.2 : 0)} ${foot}H${16 + side * 2.7 - 1.9 - (side < 0 ? 1.2 : 0)}Z`,
          shoes,
        ),
      );
    }
  }
  const sleeve = darken(cloth, 0.1);
  parts.push(
    line(
      p`M11.2 23.4C8.4 26 7.4 28.6 7.2 ${hip - 3.4}M20.8 23.4C23.6 26 24.6 28.6 24.8 ${hip - 3.4}`,
      sleeve,
      3.3,
    ),
    circle(7.2, hip - 2.4, 1.75, skin),
    circle(24.8, hip - 2.4, 1.75, skin),
  );
  if (hasDress)
    parts.push(
      path(
        p`M12 20.6H20Q21.8 21 21.6 24L21 27.6L25 ${hip + 3.4}Q16 ${hip + 5.6} 7 ${hip + 3.4}L11 27.6L10.4 24Q10.2 21 12 20.6Z`,
        cloth,
      ),
      path(p`M11 27.2L21 27.2L21.3 28.8L10.7 28.8Z`, darken(cloth, 0.2)),
      path(p`M20.6 28.8L25 ${hip + 3.4}Q22.8 ${hip + 4.3} 20.4 ${hip + 4.7}Z`, darken(cloth, 0.12)),
    );
  else
    parts.push(
      path(p`M12 20.6H20Q22 21 22 24L21.6 ${hip + 1}H10.4L10 24Q10 21 12 20.6Z`, cloth),
      line(p`M16 22V${hip}`, darken(cloth, 0.14), 0.6),
    );
  if (name === 'santa-claus')
    parts.push(
      rect(10.2, 30, 11.6, 2.2, light('#212121')),
      rect(14.4, 29.7, 3.2, 2.8, light('#fcd53f'), { radius: 0.5 }),
      path(p`M10.2 ${hip - 0.6}H21.8V${hip + 1.6}H10.2Z`, light('#ffffff')),
    );
  parts.push(rect(14, 18, 4, 4, darken(skin, 0.1)));
  const scale = isSmall ? 0.7 : 0.64;
  const head = group(
    `${p`translate(${16 - 16 * scale} ${neck + 1.6 - 30 * scale})`} scale(${scale})`,
    headOnly(name, context, true),
  );
  return {
    markup: parts.join('') + head,
    width: 32,
    height: isHalf ? hip + 2 : foot,
    head: { x: 16, y: neck + 1.6 - 14 * scale, size: 12 * scale },
    seat: { x: 16, y: 4, size: 10 },
  };
}

function dyedCloth(plain: string, colour: ColourName): string {
  return colour === 'white' ? '#f4f1ec' : colour === 'black' ? '#2b2a36' : dyed(plain, colour);
}

const trouserColours: Record<string, string> = {
  astronaut: '#e6e6e6',
  'man-cook': '#3a4a78',
  firefighter: '#8a1c3c',
  farmer: '#0074ba',
  'police-officer': '#0b5aa8',
  'person-superhero': '#0074ba',
  detective: '#402a56',
};

function withLegs(name: string, context: FigureContext): FigureDrawing {
  const { paint, isHalf } = context;
  const cloth = paint(trouserColours[name] ?? '#3a4468');
  const boot = paint(name === 'astronaut' ? '#9b9b9b' : '#2f2838');
  const top = repaint(emojiBody(name) ?? '', context.stage.define, paint);
  const head = { x: 16, y: 10.5, size: 8 };
  if (isHalf) return { markup: top, width: 32, height: 30, head, seat: { x: 16, y: 4, size: 10 } };
  const legs = [-1, 1].map((side) => {
    const x = 16 + side * 4.6;
    const knee =
      name === 'astronaut' ? rect(x - 3.2, 35, 6.4, 1.8, darken(cloth, 0.16), { radius: 0.9 }) : '';
    return (
      path(p`M${x - 4} 28H${x + 4}L${x + 3.3} 41H${x - 3.3}Z`, cloth) +
      knee +
      rect(x - 4.1 + side * 0.4, 40, 8.2, 4, boot, { radius: 1.8 })
    );
  });
  return { markup: legs.join('') + top, width: 32, height: 44, head, seat: { x: 16, y: 4, size: 10 } };
}

const robeColours: Record<string, string> = {
  'person-mage': '#0074ba',
  'woman-mage': '#0074ba',
  princess: '#7d4698',
  prince: '#0074ba',
  'person-with-crown': '#d3612a',
  ninja: '#321b41',
  'woman-vampire': '#321b41',
  'woman-elf': '#8d65c5',
};

function withRobe(name: string, context: FigureContext): FigureDrawing {
  const { paint, isHalf } = context;
  const cloth = paint(robeColours[name] ?? '#533566');
  const top = repaint(emojiBody(name) ?? '', context.stage.define, paint);
  const head = { x: 16, y: 11, size: 8 };
  if (isHalf) return { markup: top, width: 32, height: 30, head, seat: { x: 16, y: 4, size: 10 } };
  const skirt =
    path('M5.5 28H26.5Q28.5 37 30.6 45.4Q16 48.4 1.4 45.4Q3.5 37 5.5 28Z', cloth) +
    path(
      'M9.6 30Q9 38 7 46.2L10.4 46.6Q11.6 38 12 30ZM22.4 30Q23 38 25 46.2L21.6 46.6Q20.4 38 20 30Z',
      darken(cloth, 0.16),
    ) +
    path('M1.9 43.6Q16 46.8 30.1 43.6L30.6 45.4Q16 48.4 1.4 45.4Z', lighten(cloth, 0.28));
  return { markup: skirt + top, width: 32, height: 47, head, seat: { x: 16, y: 4, size: 10 } };
}

/** Somebody who works at a desk, with the desk. */
function behindDesk(name: string, context: FigureContext): FigureDrawing {
  const { paint } = context;
  const wood = paint('#a56953');
  const top = repaint(emojiBody(name) ?? '', context.stage.define, paint);
  const desk =
    rect(-2, 29.4, 36, 2.6, lighten(wood, 0.16), { radius: 0.8 }) +
    rect(0, 32, 32, 9, wood) +
    rect(2, 33.4, 12, 6, darken(wood, 0.12), { radius: 0.6 }) +
    rect(18, 33.4, 12, 6, darken(wood, 0.12), { radius: 0.6 });
  return {
    markup: top + desk,
    width: 36,
    height: 41,
    head: { x: 16, y: 10, size: 8 },
    seat: { x: 16, y: 4, size: 10 },
  };
}
