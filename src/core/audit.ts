/** Who did it: with the admin key itself, in a session of the console, or on the command line. */
export type AuditActor = 'admin key' | 'console session' | 'command line';

/** What was done. */
export type AuditAction =
  | 'session.sign_in'
  | 'session.sign_out'
  | 'session.refused'
  | 'session.act_as'
  | 'session.make_link'
  | 'key.create'
  | 'key.change'
  | 'key.freeze'
  | 'key.unfreeze'
  | 'key.rotate'
  | 'key.delete'
  | 'key.webhook_secret'
  | 'image.delete'
  | 'webhook.redeliver';

/** One act of an operator. */
export interface AuditEntry {
  id: string;
  atMs: number;
  actor: AuditActor;
  action: AuditAction;
  /** The id of what it was done to. */
  target: string | undefined;
  /** A few words for people; never a secret or a prompt. */
  detail: string | undefined;
}

/**
 * Where the entries live. The newest 10,000 are kept, and of refused sign-ins the newest 1,000, so that a stranger who
 * tries keys cannot push the operator's own acts out. Throws RecordStoreError.
 */
export interface AuditStore {
  add(entry: AuditEntry): Promise<void>;
  /** Newest first; `before`: only those older than this id. */
  list(query: { limit: number; before?: string }): Promise<AuditEntry[]>;
}
