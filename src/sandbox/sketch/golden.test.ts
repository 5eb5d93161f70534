import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { describeFigures, goldenPrompts } from './golden-prompts.ts';
import { type SketchMaker, type SketchRequest, startSketchMaker } from './maker.ts';
import { ribbonBox } from './ribbon.ts';
import { understand } from './understand.ts';

const pixelsOf = async (bytes: Uint8Array) =>
  await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });

const plain = (format: 'png' | 'jpeg' | 'webp' | 'gif', background: string, width = 300, height = 200) =>
  sharp({ create: { width, height, channels: 3, background } })
    .toFormat(format)
    .toBuffer();

const request = (over: Partial<SketchRequest>): SketchRequest => ({
  prompt: 'a fox in the forest',
  seed: 7,
  width: 256,
  height: 256,
  format: 'png',
  inputs: [],
  watermark: false,
  ...over,
});

const shareOf = async (bytes: Uint8Array, [r, g, b]: readonly [number, number, number]) => {
  const { data } = await pixelsOf(bytes);
  let near = 0;
  for (let at = 0; at < data.length; at += 3)
    if (
      Math.abs((data[at] ?? 0) - r) + Math.abs((data[at + 1] ?? 0) - g) + Math.abs((data[at + 2] ?? 0) - b) <
      50
    )
      near++;
  return near / (data.length / 3);
};

describe('understanding a prompt', () => {
  for (const golden of goldenPrompts) {
    it(`reads "${golden.prompt}"`, () => {
      const { prompt, hasInput: _, ...expected } = golden;
      const { scene, time, weather, style, figures, tints, accents } = understand(prompt);
      assert.deepEqual(
        { scene, time, weather, style, figures: describeFigures(figures), tints, accents },
        { time: 'day', weather: 'clear', style: 'flat', figures: [], tints: [], accents: [], ...expected },
      );
    });
  }

  it('reads the same scene from Chinese as from English', () => {
    const pairs = [
      ['three black cats on a bench in the park in autumn', '秋天的公园里，三只黑猫在长椅上'],
      ['a red car on the street at night in the rain', '夜晚下雨的街道上，一辆红色的汽车'],
      ['two dogs on the beach at sunset, oil painting', '日落时沙滩上的两只狗，油画'],
      ['a white rabbit in a garden in spring, pixel art', '春天花园里的一只白色兔子，像素画'],
    ] as const;
    for (const [english, chinese] of pairs) {
      const [first, second] = [understand(english), understand(chinese)];
      const facts = ({ scene, time, weather, season, style, figures }: typeof first) => ({
        scene,
        time,
        weather,
        season,
        style,
        figures: figures.map(({ name, count }) => `${count} ${name}`).toSorted(),
      });
      assert.deepEqual(facts(second), facts(first), chinese);
    }
  });

  it('leaves out what the prompt says is not there', () => {
    assert.deepEqual(understand('a beach without people').figures, []);
    assert.deepEqual(understand('没有人的沙滩，没有船').figures, []);
  });

  it('puts no object into a picture whose words it does not know', () => {
    for (const prompt of [
      '',
      'hello',
      'lorem ipsum dolor sit amet',
      '!!!???',
      '苟利',
      'an infographic about the tax reform',
      'shot on 35mm film camera, rule of thirds, key light',
      '画面构图，前景与背景，中国风格的海报',
    ]) {
      assert.deepEqual(understand(prompt).figures, [], prompt);
    }
  });

  it('reads any text at all', () => {
    const texts = [
      'cat '.repeat(25_000),
      'a\0cat\0\u{1}',
      '\ud800 lone \udfff',
      '<svg onload="x"><script>a</script>',
      'قطة على الأريكة \u202e',
      '猫'.repeat(5000),
      '🐈🛋️',
      `${'9'.repeat(400)} cats`,
      '0 cats',
      '一百万只猫',
    ];
    for (const text of texts) assert.ok(understand(text).figures.length <= 6);
    assert.equal(understand('99 cats').figures[0]?.count, 12);
  });
});

