import type { Setting, Stage } from '../stage.ts';
import type { FigurePlace } from '../words/vocabulary.ts';
import { placeGround } from './ground.ts';
import { type Direction, type LayerName, type Room, isAirborne, layerNames, membersOf } from './member.ts';
import { placeBackdrop, placeFurniture, placeHanging, placeSky, placeSpan, placeWall } from './places.ts';
import { renderMember, shadowOf } from './render.ts';
import { placeWater } from './water-places.ts';

const elsewhere = new Set<FigurePlace>([
  'wall',
  'sky',
  'hang',
  'backdrop',
  'furniture',
  'span',
  'water',
  'leap',
  'deep',
]);

/** Puts every figure of the prompt where its words say, and returns them back to front. */
export function drawCast(stage: Stage, setting: Setting, room: Room): string {
  const draw = stage.random.fork('cast');
  const members = membersOf(stage, draw);
  const layers = new Map<LayerName, string[]>(layerNames.map((name) => [name, []]));
  const direction: Direction = {
    stage,
    setting,
    room,
    draw,
    put: (layer, member, stand, options) => {
      if (options?.throwsShadow && setting.hasShadows)
        layers.get(layer)?.push(shadowOf(stage, member, stand));
      layers.get(layer)?.push(renderMember(stage, member, stand));
    },
    add: (layer, markup) => layers.get(layer)?.push(markup),
  };
  const flying = members.filter((member) => member.place === 'sky' || isAirborne(member));
  const grounded = members.filter((member) => !flying.includes(member) && !elsewhere.has(member.place));
  const isIn = (...places: FigurePlace[]) =>
    members.filter((member) => !flying.includes(member) && places.includes(member.place));
  placeWall(direction, isIn('wall'));
  placeSky(direction, flying);
  placeHanging(direction, isIn('hang'));
  const focus = placeBackdrop(direction, isIn('backdrop'), grounded.length + isIn('furniture').length);
  placeSpan(direction, isIn('span'));
  placeWater(direction, isIn('water', 'leap', 'deep'), grounded.length > 0);
  placeFurniture(direction, isIn('furniture'), grounded.length > 0);
  placeGround(direction, grounded, focus);
  return layerNames.flatMap((name) => layers.get(name) ?? []).join('');
}
