import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { Operation } from './kit-faults.ts';
import type { FormEntry } from './kit-server.ts';

/** One image an upstream would have put on the bill. */
export interface LedgerEntry {
  /** Milliseconds of the simulator's clock. */
  at: number;
  requestId: string;
  taskId?: string;
  /** The caller's own id for the work, where the upstream takes one. */
  ourId?: string;
  model: string;
  /** The first 500 characters. */
  prompt: string;
  /** Position of the image in its request. */
  index: number;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  /** What the upstream says it took, in its own unit. */
  amount?: string;
}

/** One request as it arrived, credentials and long base64 left out. */
export interface SeenRequest {
  at: number;
  on: Operation;
  method: string;
  /** Path and query. */
  path: string;
  /** Credential headers keep their name and lose their value. */
  headers: Record<string, string>;
  /** Parsed JSON, a form's fields by name, or undefined. */
  body: unknown;
}

/** The last `limit` entries; older ones are forgotten, so that a sandbox may run for weeks. */
export interface BoundedLog<Entry> {
  add(entry: Entry, size?: number): void;
  entries(): readonly Entry[];
  clear(): void;
}

/** Keeps at most `maxEntries`, and where sizes are given at most `maxSize` of their sum. */
export function createLog<Entry>(maxEntries: number, maxSize = Number.POSITIVE_INFINITY): BoundedLog<Entry> {
  let kept: { entry: Entry; size: number }[] = [];
  let sum = 0;
  return {
    add(entry, size = 0) {
      kept.push({ entry, size });
      sum += size;
      // Dropped in batches: shifting one by one from a long array costs more than it keeps.
      if (kept.length < maxEntries * 1.1 && sum < maxSize * 1.1) return;
      let from = Math.max(0, kept.length - maxEntries);
      for (const dropped of kept.slice(0, from)) sum -= dropped.size;
      for (; sum > maxSize && from < kept.length - 1; from += 1) sum -= kept[from]?.size ?? 0;
      kept = kept.slice(from);
    },
    entries: () => kept.slice(-maxEntries).map((each) => each.entry),
    clear() {
      kept = [];
      sum = 0;
    },
  };
}

const credentialHeaders = new Set(['authorization', 'x-goog-api-key', 'cookie', 'proxy-authorization']);

/** Headers for the log: names as they came, values of credentials removed. */
export function withoutCredentials(headers: IncomingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    shown[name] = credentialHeaders.has(name) ? '(removed)' : String(value);
  }
  return shown;
}

/** A form as the log has it: fields by name, a list where a name is repeated; of files what they are, not their bytes. */
export function shownForm(form: readonly FormEntry[]): Record<string, unknown> {
  const shown = new Map<string, unknown[]>();
  for (const { name, value } of form.slice(0, maxMembers)) {
    const all = shown.get(name) ?? [];
    shown.set(name, all);
    if (typeof value === 'string') all.push(abbreviatedText(value));
    else {
      const { bytes, ...facts } = value;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      all.push({ ...facts, bytes: bytes.length, sha256 });
    }
  }
  return Object.fromEntries([...shown].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
}

const maxTextLength = 10_000;
const maxMembers = 1_000;
const maxDepth = 40;

/**
 * A copy of parsed JSON in which long base64 (and any other very long text) is reduced to its beginning and length, and what is too
 * deep or too many is left out.
 */
export function abbreviated(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return abbreviatedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '(deeper)';
  if (Array.isArray(value)) return value.slice(0, maxMembers).map((each) => abbreviated(each, depth + 1));
  const members = Object.entries(value).slice(0, maxMembers);
  return Object.fromEntries(members.map(([name, member]) => [name, abbreviated(member, depth + 1)]));
}

function abbreviatedText(text: string): string {
  const isBase64 =
    text.length > 256 && /^(data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_-]{100}/.test(text.slice(0, 256));
  if (!isBase64 && text.length <= maxTextLength) return text;
  return `${text.slice(0, 64)}... (${text.length} characters)`;
}
