import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { assertRefused } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { startTestGateway, type Answered, type TestGateway } from '../kit/gateway.ts';
import { watchUntouched } from '../kit/untouched.ts';
import { allTiers, sixModels, type ModelFacts } from './six-models.ts';

/** Every cell of public-api.md section 4.2, in both directions: what is legal arrives upstream, what is not goes nowhere. */

let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({
    clock: fastClock(50),
    env: unhurried,
    sandbox: { draw: claimedDraw, delayMs: 1 },
  });
});
after(() => easel.close());

type Body = Readonly<Record<string, unknown>>;

function create(body: Body): Promise<Answered> {
  return easel.ask('POST', '/v1/images/generations', body);
}

/** The bodies that an upstream was sent for a prompt, oldest first. */
function sentFor(upstream: ModelFacts['upstream'], prompt: string): Body[] {
  const simulator = easel.gateway.sandbox?.simulators.get(upstream);
  return (simulator?.control.requests() ?? [])
    .filter(({ on, body }) => on === 'submit' && promptOf(body) === prompt)
    .map(({ body }) => Object(body) as Body);
}

function promptOf(body: unknown): unknown {
  return at(body, 'prompt') ?? at(body, 'contents.0.parts.0.text');
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => Object(inner ?? {})[name] as unknown, value);
}

/** What an upstream is told of a shape, in the words of its own API. */
function shapeSent(upstream: ModelFacts['upstream'], body: unknown): unknown {
  if (upstream === 'ark' || upstream === 'zai') return at(body, 'size');
  const [tier, ratio] =
    upstream === 'kling'
      ? [at(body, 'resolution'), at(body, 'aspect_ratio')]
      : [
          at(body, 'generationConfig.imageConfig.imageSize'),
          at(body, 'generationConfig.imageConfig.aspectRatio'),
        ];
  return `${String(tier).toUpperCase()} ${String(ratio)}`;
}

/** The same for one preset of a model's table. */
function shapeOfPreset(facts: ModelFacts, tier: string, ratio: string): unknown {
  return facts.upstream === 'kling' || facts.upstream === 'gemini'
    ? `${tier} ${ratio}`
    : facts.presets[tier]?.[ratio];
}

let prompts = 0;
/** A prompt by which its upstream requests are found again. */
function freshPrompt(): string {
  prompts += 1;
  return `a boat, number ${prompts}`;
}

/** Works on a few at a time; hundreds of generations one by one would wait for the disk. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

/** Accepted, and what the upstream was sent for it. */
async function accepted(
  model: string,
  facts: ModelFacts,
  parameters: Body,
): Promise<{ answer: Answered; sent: Body[] }> {
  const prompt = freshPrompt();
  const answer = await create({ model, prompt, ...parameters });
  assert.equal(
    answer.status,
    200,
    `${model} ${JSON.stringify(parameters).slice(0, 200)}: ${answer.text.slice(0, 300)}`,
  );
  return { answer, sent: sentFor(facts.upstream, prompt) };
}

/** One refusal: the parameters, the reason and the field named. */
type Case = readonly [parameters: Body, reason: string, param: string];

async function allRefused(model: string, cases: readonly Case[]): Promise<void> {
  const assertUntouched = await watchUntouched(easel);
  await each(cases, async ([parameters, reason, param]) => {
    const answer = await create({ model, prompt: 'a boat', ...parameters });
    const what = `${model} ${JSON.stringify(parameters).slice(0, 200)}`;
    try {
      assertRefused(answer, { status: 400, reason, param });
    } catch (cause) {
      throw new Error(what, { cause });
    }
  });
  await assertUntouched();
}

/** Values of every JSON type but the ones named. */
function notOf(...types: readonly string[]): unknown[] {
  const values: readonly [string, unknown][] = [
    ['string', 'boat'],
    ['number', 7],
    ['boolean', true],
    ['array', []],
    ['array', ['auto']],
    ['object', {}],
    ['object', { url: 1 }],
  ];
  return values.filter(([type]) => !types.includes(type)).map(([, value]) => value);
}

