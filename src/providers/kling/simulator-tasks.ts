import { randomInt } from 'node:crypto';

import { createTaskTable, type Task } from '../../sandbox/kit-tasks.ts';
import type { DrawnPicture, InjectedFault, SimulatorKit } from '../../sandbox/kit.ts';
import { Refusal, riskControlMessage } from './simulator-errors.ts';
import type { KlingJob } from './simulator-request.ts';
import type { KlingVariant, Script } from './simulator-scripts.ts';

/** Section 6: content is deleted after 30 days. */
const urlLifetimeMs = 30 * 24 * 60 * 60 * 1000;

interface KlingTask {
  id: string;
  requestId: string;
  /** Without its inputs, which are let go when the task is drawn. */
  job: Omit<KlingJob, 'inputs'>;
  script: Script;
  createdAt: number;
  dueAt: number;
  images: { index: number; url: string; watermark_url?: string }[];
}

interface Drawn {
  pictures: { plain: DrawnPicture; marked: DrawnPicture | undefined }[];
}

type State = 'submitted' | 'processing' | 'succeed' | 'failed';

export interface KlingTasks {
  /** Takes a job on and returns the create answer's `data`; throws a Refusal when its id or the slots are taken. */
  create(job: KlingJob, script: Script, requestId: string): Record<string, unknown>;
  /** By either id; undefined when unknown. */
  find(id: string): KlingTask | undefined;
  /** The query answer's `data`. */
  show(task: KlingTask, fault: InjectedFault | undefined): Promise<Record<string, unknown>>;
  /** Newest first. */
  page(number: number, size: number): Promise<Record<string, unknown>[]>;
  settle(): void;
  unitsSpent(): number;
  clear(): void;
}

/**
 * The tasks of one account: states by the clock, slots, ids, and the bill at `succeed` (upstream-kling.md sections 5, 6 and 9). The
 * last 10,000 are kept.
 */
export function createKlingTasks(kit: SimulatorKit, options: { delayMs: number; slots: number }): KlingTasks {
  const byId = new Map<string, KlingTask>();
  const byExternalId = new Map<string, KlingTask>();
  let spent = 0;
  const table = createTaskTable<Drawn>({
    now: () => kit.now(),
    onSettled: ({ id, outcome }) => {
      const task = byId.get(id);
      if (task !== undefined && outcome?.ok === true) finish(task, outcome.value);
    },
    onForgotten: ({ id }) => {
      const external = byId.get(id)?.job.externalId;
      if (external !== undefined) byExternalId.delete(external);
      byId.delete(id);
    },
  });

  function finish(task: KlingTask, drawn: Drawn): void {
    const { job, script, id, requestId } = task;
    // An address lives from the task's end, not from the moment somebody looked.
    const lifetimeMs = task.dueAt + urlLifetimeMs - kit.now();
    const put = (picture: DrawnPicture, index: number) =>
      kit.pictures.put({
        ...picture,
        prompt: job.prompt,
        lifetimeMs: script.expired.has(index) ? 0 : lifetimeMs,
        folder: '/kimg',
        extension: 'png',
        signatureName: 'x-kcdn-sign',
      });
    for (const [index, { plain, marked }] of drawn.pictures.entries()) {
      const ids = {
        requestId,
        taskId: id,
        ...(job.externalId === undefined ? {} : { ourId: job.externalId }),
      };
      const bill = { model: job.model, prompt: job.prompt, index, amount: String(job.unitsEach) };
      kit.charge({ at: kit.now(), ...ids, ...bill }, plain);
      spent += job.unitsEach;
      task.images.push({
        index,
        url: put(plain, index),
        ...(marked === undefined ? {} : { watermark_url: put(marked, index) }),
      });
    }
    drawn.pictures = []; // the picture store has them, within its bounds
  }

  async function draw(job: KlingJob, script: Script): Promise<Drawn> {
    if (script.failure !== undefined || script.variants.has('without-images')) return { pictures: [] };
    const firstSeed = kit.seed();
    const { width, height, inputs } = job;
    const prompt = job.prompt.replaceAll(/<<<[^<>]*>>>/g, ' ');
    const one = (index: number, watermark: boolean) => {
      const seed = (firstSeed + index) % 2 ** 31;
      return kit.draw({ prompt, seed, width, height, format: 'png', inputs, watermark });
    };
    const indexes = Array.from({ length: job.count }, (_, index) => index);
    const pictures = await Promise.all(
      indexes.map(async (index) => ({
        plain: await one(index, false),
        marked: job.watermark ? await one(index, true) : undefined,
      })),
    );
    return { pictures };
  }

  /** The true state now. A picture that could not be drawn is the upstream's own failure. */
  function stateOf(task: KlingTask, { outcome }: Task<Drawn>): State {
    if (outcome !== undefined) return outcome.ok && task.script.failure === undefined ? 'succeed' : 'failed';
    return kit.now() < startOf(task) ? 'submitted' : 'processing';
  }

  async function show(task: KlingTask, fault: InjectedFault | undefined): Promise<Record<string, unknown>> {
    const held = await table.get(task.id);
    const variants = new Set<KlingVariant>(task.script.variants);
    if (fault?.kind === 'variant') variants.add(fault.name as KlingVariant);
    let state = held === undefined ? 'failed' : stateOf(task, held);
    if (fault?.kind === 'wrong-state-order') state = state === 'processing' ? 'submitted' : 'processing';
    return describe(task, state, variants);
  }

  return {
    create(job, script, requestId) {
      table.settleDue();
      if (job.externalId !== undefined && byExternalId.has(job.externalId))
        throw new Refusal('duplicate', `External_task_id ${job.externalId} already exists`);
      // Section 9: per model, and an image takes a slot each, from submitted until the end.
      const taken = table
        .unsettled()
        .map(({ id }) => byId.get(id)?.job)
        .filter((other) => other?.model === job.model)
        .reduce((sum, other) => sum + (other?.count ?? 0), 0);
      if (taken + job.count > options.slots) throw new Refusal('concurrency');
      const createdAt = Math.floor(kit.now());
      const dueAt = createdAt + options.delayMs;
      const id = newTaskId(byId);
      const { inputs: _inputs, ...kept } = job;
      const task: KlingTask = { id, requestId, job: kept, script, createdAt, dueAt, images: [] };
      byId.set(task.id, task);
      if (job.externalId !== undefined) byExternalId.set(job.externalId, task);
      table.add({ id: task.id, createdAt, dueAt, work: () => draw(job, script) });
      return {
        task_id: task.id,
        ...taskInfo(task, script.variants),
        task_status: 'submitted',
        created_at: createdAt,
        updated_at: createdAt,
      };
    },
    find: (id) => byId.get(id) ?? byExternalId.get(id),
    show,
    page(number, size) {
      const tasks = table.all().slice((number - 1) * size, number * size);
      const known = tasks.flatMap(({ id }) => byId.get(id) ?? []);
      return Promise.all(known.map((task) => show(task, undefined)));
    },
    settle: () => table.settleDue(),
    unitsSpent: () => spent,
    clear() {
      table.clear();
      byId.clear();
      byExternalId.clear();
      spent = 0;
    },
  };
}

