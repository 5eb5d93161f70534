/** One step of the schema. Steps already released are never changed; a change is a new step. */
export interface Migration {
  /** From 1 on, without gaps. */
  number: number;
  name: string;
  /** Statements, all in one transaction. */
  sqlite: readonly string[];
}
