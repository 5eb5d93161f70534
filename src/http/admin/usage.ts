import { GatewayError } from '../../core/errors.ts';
import { dayOf, type KeyUsageRow } from '../../core/ledger.ts';
import { percentile } from '../../core/percentile.ts';
import { queryOf } from '../v1/images.ts';
import { readUsageQuery } from '../v1/usage-query.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { readKeyId } from './images.ts';
import { makeKeyNamer, type NamedKey } from './key-names.ts';
import type { AdminUsageRow, List } from './wire.ts';

/** More than a page can show; who needs more asks for fewer days at a time. */
const maxRows = 20_000;
/** How many of the newest records the latencies are taken from. */
const maxRecords = 20_000;
const dayMs = 24 * 60 * 60 * 1000;

/** GET /admin/usage: what every key has used, by day, key and model. */
export function adminUsageRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/usage': {
      GET: async (request, reply) => {
        const query = queryOf(request.url);
        const days = readUsageQuery(query, tools.clock.now());
        const rows = await readRows(days, readKeyId(query), tools);
        if (!wantsCsv(query, request.headers.accept)) {
          const list: List<AdminUsageRow> = { object: 'list', data: rows };
          return await reply.send(list);
        }
        return await reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="easel-usage-${days.from}-${days.to}.csv"`)
          .send(toCsv(rows));
      },
    },
  };
}

async function readRows(
  { from, to }: { from: string; to: string },
  keyId: string | undefined,
  tools: Pick<HttpTools, 'ledger' | 'records' | 'keys'>,
): Promise<AdminUsageRow[]> {
  const sums = await tools.ledger.usageByKey({ keyId, from, to, limit: maxRows + 1 });
  if (sums.length > maxRows)
    throw new GatewayError(
      'invalid_value',
      `This is more than ${maxRows} rows. Ask for fewer days, or for one key.`,
      { param: 'from' },
    );
  const times = await tools.records.durations({
    keyId,
    fromMs: Date.parse(from),
    toMs: Date.parse(to) + dayMs,
    most: maxRecords,
  });
  const durations = Map.groupBy(times, (time) =>
    placeOf({ date: dayOf(time.createdAtMs), keyId: time.keyId, model: time.model }),
  );
  const nameKey = await makeKeyNamer(tools.keys);
  return sums.map((row) => {
    const took = (durations.get(placeOf(row)) ?? []).map(({ durationMs }) => durationMs);
    return toWire(row, nameKey(row.keyId), took);
  });
}

function placeOf({ date, keyId, model }: Pick<KeyUsageRow, 'date' | 'keyId' | 'model'>): string {
  return `${date} ${keyId} ${model}`;
}

function toWire(row: KeyUsageRow, key: NamedKey, tookMs: readonly number[]): AdminUsageRow {
  const { date, model, requests, images, failed, unknown, outputTokens, cost } = row;
  return {
    date,
    key,
    model,
    requests,
    images,
    failed,
    unknown,
    output_tokens: outputTokens,
    cost,
    latency_p50_ms: percentile(tookMs, 0.5) ?? null,
    latency_p95_ms: percentile(tookMs, 0.95) ?? null,
  };
}

function wantsCsv(query: URLSearchParams, accept: string | undefined): boolean {
  const format = query.get('format');
  if (format === null) return /\btext\/csv\b/i.test(accept ?? '');
  if (format === 'csv' || format === 'json') return format === 'csv';
  throw new GatewayError('invalid_value', "'format' must be csv or json.", { param: 'format' });
}

const columns: Readonly<Record<string, (row: AdminUsageRow) => string | number | null>> = {
  date: ({ date }) => date,
  key_id: ({ key }) => key.id,
  key: ({ key }) => key.name,
  model: ({ model }) => model,
  requests: ({ requests }) => requests,
  images: ({ images }) => images,
  failed: ({ failed }) => failed,
  unknown: ({ unknown }) => unknown,
  output_tokens: ({ output_tokens }) => output_tokens,
  cost: ({ cost }) => cost?.amount ?? null,
  currency: ({ cost }) => cost?.currency ?? null,
  latency_p50_ms: ({ latency_p50_ms }) => latency_p50_ms,
  latency_p95_ms: ({ latency_p95_ms }) => latency_p95_ms,
};

/** RFC 4180. */
function toCsv(rows: readonly AdminUsageRow[]): string {
  const lines = rows.map((row) => Object.values(columns).map((read) => cell(read(row))));
  return [Object.keys(columns), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** A name that begins like a formula, also in full width, is text to a spreadsheet only behind a quote. */
function cell(value: string | number | null): string {
  const text =
    typeof value === 'string' && /^[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