for (const [model, facts] of Object.entries(sixModels)) {
  const allPresets = Object.entries(facts.presets).flatMap(([tier, table]) =>
    Object.entries(table).map(([ratio, size]) => ({ tier, ratio, size })),
  );
  const usual = allPresets.find(({ size }) => size === facts.usualSize);
  const usualTier = usual?.tier ?? '';

  test(`${model} takes n from 1 to ${facts.maxCount}, each image with its own place`, async () => {
    for (const n of [1, facts.maxCount]) {
      const { answer, sent } = await accepted(model, facts, { n });
      const data = answer.at('data');
      assert.ok(Array.isArray(data));
      assert.deepEqual(
        data.map((item) => at(item, 'index')),
        Array.from({ length: n }, (_, i) => i),
      );
      assert.equal(answer.at('usage.generated_images'), n);
      // Kling makes n at once, the others are asked n times.
      assert.deepEqual(
        sent.map((body) => body['n']),
        facts.upstream === 'kling' ? [n] : Array.from({ length: n }, () => undefined),
      );
    }
  });

  test(`${model} refuses every other n`, () =>
    allRefused(model, [
      ...[0, -1, facts.maxCount + 1, 1e9].map((n): Case => [{ n }, 'invalid_value', 'n']),
      ...[1.5, '2', ...notOf('number')].map((n): Case => [{ n }, 'invalid_type', 'n']),
    ]));

  test(`${model} takes every tier and every size of its table, and says it upstream`, () =>
    each(
      [
        { size: undefined, shape: shapeOfPreset(facts, usualTier, '1:1'), pixels: facts.usualSize },
        { size: 'auto', shape: shapeOfPreset(facts, usualTier, '1:1'), pixels: facts.usualSize },
        { size: null, shape: shapeOfPreset(facts, usualTier, '1:1'), pixels: facts.usualSize },
        ...facts.tiers.map((tier) => ({
          size: tier,
          shape: shapeOfPreset(facts, tier, '1:1'),
          pixels: facts.presets[tier]?.['1:1'],
        })),
        ...allPresets.map(({ tier, ratio, size }) => ({
          size,
          shape: shapeOfPreset(facts, tier, ratio),
          pixels: size,
        })),
        ...facts.free.legal.map((size) => ({ size, shape: size, pixels: size })),
      ],
      async ({ size, shape, pixels }) => {
        const { answer, sent } = await accepted(model, facts, { size });
        assert.deepEqual(
          sent.map((body) => shapeSent(facts.upstream, body)),
          [shape],
          String(size),
        );
        // Kling publishes no pixels: what came is reported, whatever it is.
        if (facts.upstream !== 'kling') assert.equal(answer.at('data.0.size'), pixels);
      },
    ));

  test(`${model} refuses every other size`, () =>
    allRefused(model, [
      ...facts.free.illegal.map((size): Case => [{ size }, 'invalid_value', 'size']),
      ...allTiers
        .filter((tier) => !facts.tiers.includes(tier))
        .map((tier): Case => [{ size: tier }, 'invalid_value', 'size']),
      ...[
        '',
        '8K',
        '2k',
        '1024',
        '1024x',
        'x1024',
        '1024X1024',
        '1024×1024',
        '1024*1024',
        ' 2048x2048',
        '2048x2048 ',
        '02048x2048',
        '0x0',
        '-2048x2048',
        '2048.0x2048',
        '2e3x2e3',
        '2048x2048x1',
        '99999999x99999999',
        'landscape',
      ].map((size): Case => [{ size }, 'invalid_value', 'size']),
      ...notOf('string').map((size): Case => [{ size }, 'invalid_type', 'size']),
    ]));

  test(`${model} takes its ${facts.ratios.length} ratios and auto, at every tier`, () =>
    each(
      [
        { parameters: { ratio: 'auto' }, tier: usualTier, ratio: '1:1' },
        { parameters: { aspect_ratio: null }, tier: usualTier, ratio: '1:1' },
        ...facts.ratios.map((ratio) => ({ parameters: { ratio }, tier: usualTier, ratio })),
        ...facts.ratios.map((ratio) => ({
          parameters: { aspect_ratio: ratio, size: 'auto' },
          tier: usualTier,
          ratio,
        })),
        ...facts.tiers.flatMap((tier) =>
          facts.ratios.map((ratio) => ({ parameters: { ratio, size: tier }, tier, ratio })),
        ),
      ],
      async ({ parameters, tier, ratio }) => {
        const { sent } = await accepted(model, facts, parameters);
        const shape = shapeOfPreset(facts, tier, ratio);
        assert.deepEqual(
          sent.map((body) => shapeSent(facts.upstream, body)),
          [shape],
          JSON.stringify(parameters),
        );
      },
    ));

  test(`${model} refuses every other ratio, by the spelling it came in`, () =>
    allRefused(
      model,
      ['ratio', 'aspect_ratio'].flatMap((spelling): Case[] => [
        ...[
          '',
          '7:5',
          '1:0',
          '0:0',
          '1:1:1',
          '16x9',
          '16/9',
          '1.5',
          'square',
          '-1:1',
          ...['4:5', '5:4', '21:9', '9:21', '2:1'].filter((ratio) => !facts.ratios.includes(ratio)),
        ].map((ratio): Case => [{ [spelling]: ratio }, 'invalid_value', spelling]),
        ...notOf('string').map((ratio): Case => [{ [spelling]: ratio }, 'invalid_type', spelling]),
      ]),
    ));

  const words = Object.entries(facts.quality);
  test(`${model} takes ${words.length === 0 ? 'no quality' : 'its own qualities, and the words of others with a warning'}`, async () => {
    await accepted(model, facts, { quality: 'auto' });
    await each(words, async ([quality, meaning]) => {
      const { answer, sent } = await accepted(model, facts, { quality });
      if (facts.tiers.includes(meaning))
        assert.deepEqual(
          sent.map((body) => shapeSent(facts.upstream, body)),
          [`${meaning} 1:1`],
        );
      else
        assert.deepEqual(
          sent.map((body) => body['quality']),
          [meaning],
        );
      const warned =
        quality === meaning ? undefined : [{ param: 'quality', requested: quality, used: meaning }];
      assert.deepEqual(warningsOf(answer), warned);
    });
    await allRefused(
      model,
      words.length === 0
        ? ['hd', 'standard', '2K', '', 7].map((quality): Case => [
            { quality },
            'unsupported_parameter',
            'quality',
          ])
        : [
            ...['', 'best', 'HD', '8K', ...allTiers.filter((tier) => facts.quality[tier] === undefined)].map(
              (quality): Case => [{ quality }, 'invalid_value', 'quality'],
            ),
            ...notOf('string').map((quality): Case => [{ quality }, 'invalid_type', 'quality']),
          ],
    );
  });

  test(`${model} answers with a URL unless base64 is asked for`, async () => {
    for (const [response_format, key, other] of [
      [undefined, 'url', 'b64_json'],
      [null, 'url', 'b64_json'],
      ['url', 'url', 'b64_json'],
      ['b64_json', 'b64_json', 'url'],
    ] as const) {
      const { answer } = await accepted(model, facts, { response_format });
      assert.equal(typeof answer.at(`data.0.${key}`), 'string');
      assert.equal(answer.at(`data.0.${other}`), undefined);
    }
    await allRefused(model, [
      ...['', 'b64', 'png', 'URL'].map((value): Case => [
        { response_format: value },
        'invalid_value',
        'response_format',
      ]),
      ...notOf('string').map((value): Case => [
        { response_format: value },
        'invalid_type',
        'response_format',
      ]),
    ]);
  });

  test(`${model} takes watermark ${facts.watermark.join(' and ')}, and nothing is added that was not said`, async () => {
    for (const watermark of [undefined, null, ...facts.watermark]) {
      const { sent } = await accepted(model, facts, { watermark });
      const said = watermark ?? undefined;
      assert.deepEqual(
        sent.map((body) => watermarkSent(facts.upstream, body)),
        [facts.upstream === 'gemini' || facts.upstream === 'zai' ? said : (said ?? false)].map((value) =>
          facts.upstream === 'gemini' ? undefined : value,
        ),
      );
    }
    await allRefused(model, [
      ...[true, false]
        .filter((value) => !facts.watermark.includes(value))
        .map((watermark): Case => [{ watermark }, 'invalid_value', 'watermark']),
      ...notOf('boolean').map((watermark): Case => [{ watermark }, 'invalid_type', 'watermark']),
      ...[0, 1, 'true', 'false'].map((watermark): Case => [{ watermark }, 'invalid_type', 'watermark']),
    ]);
  });

  test(`${model} ${facts.hasSeed ? 'takes a seed of 0 to 2147483647' : 'takes no seed'}, and -1 for none`, async () => {
    for (const seed of [-1, null, undefined]) {
      const { answer, sent } = await accepted(model, facts, { seed });
      assert.deepEqual(sent.map(seedSent), [undefined]);
      assert.equal(warningsOf(answer), undefined);
    }
    if (facts.hasSeed) {
      for (const seed of [0, 7, 2_147_483_647]) {
        const { answer, sent } = await accepted(model, facts, { seed });
        assert.deepEqual(sent.map(seedSent), [seed]);
        // Ark documents an effect for older models only.
        const warned =
          facts.upstream === 'ark' ? [{ param: 'seed', requested: seed, used: seed }] : undefined;
        assert.deepEqual(warningsOf(answer), warned);
      }
    }
    await allRefused(
      model,
      facts.hasSeed
        ? [
            ...[-2, 2_147_483_648, 1e15].map((seed): Case => [{ seed }, 'invalid_value', 'seed']),
            ...[0.5, '7', ...notOf('number')].map((seed): Case => [{ seed }, 'invalid_type', 'seed']),
          ]
        : [0, 7, 2_147_483_647, '7', -2].map((seed): Case => [{ seed }, 'unsupported_parameter', 'seed']),
    );
  });

  test(`${model} counts a prompt in code points, ${facts.maxPrompt} of them`, async () => {
    for (const character of ['a', '舟', '⛵', '🛶']) {
      const prompt = character.repeat(facts.maxPrompt);
      const answer = await create({ model, prompt });
      assert.equal(answer.status, 200, `${character}: ${answer.text.slice(0, 200)}`);
      assert.equal((await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`)).at('prompt'), prompt);
      await allRefused(model, [
        [{ prompt: `${prompt}${character}` }, 'prompt_too_long', 'prompt'],
        [{ prompt: `${prompt}${character.repeat(facts.maxPrompt + 1)}` }, 'prompt_too_long', 'prompt'],
      ]);
    }
  });

  test(`${model} refuses what it has not, unless that asks for nothing`, async () => {
    const nothing: Body = {
      n: 1,
      seed: -1,
      ...(model === 'glm-image' ? {} : { watermark: false }),
      sequential_image_generation: 'disabled',
      sequential_image_generation_options: {},
      quality: 'auto',
      size: 'auto',
      ratio: 'auto',
      style: 'auto',
      background: 'auto',
      moderation: 'auto',
      stream: false,
      reference_images: [],
      provider_options: {},
      negative_prompt: null,
      mask: null,
      user: null,
      webhook_url: null,
      output_format: null,
      a_field_of_tomorrow: null,
    };
    const { answer } = await accepted(model, facts, nothing);
    assert.equal(warningsOf(answer), undefined);
    for (const [name, value] of Object.entries(nothing)) await accepted(model, facts, { [name]: value });
    const unsupported: Body = {
      ...(facts.hasGroups
        ? {}
        : { sequential_image_generation: 'auto', sequential_image_generation_options: { max_images: 2 } }),
      negative_prompt: 'rain',
      mask: 'https://example.com/mask.png',
      style: 'vivid',
      background: 'transparent',
      moderation: 'low',
      output_compression: 50,
      partial_images: 1,
      input_fidelity: 'high',
      ...(facts.maxInputs > 0 ? {} : { reference_images: ['https://example.com/a.png'] }),
    };
    await allRefused(model, [
      ...Object.entries(unsupported).map(([name, value]): Case => [
        { [name]: value },
        'unsupported_parameter',
        name,
      ]),
      [{ provider_options: { nobody: { a: 1 } } }, 'unsupported_parameter', 'provider_options.nobody.a'],
      [{ provider_options: { nobody: {} } }, 'unsupported_parameter', 'provider_options.nobody'],
      [
        { provider_options: { [facts.upstream]: { model: 'other' } } },
        'unsupported_parameter',
        `provider_options.${facts.upstream}.model`,
      ],
      [{ provider_options: { [facts.upstream]: 7 } }, 'invalid_type', `provider_options.${facts.upstream}`],
      [{ provider_options: [] }, 'invalid_type', 'provider_options'],
      [{ provider_options: 'fast' }, 'invalid_type', 'provider_options'],
      [{ a_field_of_tomorrow: 1 }, 'unknown_parameter', 'a_field_of_tomorrow'],
      [{ N: 1 }, 'unknown_parameter', 'N'],
      [{ 'size ': '2K' }, 'unknown_parameter', 'size '],
      [{ num_images: 2 }, 'unknown_parameter', 'num_images'],
    ]);
  });

  test(`${model} keeps a user of up to 256 characters with the record`, async () => {
    const user = '🛶'.repeat(256);
    const { answer } = await accepted(model, facts, { user });
    assert.equal(
      (await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`)).at('parameters.user'),
      user,
    );
    await allRefused(model, [
      [{ user: `${user}a` }, 'invalid_value', 'user'],
      ...notOf('string').map((value): Case => [{ user: value }, 'invalid_type', 'user']),
    ]);
  });

  test(`${model} refuses a size that ratio or quality contradict, on size`, async () => {
    const portrait = allPresets.find(({ tier, ratio }) => tier === usualTier && ratio === '2:3')?.size ?? '';
    await accepted(model, facts, { size: portrait, ratio: '2:3' });
    const [otherTier] = facts.tiers.filter((tier) => tier !== usualTier);
    const tierWords = words.filter(([, meaning]) => facts.tiers.includes(meaning));
    for (const [quality, meaning] of tierWords) {
      await accepted(model, facts, { size: facts.presets[meaning]?.['1:1'], quality });
      await accepted(model, facts, { size: meaning, quality });
    }
    await allRefused(model, [
      ...facts.ratios
        .filter((ratio) => ratio !== '2:3')
        .map((ratio): Case => [{ size: portrait, aspect_ratio: ratio }, 'invalid_value', 'size']),
      ...tierWords.flatMap(([quality, meaning]) =>
        facts.tiers
          .filter((tier) => tier !== meaning)
          .flatMap((tier): Case[] => [
            [{ size: tier, quality }, 'invalid_value', 'size'],
            [{ size: facts.presets[tier]?.['3:2'], quality }, 'invalid_value', 'size'],
          ]),
      ),
    ]);
    if (otherTier !== undefined && facts.upstream !== 'kling') {
      const { answer } = await accepted(model, facts, { size: otherTier, ratio: '9:16' });
      assert.equal(answer.at('data.0.size'), facts.presets[otherTier]?.['9:16']);
    }
  });
}

