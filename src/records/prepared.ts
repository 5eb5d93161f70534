import type { Compilable, Kysely, RawBuilder } from 'kysely';

import type { Schema } from './schema.ts';

/**
 * A statement of the path that every request takes: built and compiled once for each database and run with other values
 * afterwards. Building one with kysely costs several times what SQLite needs to run it.
 */
export interface Statement<Values, Row> {
  /** `values` are placeholders: they go into the statement, and are nothing to look at or to decide by. */
  build(query: Kysely<Schema>, values: Values): Compilable<Row> | RawBuilder<Row>;
}

/** Runs statements, in a write's transaction or reading. Not every database has to wait for the answer. */
export interface Prepared {
  rows<Values, Row>(statement: Statement<Values, Row>, values: Values): Row[] | Promise<Row[]>;
  first<Values, Row>(
    statement: Statement<Values, Row>,
    values: Values,
  ): Row | undefined | Promise<Row | undefined>;
  /** How many rows it changed. */
  run<Values>(statement: Statement<Values, unknown>, values: Values): number | Promise<number>;
}

export function statement<Values, Row>(build: Statement<Values, Row>['build']): Statement<Values, Row> {
  return { build };
}

/** Columns of one row that is to be inserted, by name: an insert says which there are before there are values. */
export function columns<Values, Name extends keyof Values>(
  values: Values,
  names: readonly Name[],
): Pick<Values, Name> {
  return Object.fromEntries(names.map((name) => [name, values[name]])) as Pick<Values, Name>;
}

/** A statement as one database has it. */
export interface CompiledStatement<Values> {
  text: string;
  /** The values in the order of the text. */
  bind: (values: Values) => unknown[];
}

export function compile<Values>(
  statement: Statement<Values, unknown>,
  query: Kysely<Schema>,
): CompiledStatement<Values> {
  const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(name) });
  const { sql, parameters } = statement.build(query, placeholders as Values).compile(query);
  const constants = parameters.map((one) => (one instanceof Placeholder ? undefined : one));
  const names = parameters.map((one) =>
    one instanceof Placeholder ? (one.name as keyof Values) : undefined,
  );
  return {
    text: sql,
    bind: (values) => names.map((name, i) => (name === undefined ? constants[i] : values[name])),
  };
}

/** Stands where a value will be. */
class Placeholder {
  readonly name: PropertyKey;

  constructor(name: PropertyKey) {
    this.name = name;
  }
}
