import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { closedOrigin, inputPicture } from '../../test/kit/provider-bench.ts';
import type { ProviderBench } from '../../test/kit/provider-bench.ts';
import { until } from '../../test/kit/until.ts';
import type { FaultKind } from '../core/fault.ts';
import type { CallImage, CallResult } from '../core/image-result.ts';
import type { Provider } from '../core/provider.ts';
import type { Credential } from '../core/route.ts';
import type { InjectedFault } from '../sandbox/kit.ts';

/** The cases of contract.test.ts: what every provider does the same, or says why it cannot. */

/** What cannot be read from a provider's declarations. */
export interface Facts {
  /** How an input image stands in the body. */
  inputs: 'bare' | 'data URI' | 'file' | undefined;
  /** What its simulator's named errors mean, where upstreams differ. */
  overloaded: FaultKind;
  quota: FaultKind;
  /** A body in its own words that asks for one image of the default size. */
  native: Readonly<Record<string, unknown>> | undefined;
  /** A picture refused after it was made. */
  refusedOutput: FaultKind;
  /** Takes an id of ours. */
  takesOurId: boolean;
  tokens: boolean;
  links: boolean;
  /** Its answers do not say which model served. */
  isModelUnsaid?: boolean;
  /** Its answers do not say which of several images is missing. */
  isMissingUnsaid?: boolean;
}

export interface Part {
  provider: Provider;
  /** Every oddity and error its simulator plays for `sim:<name>` in a prompt. */
  triggers: readonly string[];
  facts: Facts;
  /** Fields of its first model. */
  exposes: ReadonlySet<string>;
  imagesPerCall: number;
}

export interface Case {
  name: string;
  /** Why this provider cannot do it, or undefined. */
  cannot?: (part: Part) => string | undefined;
  run: (bench: ProviderBench, part: Part) => Promise<void>;
}

const noTasks = ({ provider }: Part): string | undefined =>
  provider.kind === 'task' ? undefined : 'answers in one exchange, there is nothing to ask again';
const noSeveral = ({ imagesPerCall, exposes }: Part): string | undefined =>
  imagesPerCall > 1 || exposes.has('sequential_image_generation')
    ? undefined
    : 'makes one image a call; more are more calls, made by the gateway';
const noLinks = ({ facts }: Part): string | undefined =>
  facts.links ? undefined : 'the picture comes inside the answer, there is no link';