test('a size that is too small names the nearest legal one and the way to have it chosen', async () => {
  for (const [model, size, nearest] of [
    ['seedream-4.5', '1024x1024', '1920x1920'],
    ['dola-seedream-5.0-lite', '1024x1024', '1920x1920'],
    ['seedream-4.0', '512x512', '960x960'],
    ['glm-image', '512x512', '1024x1024'],
    ['kling-image-o1', '1000x1000', '1024x1024'],
    ['nano-banana-pro', '1920x1080', '1376x768'],
  ] as const) {
    const answer = await create({ model, prompt: 'a boat', size });
    assertRefused(answer, { status: 400, reason: 'invalid_value', param: 'size' });
    const message = String(answer.at('error.message'));
    assert.ok(message.includes(nearest), message);
    assert.ok(message.includes('Prefer: handling=lenient'), message);
  }
});

test('models are found by alias and in either case', async () => {
  for (const model of ['Seedream-4.5', 'SEEDREAM-4-5-251128', 'Nano-Banana-Pro', 'gemini-3-pro-image']) {
    assert.equal((await create({ model, prompt: 'a boat' })).status, 200, model);
  }
});

for (const model of ['seedream-4.5', 'nano-banana-pro']) {
  test(`${model}: image i of a fan-out has seed + i, round the end of its range`, async () => {
    const facts = sixModels[model];
    assert.ok(facts);
    for (const [seed, seeds] of [
      [41, [41, 42, 43]],
      [2_147_483_646, [0, 2_147_483_646, 2_147_483_647]],
    ] as const) {
      const { answer, sent } = await accepted(model, facts, { seed, n: 3 });
      assert.deepEqual(
        sent.map(seedSent).toSorted((a, b) => Number(a) - Number(b)),
        seeds,
      );
      const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
      const hashes = [0, 1, 2].map((i) => record.at(`images.${i}.sha256`));
      assert.equal(new Set(hashes).size, 3);
      // The same seed again gives the same pictures, in the same places.
      const again = await create({ model, prompt: record.at('prompt'), seed, n: 3 });
      const repeated = await easel.ask('GET', `/v1/images/${String(again.at('id'))}`);
      assert.deepEqual(
        [0, 1, 2].map((i) => repeated.at(`images.${i}.sha256`)),
        hashes,
      );
    }
  });
}

