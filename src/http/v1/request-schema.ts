import type { Card } from '../../core/card.ts';
import type { Model } from '../../core/catalog.ts';
import type { JsonSchema, RequestBody } from '../openapi/operation.ts';
import { fields, ownSchemas, type Field } from './fields.ts';
import { conflictsOf, sizeToWire } from './wire.ts';

/**
 * The body of a create request as JSON Schema: one schema for each model, made of the field table and the model's
 * card, which are what requests are checked by (public-api.md sections 4.1 and 4.2).
 */
export function createBody(models: readonly Model[]): RequestBody {
  const names = new Map(models.map(({ card }) => [card.id, componentName(card.id)]));
  const refTo = (card: Card): string => `#/components/schemas/${names.get(card.id)}`;
  return {
    schema: {
      oneOf: models.map(({ card }) => ({ $ref: refTo(card) })),
      discriminator: {
        propertyName: 'model',
        mapping: Object.fromEntries(
          models.flatMap(({ card }) => namesOf(card).map((name) => [name, refTo(card)])),
        ),
      },
    },
    components: {
      InputImage: inputImage,
      ...Object.fromEntries(models.map(({ card }) => [names.get(card.id), requestSchemaOf(card)])),
    },
    examples: Object.fromEntries(models.map(({ card }) => [card.displayName, exampleFor(card)])),
  };
}

/** What a model takes. What JSON Schema cannot say stands beside it, as in GET /v1/models. */
function requestSchemaOf(card: Card): JsonSchema {
  const properties = fields.flatMap((field) => {
    const schema = schemaOf(field, card);
    return schema === undefined ? [] : [[field.name, withAliases(schema, field)]];
  });
  return {
    title: card.displayName,
    type: 'object',
    required: ['model', 'prompt'],
    properties: Object.fromEntries(properties),
    ...(card.size === undefined ? {} : { 'x-size': sizeToWire(card.size) }),
    'x-conflicts': conflictsOf(card),
  };
}

function schemaOf({ name }: Field, card: Card): JsonSchema | undefined {
  switch (name) {
    case 'model':
      return {
        type: 'string',
        enum: namesOf(card),
        description: 'Its id or one of its aliases, in upper or lower case.',
      };
    case 'prompt':
      return {
        type: 'string',
        minLength: 1,
        maxLength: card.maxPromptLength,
        pattern: '\\S',
        description: 'What the image is to show.',
      };
    case 'reference_images':
      return card.inputImages.max === 0 ? undefined : inputImages(card);
    case 'provider_options':
      return Object.keys(card.providerOptions).length === 0 ? undefined : providerOptions(card);
    default:
      return ownSchemas[name] ?? card.parameters[name];
  }
}

function withAliases(schema: JsonSchema, { aliases }: Field): JsonSchema {
  if (aliases.length === 0) return schema;
  const list = aliases.map((alias) => `\`${alias}\``).join(', ');
  const about = typeof schema['description'] === 'string' ? `${schema['description']} ` : '';
  return { ...schema, description: `${about}Also called ${list}.` };
}

function namesOf(card: Card): string[] {
  return [card.id, ...card.aliases];
}

const imageText = {
  type: 'string',
  examples: ['https://example.com/boat.jpg'],
  description: '`https://...`, `data:image/<type>;base64,...` or `asset://<asset_id>`.',
};

const inputImage: JsonSchema = {
  title: 'InputImage',
  description: 'An image to start from: its address or its bytes, alone or in the forms of other APIs.',
  anyOf: [
    imageText,
    { type: 'object', properties: { url: imageText }, required: ['url'], additionalProperties: false },
    {
      type: 'object',
      properties: {
        image_url: {
          anyOf: [
            imageText,
            {
              type: 'object',
              properties: { url: imageText },
              required: ['url'],
              additionalProperties: false,
            },
          ],
        },
      },
      required: ['image_url'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: { file_id: { type: 'string', description: 'An asset id.' } },
      required: ['file_id'],
      additionalProperties: false,
    },
  ],
};

function inputImages({ inputImages: { max } }: Card): JsonSchema {
  const one = { $ref: '#/components/schemas/InputImage' };
  return {
    anyOf: [{ type: 'array', maxItems: max, items: one }, one],
    description: `Up to ${max} images to start from, in this order; one alone may stand without a list.`,
  };
}

function providerOptions(card: Card): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(card.providerOptions).map(([provider, names]) => [provider, passedOn(names)]),
    ),
    additionalProperties: false,
    description: "The provider's own fields, passed on as they are.",
  };
}

function passedOn(names: readonly string[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, {}])),
    additionalProperties: false,
  };
}

/** Ids may hold characters that a component's name may not; two that differ only in those stay apart. */
function componentName(id: string): string {
  return `ImageRequest-${id.replaceAll('_', '__').replaceAll('/', '_1').replaceAll(':', '_2')}`;
}

function exampleFor(card: Card): JsonSchema {
  const size = card.parameters['size']?.['default'];
  return {
    model: card.id,
    prompt: 'A minimalist sunrise over calm water, digital illustration',
    ...(typeof size === 'string' ? { size } : {}),
  };
}
