import type { RouteHandlerMethod } from 'fastify';
import type { z } from 'zod';
import type { Model } from '../../core/catalog.ts';
import type { ErrorReason } from '../../core/errors.ts';
import type { ReplyHeader } from './headers.ts';
import type { Tag } from './tags.ts';

/**
 * How an endpoint is described. A route file's operations are declared beside it and handed to `register` in
 * server.ts together with its handlers; the API's description at /openapi.json is made of all of them.
 */
export interface Operation {
  /** operationId: what a generated client calls it. */
  id: string;
  tag: Tag;
  /** A few words, for menus. */
  summary: string;
  /** Markdown, of which some may depend on the models this server has. */
  about?: string | ((models: readonly Model[]) => string);
  /** key: needs an API key; signature: the address carries its own right; open: anyone. */
  access: 'key' | 'signature' | 'open';
  parameters?: readonly Parameter[];
  /** Media type -> what may be sent. */
  body?: Readonly<Record<string, BodySource>>;
  /** HTTP status -> what is answered when all went well. */
  replies: Readonly<Record<number, Reply>>;
  /** What else may be answered, besides what follows from `access` and our own faults. */
  errors: readonly ErrorReason[];
}

export interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  /** A sentence or two. */
  about: string;
  schema: JsonSchema;
  required?: boolean;
}

export interface Reply {
  about: string;
  headers?: readonly ReplyHeader[];
  /** Media type -> content; absent: there is no body. */
  content?: Readonly<Record<string, Content>>;
}

/** A message this server sends by itself, to an address a caller gave. */
export interface Webhook {
  id: string;
  tag: Tag;
  summary: string;
  /** Markdown. */
  about: string;
  headers: readonly Parameter[];
  shape: z.ZodType;
}

/** A body in one of the shapes of the wire, one event of such a shape after the other, or of a form that has no fields of ours. */
export type Content =
  | { shape: z.ZodType; examples?: Readonly<Record<string, unknown>> }
  /** Event name -> the shape of its data. */
  | { events: Readonly<Record<string, z.ZodType>>; examples?: Readonly<Record<string, unknown>> }
  | { schema: JsonSchema; examples?: Readonly<Record<string, unknown>> };

/** What a request's body may be, for the models this server has. */
export type BodySource = (models: readonly Model[]) => RequestBody;

export interface RequestBody {
  schema: JsonSchema;
  /** Schemas the body's own refers to, by the names it uses for them. */
  components: Readonly<Record<string, JsonSchema>>;
  /** Name -> a body that is legal. */
  examples: Readonly<Record<string, unknown>>;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A group of operations: path as the router has it -> method -> operation. */
export type OperationTable = Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;

/** The handlers of a group of operations: one for each, and no other. */
export type RoutesOf<Table extends OperationTable> = {
  readonly [Path in keyof Table]: { readonly [Verb in keyof Table[Path]]: RouteHandlerMethod };
};