test('without a seed every picture differs, also of the same request', async () => {
  for (const model of Object.keys(sixModels)) {
    const hashes: unknown[] = [];
    for (let i = 0; i < 2; i += 1) {
      const answer = await create({ model, prompt: 'the same boat', n: 2 });
      const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
      hashes.push(record.at('images.0.sha256'), record.at('images.1.sha256'));
    }
    assert.equal(new Set(hashes).size, 4, model);
  }
});

for (const [model, facts] of Object.entries(sixModels).filter(([, { hasGroups }]) => hasGroups)) {
  const options = 'sequential_image_generation_options';
  const group = (max_images?: unknown): Body => ({
    sequential_image_generation: 'auto',
    ...(max_images === undefined ? {} : { [options]: { max_images } }),
  });

  test(`${model} makes groups of up to 15, and always says how many upstream`, async () => {
    for (const [parameters, most] of [
      [group(), 15],
      [{ ...group(), [options]: {} }, 15],
      [group(null), 15],
      [group(1), 1],
      [group(4), 4],
      [group(15), 15],
      [{ ...group(3), n: 1 }, 3],
    ] as const) {
      const { answer, sent } = await accepted(model, facts, parameters);
      assert.deepEqual(
        sent.map((body) => [body['sequential_image_generation'], at(body, `${options}.max_images`)]),
        [['auto', most]],
      );
      assert.equal(answer.at('usage.generated_images'), most);
    }
    const { sent } = await accepted(model, facts, {
      sequential_image_generation: 'disabled',
      [options]: { max_images: 1 },
    });
    assert.deepEqual(
      sent.map((body) => body['sequential_image_generation']),
      ['disabled'],
    );
  });

  test(`${model}: inputs and the images of a group are at most 15 together`, async () => {
    const image = await inputImage();
    const inputs = (count: number): Body => ({ images: Array.from({ length: count }, () => image) });
    for (const [count, asked, most] of [
      [1, undefined, 14],
      [14, undefined, 1],
      [14, 1, 1],
      [3, 12, 12],
    ] as const) {
      const { sent } = await accepted(model, facts, { ...group(asked), ...inputs(count) });
      assert.deepEqual(
        sent.map((body) => at(body, `${options}.max_images`)),
        [most],
      );
    }
    await allRefused(model, [
      [{ ...group(15), ...inputs(1) }, 'invalid_value', `${options}.max_images`],
      [{ ...group(2), ...inputs(14) }, 'invalid_value', `${options}.max_images`],
    ]);
  });

  test(`${model} refuses groups that contradict themselves`, () =>
    allRefused(model, [
      [{ ...group(), n: 2 }, 'invalid_value', 'n'],
      [{ ...group(4), n: 4 }, 'invalid_value', 'n'],
      [{ [options]: { max_images: 2 } }, 'invalid_value', `${options}.max_images`],
      [
        { sequential_image_generation: 'disabled', [options]: { max_images: 15 } },
        'invalid_value',
        `${options}.max_images`,
      ],
      ...[0, -1, 16].map((max): Case => [group(max), 'invalid_value', `${options}.max_images`]),
      ...[1.5, '4', true, [4], {}].map((max): Case => [group(max), 'invalid_type', `${options}.max_images`]),
      [
        { ...group(), [options]: { max_images: 2, min_images: 1 } },
        'unknown_parameter',
        `${options}.min_images`,
      ],
      ...notOf('object').map((value): Case => [{ ...group(), [options]: value }, 'invalid_type', options]),
      ...['', 'on', 'AUTO'].map((value): Case => [
        { sequential_image_generation: value },
        'invalid_value',
        'sequential_image_generation',
      ]),
      ...notOf('string').map((value): Case => [
        { sequential_image_generation: value },
        'invalid_type',
        'sequential_image_generation',
      ]),
    ]));
}

