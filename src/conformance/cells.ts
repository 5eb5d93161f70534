import type { ModelCard, Schema, SizeRule } from './deployment.ts';

/** One value of one parameter, and what must come of it. */
export interface Cell {
  param: string;
  value: unknown;
  /** What the value is to the card, for people: `lowest`, `one outside`, `wrong type`. */
  what: string;
  expects: 'made' | 'refused';
  /** What else must be in the body for the value to mean something. */
  beside?: Readonly<Record<string, unknown>>;
}

/** The parameters that mean nothing alone. */
const companions: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  output_compression: { output_format: 'jpeg' },
  background: { output_format: 'png' },
  sequential_image_generation_options: { sequential_image_generation: 'auto' },
};

/** Made of what only a stream, an input image or an asynchronous request gives a meaning to. */
const elsewhere = new Set(['partial_images', 'mask', 'webhook_url', 'stream', 'input_fidelity']);

/** Every parameter of a card: its lowest and highest value, one outside on either side, and a wrong type. */
export function cellsOf(card: ModelCard): Cell[] {
  return Object.entries(card.parameters).flatMap(([param, schema]) => {
    const cells = param === 'size' ? sizeCells(schema, card['x-size']) : plainCells(param, schema);
    const usable = elsewhere.has(param) ? cells.filter(({ expects }) => expects === 'refused') : cells;
    const beside = companions[param];
    return beside === undefined ? usable : usable.map((cell) => ({ ...cell, beside }));
  });
}

function plainCells(param: string, schema: Schema): Cell[] {
  const made = (what: string, value: unknown): Cell => ({ param, value, what, expects: 'made' });
  const refused = (what: string, value: unknown): Cell => ({ param, value, what, expects: 'refused' });
  const [first, last] = [schema.enum?.at(0), schema.enum?.at(-1)];
  switch (schema.type) {
    case 'integer':
      return [
        ...(schema.minimum === undefined
          ? []
          : [made('lowest', schema.minimum), refused('one below the lowest', schema.minimum - 1)]),
        ...(schema.maximum === undefined
          ? []
          : [made('highest', schema.maximum), refused('one above the highest', schema.maximum + 1)]),
        refused('wrong type (text)', String(schema.maximum ?? 1)),
        refused('wrong type (a fraction)', (schema.minimum ?? 0) + 0.5),
        refused('wrong type (a list)', [schema.maximum ?? 1]),
      ];
    case 'boolean':
      return [
        made('allowed', schema.enum === undefined ? true : first),
        ...(schema.enum?.length === 1 ? [refused('the other one', first !== true)] : []),
        refused('wrong type (text)', 'true'),
        refused('wrong type (a number)', 1),
      ];
    case 'object':
      return [
        refused('wrong type (text)', 'text'),
        refused('wrong type (a list)', [1]),
        refused('an unknown member', { no_such_member: 1 }),
        ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
          plainCells(param, member)
            // The most that can be made costs the most, and says nothing new.
            .filter(({ expects, what }) => expects === 'refused' || what === 'lowest')
            .map((cell) => ({ ...cell, value: { [name]: cell.value }, what: `${name}: ${cell.what}` })),
        ),
      ];
    case 'string':
      return [
        ...(schema.enum === undefined ? [] : [made('first', first), made('last', last)]),
        ...(schema.enum === undefined ? [] : [refused('one outside', `${String(first)}-x`)]),
        ...(schema.maxLength === undefined
          ? []
          : [refused('one too long', 'x'.repeat(schema.maxLength + 1))]),
        refused('wrong type (a number)', 7),
        refused('wrong type (a list)', ['1']),
      ];
    case undefined:
    default:
      return [refused('wrong type (a number)', 7)];
  }
}

function sizeCells(schema: Schema, rule: SizeRule | undefined): Cell[] {
  const cell = (what: string, value: unknown, expects: Cell['expects']): Cell => ({
    param: 'size',
    value,
    what,
    expects,
  });
  const presets = Object.values(rule?.presets ?? {}).flatMap((byRatio) => Object.values(byRatio));
  const [lowest, highest] = rule === undefined ? [undefined, undefined] : squareBounds(rule);
  const step = rule?.multipleOf ?? 1;
  return [
    ...[...new Set([presets[0], presets.at(-1)])]
      .filter((preset) => preset !== undefined)
      .map((preset) => cell('a preset', preset, 'made')),
    ...(lowest === undefined || schema.enum !== undefined
      ? []
      : [
          cell('lowest square', square(lowest), 'made'),
          cell('one below the lowest square', square(lowest - step), 'refused'),
        ]),
    ...(highest === undefined || schema.enum !== undefined
      ? []
      : [
          cell('highest square', square(highest), 'made'),
          cell('one above the highest square', square(highest + step), 'refused'),
        ]),
    ...['1x1', '99999x99999', '0x1024', '1024', 'large', ''].map((value) =>
      cell('one outside', value, 'refused'),
    ),
    cell('wrong type (a number)', 1024, 'refused'),
    cell('wrong type (a list)', [1024, 1024], 'refused'),
  ];
}

function square(side: number): string {
  return `${side}x${side}`;
}

/** The shortest and the longest side that a square may have. */
function squareBounds(rule: SizeRule): [number | undefined, number | undefined] {
  const step = rule.multipleOf ?? 1;
  const fromPixels = rule.minPixels === undefined ? 0 : Math.ceil(Math.sqrt(rule.minPixels) / step) * step;
  const lowest = Math.max(fromPixels, rule.minSide ?? 0);
  const toPixels =
    rule.maxPixels === undefined ? Infinity : Math.floor(Math.sqrt(rule.maxPixels) / step) * step;
  const highest = Math.min(toPixels, rule.maxSide ?? Infinity);
  return [lowest === 0 ? undefined : lowest, highest === Infinity ? undefined : highest];
}
