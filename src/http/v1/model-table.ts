import type { Card } from '../../core/card.ts';
import { fields, type Field } from './fields.ts';

/** What each model takes, at a glance: a Markdown table of fields by models, made of the cards. */
export function modelTable(cards: readonly Card[]): string {
  const rows = fields
    .map((field) => ({ field, cells: cards.map((card) => cellOf(field, card)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== none));
  return [
    row(['', ...cards.map((card) => card.displayName)]),
    row(['---', ...cards.map(() => '---')]),
    ...rows.map(({ field, cells }) => row([`\`${field.name}\``, ...cells])),
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const none = '–';

function cellOf({ name }: Field, card: Card): string {
  switch (name) {
    case 'model':
      return `\`${card.id}\``;
    case 'prompt':
      return `up to ${card.maxPromptLength}`;
    case 'reference_images':
      return card.inputImages.max === 0 ? none : `up to ${card.inputImages.max}`;
    case 'provider_options':
      return Object.keys(card.providerOptions).join(', ') || none;
    case 'user':
      return 'yes';
    case 'size':
      return card.parameters['size'] === undefined ? none : sizes(card);
    default:
      return card.parameters[name] === undefined ? none : values(card.parameters[name]);
  }
}

function sizes({ size, parameters }: Card): string {
  if (size === undefined) return 'any';
  const listed = parameters['size']?.['enum'] ?? parameters['size']?.['examples'];
  const words = Array.isArray(listed) ? listed.filter((word) => /^\dK$/.test(String(word))) : [];
  const pixels = Array.isArray(listed) ? listed.filter((word) => /^\d+x\d+$/.test(String(word))) : [];
  return [...words, size.free === undefined ? `${pixels.length} sizes` : 'WxH'].join(', ');
}

/** A schema in a few words. */
function values({ type, minimum, maximum, enum: words }: Card['parameters'][string]): string {
  if (typeof minimum === 'number' && typeof maximum === 'number' && maximum < 1e6)
    return `${minimum} to ${maximum}`;
  if (!Array.isArray(words)) return type === 'boolean' ? 'true, false' : 'yes';
  return words.length > 4
    ? `${words.filter((word) => word !== 'auto').length} values`
    : words.map(String).join(', ');
}