test('kling-image-o1: a prompt may name the inputs that are there, and no other', async () => {
  const image = await inputImage();
  const answer = await create({
    model: 'kling-image-o1',
    prompt: 'put <<<image_2>>> into <<<image_1>>>',
    images: [image, image],
  });
  assert.equal(answer.status, 200, answer.text);
  await allRefused('kling-image-o1', [
    [{ prompt: 'like <<<image_1>>>' }, 'invalid_value', 'prompt'],
    [{ prompt: 'like <<<image_2>>>', image }, 'invalid_value', 'prompt'],
    [{ prompt: 'like <<<image_0>>>', image }, 'invalid_value', 'prompt'],
  ]);
});

test('every spelling and form of the input images reaches the upstream, in order, duplicates included', async () => {
  const [one, two] = [await inputImage(320), await inputImage(480)];
  const facts = sixModels['seedream-4.5'];
  assert.ok(facts);
  for (const images of [
    { reference_images: [one, two, one] },
    { images: [{ url: one }, { image_url: two }, { image_url: { url: one } }] },
    { image: [one, { url: two, image_url: null }, one] },
    { image_urls: [one, two, one], images: null },
    { image_url: [one, two, one] },
  ]) {
    const { sent } = await accepted('seedream-4.5', facts, images);
    assert.deepEqual(at(sent[0], 'image.length'), 3);
    assert.deepEqual(at(sent[0], 'image.0'), at(sent[0], 'image.2'));
    assert.notDeepEqual(at(sent[0], 'image.0'), at(sent[0], 'image.1'));
  }
  const { sent } = await accepted('seedream-4.5', facts, { image: one });
  assert.equal(typeof sent[0]?.['image'], 'string');
});

