import { parseArgs } from 'node:util';
import { cellsOf } from './cells.ts';
import { deploymentAt, type Deployment, type ModelCard } from './deployment.ts';
import { limitCases } from './key-cases.ts';
import { modelCases } from './model-cases.ts';
import { nativeSwitchCases } from './native-cases.ts';
import { recordCases } from './record-cases.ts';
import { repeatCases } from './repeat-cases.ts';
import { requestCases } from './request-cases.ts';
import { runCases, type NotRun } from './run-cases.ts';
import { uploadCases } from './upload-cases.ts';

/**
 * `npm run conformance -- --base-url URL --key KEY`: tries a deployment from outside, over HTTP alone, against the
 * published API, and prints what is not as it should be.
 */

const usage = `Usage: npm run conformance -- --base-url URL --key KEY [options]

  --base-url URL     where the gateway is, with or without /v1
  --key KEY          an API key of it
  --other-key KEY    a second one; without it, what is between two keys is not tried
  --model ID         only this model (may be repeated)
  --spend            also make images with models that are not the sandbox's. THIS COSTS MONEY:
                     about sixty images for each of them
  --at-once N        requests at a time (4)
  --help

Without --spend images are made with sandbox models alone, which cost nothing. Models that do cost
money are sent requests that must be refused; should one of them be made all the same, it is
the last that its model is sent. The records that were made are removed at the end.`;

const { values: options } = parseArgs({
  options: {
    'base-url': { type: 'string' },
    key: { type: 'string' },
    'other-key': { type: 'string' },
    model: { type: 'string', multiple: true },
    spend: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
});

const print = (line: string) => void process.stdout.write(`${line}\n`);
const { 'base-url': baseUrl, key } = options;
if (options.help) print(usage);
else if (baseUrl === undefined || key === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
} else process.exitCode = await tryDeployment(baseUrl, key);

/** @returns the exit code */
async function tryDeployment(baseUrl: string, key: string): Promise<number> {
  const easel = deploymentAt(baseUrl, key);
  const otherKey = options['other-key'];
  const other = otherKey === undefined ? undefined : deploymentAt(baseUrl, otherKey);
  const models = await readModels(easel).catch((error: unknown) => {
    process.stderr.write(`${easel.origin}/v1/models cannot be read: ${String(error)}\n`);
  });
  if (models === undefined) return 2;
  const usable = models.filter(({ available }) => available);
  const free = usable.filter(({ sandbox }) => sandbox);
  print(`${easel.origin}: ${models.length} models, ${usable.length} usable, ${free.length} of them sandbox.`);
  const mayMake = (model: ModelCard) => model.sandbox || options.spend;
  const makers = [...free, ...(options.spend ? usable : [])];
  const maker = makers[0];
  const editor = makers.find(({ input_images: { max } }) => max >= 2);
  const notRun = whatIsLeftOut(models, {
    mayMake,
    hasMaker: maker !== undefined,
    hasEditor: editor !== undefined,
    hasOther: other !== undefined,
  });
  const startedAt = performance.now();
  const cases = [
    ...requestCases(easel, models),
    ...nativeSwitchCases(easel),
    ...limitCases([easel, ...(other === undefined ? [] : [other])]),
    ...(maker === undefined ? [] : recordCases(easel, maker, other)),
    ...(maker === undefined ? [] : repeatCases(easel, maker, editor)),
    ...(editor === undefined ? [] : uploadCases(easel, editor, other)),
    ...usable.flatMap((model) => modelCases(easel, model, mayMake(model))),
  ];
  const tally = await runCases(cases, Number(options['at-once']), notRun, print);
  const left = await removeMade([easel, ...(other === undefined ? [] : [other])]);
  for (const { name, why } of notRun) print(`not run ${name}: ${why}`);
  if (left > 0) print(`${left} records that were made here could not be removed.`);
  print(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  print(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

async function readModels(easel: Deployment): Promise<ModelCard[]> {
  const answer = await easel.ask('GET', '/v1/models');
  const data = answer.at('data');
  if (answer.status !== 200 || !Array.isArray(data))
    throw new Error(`${answer.status} ${JSON.stringify(answer.at('error.message'))}`);
  const wanted = options.model;
  return (data as ModelCard[]).filter(({ id }) => wanted === undefined || wanted.includes(id));
}

function whatIsLeftOut(
  models: readonly ModelCard[],
  {
    mayMake,
    hasMaker,
    hasEditor,
    hasOther,
  }: { mayMake: (model: ModelCard) => boolean; hasMaker: boolean; hasEditor: boolean; hasOther: boolean },
): NotRun[] {
  const left: NotRun[] = [];
  for (const model of models) {
    const made = cellsOf(model).filter(({ expects }) => expects === 'made').length;
    if (!model.available) left.push({ name: model.id, why: 'it is not available' });
    else if (!mayMake(model))
      left.push({ name: `${model.id}: ${made} values that it takes`, why: 'they cost money; see --spend' });
  }
  if (!hasMaker)
    left.push({ name: 'records, links and repeats', why: 'there is no sandbox model; see --spend' });
  if (!hasEditor)
    left.push({ name: 'edits and assets', why: 'there is no sandbox model that takes images; see --spend' });
  if (!hasOther) left.push({ name: 'what is between two keys', why: 'there is only one; see --other-key' });
  return left;
}

/** @returns how many are still there */
async function removeMade(deployments: readonly Deployment[]): Promise<number> {
  let left = 0;
  for (const { ask, made } of deployments) {
    for (const id of made) {
      const { status } = await ask('DELETE', `/v1/images/${id}`);
      if (status !== 200 && status !== 404) left += 1;
    }
  }
  return left;
}
