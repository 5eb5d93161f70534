import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';

import { compile, type Prepared, type Statement } from './prepared.ts';
import type { Schema } from './schema.ts';
import { asRecordStoreError, inPortWords } from './sqlite-error.ts';

/** Texts of lists differ by the length of their `in (...)`: bounded, oldest out. */
const maxStatements = 200;

/** kysely over node:sqlite, every text prepared once. */
export function toKysely(file: DatabaseSync): Kysely<Schema> {
  const statements = new Map<string, SqliteStatement>();
  const database: SqliteDatabase = {
    close: () => {},
    prepare(text) {
      const known = statements.get(text);
      if (known !== undefined) return known;
      const made = toKyselyStatement(inPortWords(() => file.prepare(text)));
      const [oldest] = statements.keys();
      if (statements.size >= maxStatements && oldest !== undefined) statements.delete(oldest);
      statements.set(text, made);
      return made;
    },
  };
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
}

function toKyselyStatement(made: StatementSync): SqliteStatement {
  return {
    reader: made.columns().length > 0,
    all: (parameters) => inPortWords(() => made.all(...asValues(parameters))),
    run: (parameters) => inPortWords(() => made.run(...asValues(parameters))),
    iterate: (parameters) => inPortWords(() => made.iterate(...asValues(parameters))),
  };
}

/** Statements that kysely builds once; running one is a call into SQLite and nothing else. */
export function toPrepared(file: DatabaseSync, query: Kysely<Schema>): Prepared {
  const known = new Map<object, unknown>();

  function readyOf<Values>(statement: Statement<Values, unknown>): Ready<Values> {
    // Under a statement stands its own.
    const found = known.get(statement) as Ready<Values> | undefined;
    if (found !== undefined) return found;
    const { text, bind } = compile(statement, query);
    const made: Ready<Values> = { made: file.prepare(text), bind };
    known.set(statement, made);
    return made;
  }

  /** `inPortWords` without a function made for each call. */
  function running<Values, Result>(
    how: (made: StatementSync, values: SQLInputValue[]) => Result,
    statement: Statement<Values, unknown>,
    values: Values,
  ): Result {
    try {
      const ready = readyOf(statement);
      return how(ready.made, asValues(ready.bind(values)));
    } catch (error) {
      throw asRecordStoreError(error);
    }
  }

  return {
    rows: <Values, Row>(statement: Statement<Values, Row>, values: Values) =>
      running(all, statement, values) as Row[],
    first: <Values, Row>(statement: Statement<Values, Row>, values: Values) =>
      running(get, statement, values) as Row | undefined,
    run: (statement, values) => running(run, statement, values),
  };
}

interface Ready<Values> {
  made: StatementSync;
  bind: (values: Values) => unknown[];
}

const all = (made: StatementSync, values: SQLInputValue[]): unknown[] => made.all(...values);
const get = (made: StatementSync, values: SQLInputValue[]): unknown => made.get(...values);
const run = (made: StatementSync, values: SQLInputValue[]): number => Number(made.run(...values).changes);

/** What we bind is text, numbers and null; node:sqlite refuses anything else. */
function asValues(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
