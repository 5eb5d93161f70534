import type { ColourName, SceneName, Style, TimeOfDay, Weather } from './understanding.ts';

/** A prompt and what is to be seen for it. `figures` in the order of the prompt, written "3 red red-apple on wooden-table". */
export interface GoldenPrompt {
  readonly prompt: string;
  readonly scene: SceneName;
  readonly time?: TimeOfDay;
  readonly weather?: Weather;
  readonly style?: Style;
  readonly figures?: readonly string[];
  readonly tints?: readonly ColourName[];
  readonly accents?: readonly string[];
  /** A made input image is handed in with the prompt. */
  readonly hasInput?: boolean;
}

/** What we look at after every change to the sketch; contact-sheet.ts draws them all. */
export const goldenPrompts: readonly [GoldenPrompt, ...GoldenPrompt[]] = [
  { prompt: 'A minimalist sunrise over calm water, digital illustration', scene: 'water', time: 'dawn' },
  {
    prompt: 'an orange cat sleeping on a sofa beside a window, watercolor',
    scene: 'room',
    style: 'watercolour',
    figures: ['1 orange cat on sofa', '1 sofa beside window', '1 window'],
  },
  {
    prompt: '一只橙色的猫坐在窗边的沙发上，水彩',
    scene: 'room',
    style: 'watercolour',
    figures: ['1 orange cat on sofa', '1 window', '1 sofa'],
  },
  {
    prompt: 'a red bicycle in front of a cafe in Paris at night',
    scene: 'city',
    time: 'night',
    figures: ['1 red bicycle front cafe', '1 cafe'],
  },
  {
    prompt: 'robot reading a book under a tree, pencil sketch',
    scene: 'hills',
    style: 'pencil',
    figures: ['1 robot under deciduous-tree', '1 open-book held robot', '1 deciduous-tree'],
  },
  { prompt: '骑马的宇航员在月球上', scene: 'space', figures: ['1 horse', '1 astronaut riding horse'] },
  {
    prompt: 'a blue sailboat on the sea at sunset, oil painting',
    scene: 'water',
    time: 'sunset',
    style: 'oil',
    figures: ['1 blue sailboat'],
  },
  { prompt: 'three penguins in the snow', scene: 'snow', weather: 'snow', figures: ['3 penguin'] },
  { prompt: 'pixel art castle on a mountain', scene: 'mountain', style: 'pixel', figures: ['1 castle'] },
  {
    prompt: 'a fox in a misty forest at dawn',
    scene: 'forest',
    time: 'dawn',
    weather: 'fog',
    figures: ['1 fox'],
  },
  { prompt: 'A cup of coffee, product photo', scene: 'studio', figures: ['1 hot-beverage'] },
  {
    prompt: '雪山下的小木屋，夜晚，极光',
    scene: 'mountain',
    time: 'night',
    figures: ['1 hut'],
    accents: ['aurora'],
  },
  { prompt: 'Eiffel tower at golden hour', scene: 'city', time: 'sunset', figures: ['1 eiffel-tower'] },
  {
    prompt: 'cyberpunk city street at night in the rain, neon lights',
    scene: 'city',
    time: 'night',
    weather: 'rain',
    style: 'neon',
  },
  { prompt: '水墨山水画，远山，小船', scene: 'mountain', style: 'ink', figures: ['1 sailboat'] },
  {
    prompt: 'a girl with a red umbrella walking in the rain',
    scene: 'city',
    weather: 'rain',
    figures: ['1 girl', '1 red umbrella held girl'],
  },
  {
    prompt: 'three red apples and a green pear on a wooden table',
    scene: 'table',
    figures: ['3 red-apple', '1 green pear'],
  },
  { prompt: '竹林里的熊猫', scene: 'bamboo', figures: ['1 panda'] },
  {
    prompt: 'low poly deer by a mountain lake',
    scene: 'mountain',
    style: 'low-poly',
    figures: ['1 deer'],
    accents: ['lake'],
  },
  { prompt: 'goldfish and an octopus underwater', scene: 'underwater', figures: ['1 goldfish', '1 octopus'] },
  {
    prompt: 'hot air balloons over a valley at sunrise, vintage photo',
    scene: 'hills',
    time: 'dawn',
    style: 'vintage',
    figures: ['3 hot-air-balloon'],
  },
  { prompt: '夜空中的烟花，城市天际线', scene: 'city', time: 'night', accents: ['fireworks'] },
  { prompt: 'quarterly synergy roadmap', scene: 'abstract' },
  { prompt: 'abstract geometric pattern in teal and orange', scene: 'abstract', tints: ['teal', 'orange'] },
  {
    prompt: 'put this picture into a cosy living room with a dog',
    scene: 'room',
    figures: ['1 dog'],
    hasInput: true,
  },
  { prompt: '把背景换成日落时的沙滩', scene: 'beach', time: 'sunset', hasInput: true },
  {
    prompt: 'a lion with a crown, portrait, paper cut',
    scene: 'studio',
    style: 'paper',
    figures: ['1 lion', '1 crown worn lion'],
  },
  {
    prompt: 'a unicorn and a princess in a garden with a rainbow',
    scene: 'garden',
    figures: ['1 unicorn', '1 princess'],
    accents: ['rainbow'],
  },
];

/** The same facts of a figure as a line, as the table above writes them. */
export function describeFigures(
  figures: readonly {
    name: string;
    count: number;
    colour?: string;
    relation?: { kind: string; to: number };
  }[],
): string[] {
  return figures.map(({ name, count, colour, relation }) =>
    [count, colour, name, relation?.kind, relation && figures[relation.to]?.name]
      .filter((part) => part !== undefined)
      .join(' '),
  );
}