export const cases: readonly Case[] = [
  {
    name: 'makes one image of the default size, charged once',
    async run(bench) {
      const request = bench.request();
      const result = await bench.make(request);
      assert.deepEqual(places(result), [0]);
      const { width, height } = await sizeOf(await bench.bytesOf(result.images[0]));
      assert.deepEqual({ width, height }, request.shape.pixels);
      assert.equal(bench.simulator.control.ledger().length, 1);
    },
  },
  {
    name: 'makes the pixels of another ratio and tier',
    async run(bench) {
      const tiers = Object.keys(bench.card.size?.presets ?? {});
      const size = tiers.length > 1 ? tiers.at(1) : undefined;
      const request = bench.request({}, { ratio: '16:9', ...(size === undefined ? {} : { size }) });
      const [image] = (await bench.make(request)).images;
      const { width, height } = await sizeOf(await bench.bytesOf(image));
      assert.deepEqual({ width, height }, request.shape.pixels);
    },
  },
  {
    name: 'makes several different images in one call',
    cannot: noSeveral,
    async run(bench, part) {
      const result = await bench.make(bench.request(several(part, 3)));
      assert.deepEqual(places(result), [0, 1, 2]);
      const hashes = await Promise.all(
        result.images.map(async (image) => hashOf(await bench.bytesOf(image))),
      );
      assert.equal(new Set(hashes).size, 3);
      assert.equal(bench.simulator.control.ledger().length, 3);
    },
  },
  {
    name: 'gives the same picture for the same seed and another for another',
    cannot: ({ exposes }) => (exposes.has('seed') ? undefined : 'the upstream has no seed'),
    async run(bench) {
      const [first, again, other] = await Promise.all(
        [11, 11, 12].map(async (seed) => {
          const [image] = (await bench.make(bench.request({ seed }))).images;
          return hashOf(await bench.bytesOf(image));
        }),
      );
      assert.equal(first, again);
      assert.notEqual(first, other);
    },
  },
  {
    name: 'hands input images on in order and in the documented form',
    cannot: ({ facts }) => (facts.inputs === undefined ? 'the upstream takes no input images' : undefined),
    async run(bench, { facts }) {
      const inputs = [await inputPicture(10), await inputPicture(200)];
      const [without] = (await bench.make(bench.request())).images;
      const [image] = (await bench.make(bench.request({ inputs }))).images;
      assert.notEqual(hashOf(await bench.bytesOf(image)), hashOf(await bench.bytesOf(without)));
      const seen = submits(bench).at(-1);
      if (facts.inputs === 'file') {
        assert.deepEqual(
          filesIn(seen?.body),
          inputs.map(({ bytes, mimeType }) => [mimeType, hashOf(bytes)]),
        );
        return;
      }
      const prefix = facts.inputs === 'bare' ? '' : 'data:image/png;base64,';
      const expected = inputs.map(({ bytes }) => abbreviated(prefix + Buffer.from(bytes).toString('base64')));
      assert.deepEqual(
        stringsIn(seen?.body).filter((text) => text.endsWith('characters)')),
        expected,
      );
    },
  },
  {
    name: 'obeys a watermark asked for, refused and not mentioned',
    cannot: ({ provider }) => {
      const schema = provider.cards[0]?.parameters['watermark'];
      return schema === undefined || schema['enum'] !== undefined
        ? 'the upstream has no visible watermark'
        : undefined;
    },
    async run(bench) {
      const [marked, plain, unsaid] = await Promise.all(
        [true, false, undefined].map(async (watermark) => {
          const [image] = (await bench.make(bench.request({ watermark }))).images;
          return hashOf(await bench.bytesOf(image));
        }),
      );
      assert.notEqual(marked, plain);
      // Without a default of ours the upstream's own holds, which marks.
      assert.equal(unsaid, bench.card.parameters['watermark']?.['default'] === false ? plain : marked);
    },
  },
  {
    name: "reports the upstream's own token counts",
    cannot: ({ facts }) => (facts.tokens ? undefined : 'the upstream reports no tokens'),
    async run(bench, { facts }) {
      const { usage, model } = await bench.make(bench.request());
      assert.ok((usage?.outputTokens ?? 0) > 0);
      assert.equal(usage?.totalTokens, (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0));
      assert.equal(model, facts.isModelUnsaid === true ? undefined : bench.card.upstreamModel);
    },
  },
  {
    name: 'a native body brings as many images and the same token counts as our words for it',
    cannot: ({ provider }) =>
      provider.native === undefined ? 'takes no native bodies: its words are ours' : undefined,
    async run(bench, { provider, facts }) {
      const native = structuredClone({ ...facts.native });
      assert.equal(provider.native?.countOf(native), 1);
      const prompt = provider.native?.promptOf(native) ?? '';
      const [own, ours] = [
        await bench.make(bench.request({ native })),
        await bench.make(bench.request({ prompt })),
      ];
      assert.deepEqual(places(own), [0]);
      assert.deepEqual([own.usage, own.model], [ours.usage, ours.model]);
      assert.deepEqual(
        await sizeOf(await bench.bytesOf(own.images[0])),
        await sizeOf(await bench.bytesOf(ours.images[0])),
      );
      assert.equal(bench.simulator.control.ledger().length, 2);
    },
  },
  {
    name: 'refused content is a refusal of content, and free',
    async run(bench) {
      inject(bench, { on: 'submit', kind: 'moderation', stage: 'input' });
      const fault = await bench.faultOf(bench.make(bench.request()));
      assert.equal(fault.kind, 'content');
      assert.deepEqual(bench.simulator.control.ledger(), []);
    },
  },
  {
    name: 'a picture refused after it was made is no result',
    async run(bench, { facts }) {
      inject(bench, { on: 'submit', kind: 'moderation', stage: 'output' });
      const fault = await bench.faultOf(onlyImage(bench.make(bench.request())));
      assert.equal(fault.kind, facts.refusedOutput);
      assert.equal(fault.row.resend, 'never');
    },
  },
  {
    name: 'throttling is free, says how long to wait, and may be sent again',
    async run(bench) {
      inject(bench, { on: 'submit', kind: 'status', error: 'throttled', headers: { 'retry-after': '2' } });
      const fault = await bench.faultOf(bench.make(bench.request()));
      assert.equal(fault.kind, 'throttled');
      assert.ok((fault.facts.waitMs ?? 0) >= 1000);
      assert.equal(fault.row.resend, 'here');
      assert.deepEqual(bench.simulator.control.ledger(), []);
    },
  },
  {
    name: 'an overload is sent again only where it is documented as free',
    async run(bench, { facts }) {
      inject(bench, { on: 'submit', kind: 'status', error: 'overloaded' });
      const fault = await bench.faultOf(bench.make(bench.request()));
      assert.equal(fault.kind, facts.overloaded);
    },
  },
  {
    name: 'a quota that no wait helps is not waited for',
    async run(bench, { facts }) {
      inject(bench, { on: 'submit', kind: 'status', error: 'quota' });
      const fault = await bench.faultOf(bench.make(bench.request()));
      assert.equal(fault.kind, facts.quota);
      assert.notEqual(fault.row.resend, 'here');
    },
  },
  {
    name: 'an empty purse is a billing fault',
    async run(bench) {
      inject(bench, { on: 'submit', kind: 'status', error: 'billing' });
      assert.equal((await bench.faultOf(bench.make(bench.request()))).kind, 'billing');
    },
  },
  {
    name: 'works with every kind of credential it declares, and a wrong one is a fault of the credential',
    async run(bench, { provider }) {
      for (const kind of provider.credentials) {
        const { right, wrong } = credentialsOf(bench, kind);
        assert.deepEqual(places(await bench.make(bench.request(), { route: { credential: right } })), [0]);
        const fault = await bench.faultOf(bench.make(bench.request(), { route: { credential: wrong } }));
        assert.equal(fault.kind, 'auth', kind);
      }
    },
  },
  {
    name: 'an unknown model is a fault of the settings',
    async run(bench) {
      const over = { route: { upstreamModel: 'no-such-model' } };
      assert.equal((await bench.faultOf(bench.make(bench.request(), over))).kind, 'misconfigured');
    },
  },
  {
    name: 'a refused connection is surely not sent',
    async run(bench) {
      const over = { route: { baseUrl: await closedOrigin() } };
      const fault = await bench.faultOf(bench.make(bench.request(), over));
      assert.equal(fault.kind, 'not_sent');
      assert.equal(fault.row.free, true);
    },
  },
  {
    name: 'a server error or a cut after the request arrived leaves the outcome unknown, never resent',
    async run(bench) {
      const spoilt: InjectedFault[] = [
        { on: 'submit', kind: 'status', error: 'internal' },
        { on: 'submit', kind: 'status', status: 502, body: '<html>Bad gateway</html>' },
        { on: 'submit', kind: 'refuse' },
        { on: 'submit', kind: 'cut-after' },
      ];
      for (const fault of spoilt) {
        inject(bench, fault);
        const { kind, row } = await bench.faultOf(bench.make(bench.request()));
        assert.equal(kind, 'unknown', JSON.stringify(fault));
        assert.equal(row.resend, 'never');
      }
      // The work behind the cut answer was done and charged.
      await until(() => bench.simulator.control.ledger().length === 1);
    },
  },
  {
    name: 'an abandoned exchange ends at once and leaves the outcome unknown',
    async run(bench) {
      inject(bench, { on: 'submit', kind: 'hang-after' });
      const abandon = new AbortController();
      const work = bench.make(bench.request(), { signal: abandon.signal });
      const fault = bench.faultOf(work);
      await until(() => submits(bench).length === 1);
      abandon.abort(new Error('deadline'));
      assert.equal((await fault).kind, 'unknown');
    },
  },
  {
    name: 'a lost submit is found again by our id, and one that never arrived is not',
    cannot: ({ provider }) =>
      provider.kind === 'task' && provider.find !== undefined
        ? undefined
        : 'the upstream cannot look up an id of ours: what was lost stays unknown',
    async run(bench) {
      assert.equal(await bench.find('img_never-0-1'), undefined);
      inject(bench, { on: 'submit', kind: 'cut-after' });
      const ourId = 'img_lost-0-1';
      assert.equal((await bench.faultOf(bench.submit(bench.request({ n: 2 }), { ourId }))).kind, 'unknown');
      const ticket = await bench.find(ourId);
      assert.ok(ticket !== undefined);
      await until(async () => (await bench.check(ticket)).state === 'done');
      assert.deepEqual(places(doneResult(await bench.check(ticket))), [0, 1]);
      assert.equal(bench.simulator.control.ledger().length, 2);
    },
  },
  {
    name: 'a second submit under the same id never makes a second picture',
    cannot: ({ facts }) => (facts.takesOurId ? undefined : 'the upstream takes no id of ours'),
    async run(bench) {
      const ourId = 'img_twice-0-1';
      const ticket = await bench.submit(bench.request(), { ourId });
      assert.equal((await bench.faultOf(bench.submit(bench.request(), { ourId }))).kind, 'unknown');
      await until(async () => (await bench.check(ticket)).state === 'done');
      assert.deepEqual(
        bench.simulator.control.ledger().map((entry) => entry.ourId),
        [ourId],
      );
    },
  },
  {
    name: 'an unreadable answer to a paid request is never a result and never free',
    async run(bench) {
      for (const kind of ['garbage', 'truncate', 'cut-body', 'wrong-type'] as const) {
        inject(bench, { on: 'submit', kind });
        const fault = await bench.faultOf(bench.make(bench.request()));
        assert.ok(fault.kind === 'bad_reply' || fault.kind === 'unknown', `${kind}: ${fault.kind}`);
      }
    },
  },
  {
    name: 'an answer that only comes slowly is a result',
    async run(bench) {
      inject(bench, { on: 'submit', kind: 'slow', overMs: 60 });
      assert.deepEqual(places(await bench.make(bench.request())), [0]);
    },
  },
  {
    name: 'a spoilt answer to a question loses nothing: the next one has the result',
    cannot: noTasks,
    async run(bench) {
      const ticket = await bench.submit(bench.request());
      await until(async () => (await bench.check(ticket)).state === 'done');
      const spoilt: InjectedFault[] = [
        ...(['garbage', 'truncate', 'cut-body', 'cut-after', 'wrong-type'] as const).map(
          (kind): InjectedFault => ({ on: 'poll', kind }),
        ),
        { on: 'poll', kind: 'status', error: 'internal' },
        { on: 'poll', kind: 'status', error: 'throttled' },
      ];
      for (const fault of spoilt) {
        inject(bench, fault);
        await bench.faultOf(bench.check(ticket));
      }
      assert.deepEqual(places(doneResult(await bench.check(ticket))), [0]);
    },
  },
  {
    name: 'a task that does not end, or goes back a step, is running',
    cannot: noTasks,
    async run(bench) {
      const ticket = await bench.submit(bench.request());
      await until(async () => (await bench.check(ticket)).state === 'done');
      inject(bench, { on: 'poll', kind: 'wrong-state-order', times: 3 });
      for (let asked = 0; asked < 3; asked += 1) {
        assert.deepEqual(await bench.check(ticket), { state: 'running' });
      }
      assert.equal((await bench.check(ticket)).state, 'done');
    },
  },
  {
    name: 'a ticket survives being written down',
    cannot: noTasks,
    async run(bench) {
      const ticket = await bench.submit(bench.request());
      const kept: unknown = JSON.parse(JSON.stringify(ticket));
      assert.deepEqual(kept, ticket);
      await until(async () => (await bench.check(ticket)).state === 'done');
    },
  },
  {
    name: 'one image of several fails alone and keeps its place',
    cannot: (part) =>
      part.facts.isMissingUnsaid === true
        ? 'the answer does not say which image is missing, so the last ones count as failed'
        : noSeveral(part),
    async run(bench, part) {
      inject(bench, { on: 'submit', kind: 'partial', indexes: [1] });
      const result = await bench.make(bench.request(several(part, 3)));
      assert.deepEqual(places(result), [0, 1, 2]);
      for (const image of result.images) {
        if (image.position === 1) await bench.faultOf(had(bench, image));
        else assert.ok((await had(bench, image)).length > 0);
      }
    },
  },
  {
    name: 'an expired link is a fault, not a picture',
    cannot: noLinks,
    async run(bench) {
      inject(bench, { on: 'download', kind: 'expired', times: 20 });
      const [image] = (await bench.make(bench.request())).images;
      const fault = await bench.faultOf(had(bench, image));
      assert.equal(fault.kind, 'bad_reply');
    },
  },
  {
    name: 'a link that is not there yet is asked for again',
    cannot: noLinks,
    async run(bench) {
      inject(bench, { on: 'download', kind: 'not-found-first' });
      const [image] = (await bench.make(bench.request())).images;
      assert.ok((await had(bench, image)).length > 0);
    },
  },
  {
    name: 'no download carries the credential',
    cannot: noLinks,
    async run(bench) {
      const [image] = (await bench.make(bench.request())).images;
      await had(bench, image);
      const downloads = bench.simulator.control.requests().filter(({ on }) => on === 'download');
      assert.equal(downloads.length, 1);
      for (const { headers, path } of downloads) {
        assert.ok(!('authorization' in headers) && !('x-goog-api-key' in headers));
        assert.ok(!path.includes(bench.simulator.credential.apiKey));
      }
    },
  },
  {
    name: 'whatever the upstream plays ends in a picture it charged or in a fault, and what is called free was not charged',
    async run(bench, { triggers }) {
      assert.ok(triggers.length > 10);
      for (const name of triggers) {
        bench.simulator.control.reset();
        const work = bench.make(bench.request({ prompt: `a fox sim:${name}` }));
        const images = await work.then(
          (result) => result.images,
          async (): Promise<CallImage[]> => [
            { kind: 'failed', position: 0, fault: await bench.faultOf(work) },
          ],
        );
        assert.equal(images.length, 1, name);
        const charged = bench.simulator.control.ledger().map((entry) => entry.sha256);
        for (const image of images) {
          if (image.kind !== 'failed') assert.equal(hashOf(await bench.bytesOf(image)), charged.at(-1), name);
          else if (image.fault.row.free) assert.deepEqual(charged, [], name);
        }
      }
    },
  },
  {
    name: 'no credential is in any address, log line or fault, even when the upstream repeats it',
    async run(bench) {
      const { apiKey } = bench.simulator.credential;
      const message = `The key ${apiKey} is not known here`;
      const body = { code: 1000, message, error: { code: '1000', status: 'UNKNOWN', message } };
      inject(bench, { on: 'submit', kind: 'status', status: 401, body });
      await bench.faultOf(bench.make(bench.request()));
      inject(bench, { on: 'submit', kind: 'garbage' });
      await bench.faultOf(bench.make(bench.request()));
      await bench.faultOf(bench.make(bench.request(), { route: { baseUrl: await closedOrigin() } }));
      assert.ok(bench.heard().length > 0);
      for (const { path } of bench.simulator.control.requests()) assert.ok(!path.includes(apiKey));
    },
  },
];