describe('drawing a prompt', () => {
  let maker: SketchMaker;
  before(() => {
    maker = startSketchMaker({ workers: 1 });
  });
  after(async () => await maker.close());

  for (const [width, height, format] of [
    [256, 256, 'png'],
    [640, 360, 'jpeg'],
    [301, 799, 'png'],
    [1024, 128, 'png'],
    [16, 16, 'jpeg'],
    [1, 1, 'png'],
  ] as const) {
    it(`makes a ${format} of exactly ${width} by ${height}`, async () => {
      const picture = await maker.draw(request({ width, height, format }));
      const metadata = await sharp(picture).metadata();
      assert.deepEqual([metadata.format, metadata.width, metadata.height], [format, width, height]);
    });
  }

  for (const { prompt, style } of goldenPrompts) {
    it(`draws the same bytes twice for "${prompt}", ${style ?? 'flat'}`, async () => {
      const once = await maker.draw(request({ prompt, width: 192, height: 144 }));
      const again = await maker.draw(request({ prompt, width: 192, height: 144 }));
      assert.deepEqual(again, once);
    });
  }

  it('draws another picture for another seed: much of it, not only noise', async () => {
    for (const prompt of [
      'A minimalist sunrise over calm water, digital illustration',
      'a cat',
      'quarterly synergy roadmap',
      '一座城市',
    ]) {
      const [first, second] = await Promise.all(
        [1, 2].map(
          async (seed) =>
            (await pixelsOf(await maker.draw(request({ prompt, seed, width: 128, height: 128 })))).data,
        ),
      );
      assert.ok(first && second);
      let changed = 0;
      for (let at = 0; at < first.length; at += 3)
        if (
          Math.abs((first[at] ?? 0) - (second[at] ?? 0)) +
            Math.abs((first[at + 1] ?? 0) - (second[at + 1] ?? 0)) +
            Math.abs((first[at + 2] ?? 0) - (second[at + 2] ?? 0)) >
          30
        )
          changed++;
      assert.ok(changed / (128 * 128) > 0.15, `${prompt}: ${changed} pixels differ`);
    }
  });

  it('marks every picture with the ribbon, in every style', async () => {
    for (const style of [
      '',
      'watercolor',
      'oil painting',
      'pixel art',
      'pencil sketch',
      'ink wash',
      'vintage',
      'black and white',
      'low poly',
      'cyberpunk',
      'paper cut',
    ]) {
      const { data, info } = await pixelsOf(
        await maker.draw(request({ prompt: `snow, white background ${style}`, width: 512, height: 384 })),
      );
      const box = ribbonBox(512, 384);
      let [dark, white] = [0, 0];
      for (let y = box.top; y < box.top + box.height; y++)
        for (let x = box.left + Math.round(box.height * 0.4); x < box.left + box.width; x++) {
          const at = (y * info.width + x) * 3;
          const light = ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
          if (light < 110) dark++;
          if (light > 200) white++;
        }
      const area = box.height * box.width;
      assert.ok(
        dark / area > 0.5 && white / area > 0.05,
        `${style}: ${dark} dark and ${white} white of ${area}`,
      );
    }
  });

  it('adds the provider-like watermark at the other corner only when asked', async () => {
    const [plain, marked] = await Promise.all(
      [false, true].map(async (watermark) => (await pixelsOf(await maker.draw(request({ watermark })))).data),
    );
    assert.ok(plain && marked);
    let [left, right] = [0, 0];
    for (let at = 0; at < plain.length; at += 3) {
      if (plain[at] === marked[at] && plain[at + 1] === marked[at + 1]) continue;
      if ((at / 3) % 256 < 128) left++;
      else right++;
    }
    assert.ok(left > 400, `${left} pixels of the mark`);
    assert.equal(right, 0);
  });

  for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
    it(`shows an input image that is a ${format}`, async () => {
      const [input, prompt] = [await plain(format, '#e010d0'), 'put it on the beach'];
      assert.ok((await shareOf(await maker.draw(request({ prompt })), [0xe0, 0x10, 0xd0])) < 0.001);
      assert.ok(
        (await shareOf(await maker.draw(request({ prompt, inputs: [input] })), [0xe0, 0x10, 0xd0])) > 0.15,
      );
    });
  }

  it('shows further input images as smaller ones', async () => {
    const inputs = [
      await plain('png', '#e010d0'),
      await plain('jpeg', '#10e020'),
      await plain('png', '#f0f000', 100, 400),
    ];
    const picture = await maker.draw(request({ prompt: 'combine these with two penguins', inputs }));
    const shares = await Promise.all(
      (
        [
          [0xe0, 0x10, 0xd0],
          [0x10, 0xe0, 0x20],
          [0xf0, 0xf0, 0],
        ] as const
      ).map(async (colour) => await shareOf(picture, colour)),
    );
    assert.ok((shares[0] ?? 0) > 0.08 && (shares[1] ?? 0) > 0.008 && (shares[2] ?? 0) > 0.004, shares.join());
    assert.ok((shares[0] ?? 0) > (shares[1] ?? 0));
  });

  it('draws on when an input image cannot be read', async () => {
    const broken = [
      new Uint8Array(),
      new TextEncoder().encode('not a picture'),
      (await plain('png', '#ffffff')).subarray(0, 60),
      new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/>'),
    ];
    const picture = await maker.draw(request({ inputs: broken }));
    assert.equal((await sharp(picture).metadata()).width, 256);
  });

  it('draws any prompt at all, and never its text', async () => {
    for (const prompt of [
      '',
      'a'.repeat(100_000),
      'a cat\0</svg><image href="http://127.0.0.1/x"/>',
      '\ud800',
      'قطة'.repeat(3000),
      '"><script>',
    ]) {
      assert.equal(
        (await sharp(await maker.draw(request({ prompt, width: 64, height: 64 }))).metadata()).width,
        64,
      );
    }
  });

  it('refuses a size that is none', async () => {
    for (const [width, height] of [
      [0, 10],
      [10.5, 10],
      [-1, 10],
      [20_000, 10],
      [16_000, 16_000],
      [Number.NaN, 10],
    ] as const) {
      await assert.rejects(maker.draw(request({ width, height })), /cannot be drawn/);
    }
    await assert.rejects(maker.draw(request({ seed: -1 })), /seed/);
  });
});
