import { drawCast } from './figures/cast.ts';
import type { Room } from './figures/member.ts';
import { type Frame, type InputPicture, easel, fit, print } from './figures/easel.ts';
import { paletteOf } from './palette.ts';
import { createRandom } from './random.ts';
import { abstractScene } from './settings/abstract.ts';
import { cityScene } from './settings/city.ts';
import { roomScene } from './settings/room.ts';
import { stageScene } from './settings/theatre.ts';
import { studioScene } from './settings/studio.ts';
import { tableScene } from './settings/table.ts';
import { bambooScene } from './settings/bamboo.ts';
import { desertScene } from './settings/desert.ts';
import { forestScene } from './settings/forest.ts';
import { gardenScene, hillsScene } from './settings/hills.ts';
import { mountainScene } from './settings/mountain.ts';
import { skyScene } from './settings/heights.ts';
import { snowScene } from './settings/snow.ts';
import { spaceScene } from './settings/space.ts';
import { beachScene } from './settings/beach.ts';
import { underwaterScene } from './settings/underwater.ts';
import { waterScene } from './settings/water.ts';
import type { Setting, Stage } from './stage.ts';
import { createDefinitions, number } from './svg.ts';
import type { SceneName, Understanding } from './understanding.ts';
import { drawFog, drawWeather } from './weather.ts';

/** One function a scene; they all keep the same promise (Setting) to the figures. */
const scenes: Record<SceneName, (stage: Stage) => Setting> = {
  water: waterScene,
  beach: beachScene,
  hills: hillsScene,
  garden: gardenScene,
  savanna: hillsScene,
  forest: forestScene,
  bamboo: bambooScene,
  mountain: mountainScene,
  city: cityScene,
  desert: desertScene,
  space: spaceScene,
  room: roomScene,
  table: tableScene,
  studio: studioScene,
  underwater: underwaterScene,
  sky: skyScene,
  snow: snowScene,
  stage: stageScene,
  abstract: abstractScene,
};

export interface Composition {
  /** Which picture of the many this prompt could be. */
  readonly key: string;
  /** Pixels; only their ratio matters here, the drawing is the same at every size. */
  readonly width: number;
  readonly height: number;
  readonly inputs: readonly (InputPicture | null)[];
}

/** Understanding -> scene -> layers -> SVG, whose size in pixels is left to the rasteriser. */
export function compose(
  understanding: Understanding,
  { key, width: w, height: h, inputs }: Composition,
): string {
  const unit = 1000 / Math.min(w, h);
  const [width, height] = [w * unit, h * unit];
  const random = createRandom(key);
  const define = createDefinitions();
  const stage: Stage = {
    width,
    height,
    understanding,
    palette: paletteOf(understanding, random.fork('palette')),
    random,
    define,
    hasEasel: inputs.length > 0,
  };
  const setting = scenes[understanding.scene](stage);
  const { room, behind, before } = hangInputs(stage, setting, inputs);
  const fog = drawFog(stage, setting);
  const layers = [
    setting.behind,
    fog.behind,
    behind,
    drawCast(stage, setting, room),
    before,
    setting.before,
    fog.before,
    drawWeather(stage),
  ].join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${number(width)} ${number(height)}"><defs>${define.markup()}</defs>${layers}</svg>`;
}

/** Gives the input pictures their place, and the figures what is left. */
function hangInputs(
  stage: Stage,
  setting: Setting,
  inputs: readonly (InputPicture | null)[],
): { room: Room; behind: string; before: string } {
  const { width, height, random, understanding } = stage;
  const whole = { left: width * 0.02, right: width * 0.98 };
  const [first, ...others] = inputs;
  if (first === undefined) return { room: whole, behind: '', before: '' };
  const draw = random.fork('inputs');
  const isShared = understanding.figures.length > 0;
  const side = draw.chance(0.5) ? 1 : -1;
  const stands =
    !['abstract', 'sky', 'underwater', 'water', 'space'].includes(understanding.scene) ||
    (understanding.scene === 'space' && isShared);
  const size = fit(
    first,
    isShared ? Math.min(width * 0.44, 520) : Math.min(width * 0.8, 700),
    height * (isShared ? 0.46 : 0.58),
  );
  const x = (isShared ? width * (0.5 + side * 0.23) : width / 2) - size.width / 2;
  const foot = setting.ground + 18;
  const y = stands
    ? Math.max(height * 0.09, foot - size.height - height * 0.17)
    : height * 0.47 - size.height / 2;
  const frame: Frame = { x, y, ...size };
  const main = stands ? easel(stage, first, frame, foot) : print(stage, first, frame, draw.between(-4, 4));
  const prints = others.slice(0, 6).map((picture, index) => {
    const small = fit(picture, 190, 190);
    // Beside the large one where it is alone, else in a row over the figures.
    const column = index % 2 === 0 ? -1 : 1;
    const free = side > 0 ? width * 0.12 : frame.x + frame.width + width * 0.1;
    const px = isShared
      ? free + index * 212 - small.width / 2
      : width / 2 + column * (frame.width / 2 + 96) - small.width / 2;
    const top = height * 0.08 + (isShared ? 0 : Math.floor(index / 2) * 225);
    return print(
      stage,
      picture,
      { x: Math.max(24, Math.min(width - small.width - 24, px)), y: top, ...small },
      draw.between(-7, 7),
    );
  });
  const room = !isShared
    ? whole
    : side > 0
      ? { left: width * 0.02, right: frame.x - 20 }
      : { left: frame.x + frame.width + 20, right: width * 0.98 };
  return { room, behind: main, before: prints.join('') };
}