function inject(bench: ProviderBench, fault: InjectedFault): void {
  bench.simulator.control.inject(fault);
}

function places(result: CallResult): number[] {
  return result.images.map((image) => image.position);
}

function doneResult(state: { state: string; result?: CallResult }): CallResult {
  assert.ok(state.state === 'done' && state.result !== undefined);
  return state.result;
}

/** The bytes of an image; throws its fault. */
async function had(bench: ProviderBench, image: CallImage | undefined): Promise<Uint8Array> {
  if (image?.kind === 'failed') throw image.fault;
  return bench.bytesOf(image);
}

/** A call of one image fails as its image does. */
async function onlyImage(work: Promise<CallResult>): Promise<CallResult> {
  const result = await work;
  const [image] = result.images;
  if (image?.kind === 'failed') throw image.fault;
  return result;
}

/** Natively where the upstream counts, else as a group. */
function several(part: Part, count: number): { n: number } | { group: { maxImages: number } } {
  return part.imagesPerCall > 1 ? { n: count } : { group: { maxImages: count } };
}

function submits(bench: ProviderBench): { body: unknown }[] {
  return bench.simulator.control.requests().filter(({ on }) => on === 'submit');
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** The files of a form as the simulators write them down: their type and hash. */
function filesIn(body: unknown): unknown[] {
  return Object.values(Object(body))
    .flat()
    .flatMap((value: unknown) => {
      const { mimeType, sha256 } = Object(value);
      return typeof sha256 === 'string' ? [[mimeType, sha256]] : [];
    });
}

/** As the simulators write long base64 down. */
function abbreviated(text: string): string {
  return `${text.slice(0, 64)}... (${text.length} characters)`;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function sizeOf(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { width, height } = await sharp(bytes).metadata();
  return { width, height };
}

function credentialsOf(
  { simulator: { credential } }: ProviderBench,
  kind: Provider['credentials'][number],
): { right: Credential; wrong: Credential } {
  if (kind === 'key') {
    const wrong = 'wrong-key-id.wrong-key-secret';
    return { right: { kind, apiKey: credential.apiKey }, wrong: { kind, apiKey: wrong } };
  }
  const { accessKey = '', secretKey = '' } = credential;
  return {
    right: { kind, accessKey, secretKey },
    wrong: { kind, accessKey, secretKey: `${secretKey}-wrong` },
  };
}