test('without a wish the shape follows the first input', async () => {
  const wide = await inputImage(960, 540);
  const seen: unknown[] = [];
  for (const [model, facts] of Object.entries(sixModels).filter(([, { maxInputs }]) => maxInputs > 0)) {
    const { sent } = await accepted(model, facts, { image: wide, ratio: 'auto' });
    seen.push(shapeSent(facts.upstream, sent[0]));
  }
  // Kling and Gemini have a rule of their own.
  assert.deepEqual(seen, ['1K auto', '2848x1600', '2848x1600', '2848x1600', '1K undefined']);
});

async function inputImage(width = 320, height = 320): Promise<string> {
  const bytes = await sharp({ create: { width, height, channels: 3, background: '#3377aa' } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

function watermarkSent(upstream: ModelFacts['upstream'], body: unknown): unknown {
  if (upstream === 'kling') return at(body, 'watermark_info.enabled');
  return upstream === 'zai' ? at(body, 'watermark_enabled') : at(body, 'watermark');
}

function seedSent(body: unknown): unknown {
  return at(body, 'seed') ?? at(body, 'generationConfig.seed');
}

/** The warnings of a reply without their texts, which must be there. */
function warningsOf(answer: Answered): unknown {
  const warnings = answer.at('warnings');
  if (!Array.isArray(warnings)) return warnings;
  return warnings.map((warning: unknown) => {
    const { message, ...facts } = Object(warning) as { message: string };
    assert.match(message, /^\S.{10,}\.$/);
    return facts;
  });
}
