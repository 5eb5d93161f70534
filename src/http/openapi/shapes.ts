import { z } from 'zod';
import type { JsonSchema } from './operation.ts';
import { namedShapes } from '../v1/wire-schemas.ts';

const place = '#/components/schemas/';

/** Every named shape of the wire as JSON Schema, by name. Open: a client must tolerate what a later version adds. */
export function shapeComponents(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(namedShapes, {
    uri: (id) => place + id,
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      delete jsonSchema.propertyNames;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      // What the document itself says: the dialect, and where the schema stands.
      delete schema.$schema;
      delete schema.$id;
      return [id, { title: id, ...schema }];
    }),
  );
}

/** A reference to a named shape. Throws for one without a name: such a shape would be spelled out at every use. */
export function refersTo(shape: z.ZodType): JsonSchema {
  const id = namedShapes.get(shape)?.id;
  if (id === undefined) throw new Error('a shape of the wire that the API describes needs a name');
  return { $ref: place + id };
}
