import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** A record as the public API shows it, as far as it is looked at here. */
export interface WireRecord {
  id: string;
  status: 'completed' | 'failed' | 'in_progress';
  prompt: string;
  error: WireError | null;
  images: readonly WireImage[];
  failed_images: readonly { index: number; error: WireError }[];
  parameters: { n?: number };
  attempts: number;
}

export interface WireImage {
  index: number;
  url: string;
  bytes: number;
  sha256: string;
}

export interface WireError {
  reason: string;
  message: string;
}

interface Page {
  data: WireRecord[];
  has_more: boolean;
  last_id: string | null;
}

const requestLimitMs = 20_000;

/** Every record of a key, in progress or not. */
export async function readRecords(
  url: string,
  secret: string,
  status: 'all' | 'in_progress',
): Promise<WireRecord[]> {
  const records: WireRecord[] = [];
  let after = '';
  for (;;) {
    const page = (await (
      await ask(`${url}/v1/images?status=${status}&order=asc&limit=100${after}`, secret)
    ).json()) as Page;
    records.push(...page.data);
    if (!page.has_more) return records;
    after = `&after=${page.last_id}`;
  }
}

/** The hash of an image's bytes as a caller gets them: by its signed link, or with the key. */
export async function hashImage(
  url: string,
  secret: string,
  record: WireRecord,
  image: WireImage,
): Promise<string> {
  const isEven = image.index % 2 === 0;
  const response = isEven
    ? await ask(image.url, undefined)
    : await ask(`${url}/v1/images/${record.id}/content?format=binary&index=${image.index}`, secret);
  return createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
}

async function ask(address: string, secret: string | undefined): Promise<Response> {
  const response = await fetch(address, {
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(requestLimitMs),
  });
  if (response.status === 200) return response;
  throw new Error(`${new URL(address).pathname} answered ${response.status}: ${await response.text()}`);
}

/** `img_..._0` of every stored picture's file, and files left unfinished. */
export async function listObjects(folder: string): Promise<{ pictures: Set<string>; drafts: number }> {
  const pictures = new Set<string>();
  let drafts = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    if (entry.parentPath.includes('.drafts')) drafts += 1;
    else pictures.add(path.parse(entry.name).name);
  }
  return { pictures, drafts };
}
