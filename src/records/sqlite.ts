import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { AssetStore } from '../core/asset.ts';
import type { AuditStore } from '../core/audit.ts';
import type { SessionStore } from '../core/console-session.ts';
import type { IdempotencyStore } from '../core/idempotency.ts';
import type { KeyStore, SettingStore } from '../core/key-store.ts';
import type { LedgerStore } from '../core/ledger.ts';
import { makeFolders } from '../core/make-folders.ts';
import { RecordStoreError, type RecordStore } from '../core/record-store.ts';
import type { WebhookStore } from '../core/webhook.ts';
import type { Database } from './database.ts';
import { makeRecordStore } from './generations.ts';
import { makeIdempotencyStore } from './idempotency.ts';
import { makeKeyStore } from './keys.ts';
import { makeLedgerStore } from './ledger.ts';
import { migrations } from './migrations/all.ts';
import { makeSettingStore } from './settings.ts';
import { makeCommits } from './sqlite-commits.ts';
import { inPortWords } from './sqlite-error.ts';
import { openWriteAheadLog } from './sqlite-log.ts';
import { sqlitePrompts } from './sqlite-prompts.ts';
import { toKysely, toPrepared } from './sqlite-statements.ts';
import { makeAssetStore } from './assets.ts';
import { makeAuditStore } from './audit.ts';
import { makeSessionStore } from './sessions.ts';
import { makeWebhookStore } from './webhooks.ts';

export interface SqliteOptions {
  /** Made, with its folder, when it is not there. */
  file: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** The stores of one database, and what closes them all. */
export interface Stores {
  records: RecordStore;
  idempotency: IdempotencyStore;
  keys: KeyStore;
  ledger: LedgerStore;
  settings: SettingStore;
  webhooks: WebhookStore;
  assets: AssetStore;
  sessions: SessionStore;
  audit: AuditStore;
  /** Ends when all writes that were begun are on the disk. */
  close(): Promise<void>;
}

/**
 * Records, keys and settings in one SQLite file, which several processes may have open. Throws
 * RecordStoreError: `newer` when a newer version of the program made the file.
 */
export async function openSqlite(options: SqliteOptions): Promise<Stores> {
  const opened = openSqliteDatabase(options);
  const { database } = opened;
  return {
    records: makeRecordStore(database),
    idempotency: makeIdempotencyStore(database),
    keys: makeKeyStore(database),
    ledger: makeLedgerStore(database),
    settings: makeSettingStore(database),
    webhooks: makeWebhookStore(database),
    assets: makeAssetStore(database),
    sessions: makeSessionStore(database),
    audit: makeAuditStore(database),
    close: () => opened.close(),
  };
}

/** The same without the stores. */
export function openSqliteDatabase(options: SqliteOptions): { database: Database; close(): Promise<void> } {
  const { writerFile, readerFile } = inPortWords(() => openFiles(options));
  const log = inPortWords(() => openWriteAheadLog(options.file, writerFile));
  const commits = makeCommits(writerFile, log.durable);
  const reader = toKysely(readerFile);
  return {
    database: {
      reader,
      prepared: toPrepared(readerFile, reader),
      write: commits.write,
      writeSoon: commits.writeSoon,
      prompts: sqlitePrompts,
      now: options.now,
    },
    async close() {
      await commits.close();
      if (!writerFile.isOpen) return;
      await log.close();
      readerFile.close();
      // The last one to close folds the write-ahead log into the file.
      writerFile.close();
    },
  };
}

/**
 * Two connections: SQLite keeps one transaction per connection, and reads must not land in the middle of a
 * group of writes. In WAL mode neither waits for the other.
 */
function openFiles({ file, now }: SqliteOptions): { writerFile: DatabaseSync; readerFile: DatabaseSync } {
  makePrivateFile(file);
  const writerFile = new DatabaseSync(file, { timeout: 5_000 });
  try {
    writerFile.exec('pragma journal_mode = wal');
    // A commit does not wait for the disk: that is done off the event loop, before anybody is told (sqlite-log.ts).
    writerFile.exec('pragma synchronous = normal');
    writerFile.exec('pragma wal_autocheckpoint = 0');
    writerFile.exec('pragma journal_size_limit = 67108864');
    migrate(writerFile, now);
    // From now on waiting for another process is done without stopping the event loop (sqlite-commits.ts).
    writerFile.exec('pragma busy_timeout = 0');
    const readerFile = new DatabaseSync(file, { timeout: 5_000, readOnly: true });
    readerFile.exec('pragma cache_size = -16000');
    return { writerFile, readerFile };
  } catch (error) {
    writerFile.close();
    throw error;
  }
}

/** Prompts and the signing secret are nobody else's; SQLite gives its side files the same permissions. */
function makePrivateFile(file: string): void {
  try {
    makeFolders(path.dirname(file));
    // Only when it is new: opening and closing a database file drops the locks this process has on it.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (existsSync(file)) return;
    throw new RecordStoreError('io', 'The file of the records cannot be made.', error);
  }
}

function migrate(file: DatabaseSync, now: () => number): void {
  file.exec('begin immediate');
  try {
    file.exec(`create table if not exists migrations (
      number integer primary key, name text not null, applied_at_ms integer not null
    ) strict`);
    const applied = Number(
      file.prepare('select max(number) as number from migrations').get()?.['number'] ?? 0,
    );
    if (applied > migrations.length) {
      throw new RecordStoreError(
        'newer',
        `The records were made by a newer version of Easel (their schema is ${applied}, this version knows ` +
          `${migrations.length}). Start that version, or use another data directory.`,
      );
    }
    const note = file.prepare('insert into migrations (number, name, applied_at_ms) values (?, ?, ?)');
    for (const { number, name, sqlite } of migrations.slice(applied)) {
      for (const statement of sqlite) file.exec(statement);
      note.run(number, name, now());
    }
    file.exec('commit');
  } catch (error) {
    if (file.isTransaction) file.exec('rollback');
    throw error;
  }
}