/** A task waits for a quarter of its time. */
function startOf({ createdAt, dueAt }: KlingTask): number {
  return createdAt + Math.floor((dueAt - createdAt) / 4);
}

function describe(
  task: KlingTask,
  state: State,
  variants: ReadonlySet<KlingVariant>,
): Record<string, unknown> {
  const { job, script, images } = task;
  const isLean = variants.has('without-later-additions');
  const moderated =
    script.failure === 'moderation' ? riskControlMessage : 'The task failed, please try again later';
  const shown = variants.has('without-index')
    ? images.map((image) => ({ ...image, index: undefined })) // left out of the JSON
    : images;
  const result = {
    ...(isLean ? {} : { result_type: job.isSeries ? 'series' : 'single' }),
    images: job.isSeries ? [] : shown,
    ...(isLean ? {} : { series_images: job.isSeries ? shown : [] }),
  };
  const units = state === 'succeed' ? job.unitsEach * images.length : 0;
  const isOver = state === 'succeed' || state === 'failed';
  return {
    task_id: task.id,
    task_status: wordFor(state, variants),
    task_status_msg: state === 'failed' ? moderated : '',
    ...taskInfo(task, variants),
    ...(state === 'succeed' ? { task_result: result } : {}),
    watermark_info: { enabled: job.watermark },
    ...(isOver && !isLean ? { final_unit_deduction: String(units) } : {}),
    created_at: task.createdAt,
    updated_at: {
      submitted: task.createdAt,
      processing: startOf(task),
      succeed: task.dueAt,
      failed: task.dueAt,
    }[state],
  };
}

function wordFor(state: State, variants: ReadonlySet<KlingVariant>): string {
  if (state === 'succeed' && variants.has('succeeded')) return 'succeeded';
  if (variants.has('unknown-state') && (state === 'submitted' || state === 'processing')) return 'polishing';
  return state;
}

function taskInfo({ job }: KlingTask, variants: ReadonlySet<KlingVariant>): Record<string, unknown> {
  if (variants.has('without-task-info')) return {};
  if (variants.has('null-external-id')) return { task_info: { external_task_id: null } };
  return { task_info: job.externalId === undefined ? {} : { external_task_id: job.externalId } };
}

/** 18 decimal digits, above 2^53: a reader that makes a number of it gets another task. */
function newTaskId(taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = `9${randomInt(10 ** 8, 10 ** 9)}${randomInt(10 ** 7, 10 ** 8)}`;
    if (!taken.has(id)) return id;
  }
}
