/** Work an upstream took on and will have finished at a moment of its clock. */
export interface Task<Value> {
  readonly id: string;
  readonly createdAt: number;
  readonly dueAt: number;
  /** Set once the clock has passed `dueAt` and the work has ended. */
  outcome: { ok: true; value: Value } | { ok: false; problem: unknown } | undefined;
}

export interface TaskTable<Value> {
  /** Starts the work now; nobody sees its outcome before `dueAt`. */
  add(task: { id: string; createdAt: number; dueAt: number; work: () => Promise<Value> }): Task<Value>;
  /** When the task is due this waits for its work, so that a test that moved the clock needs one poll. */
  get(id: string): Promise<Task<Value> | undefined>;
  /** Settles what is due and worked out; what is still being worked on stays open. */
  settleDue(): void;
  /** What has no outcome yet. */
  unsettled(): Task<Value>[];
  /** Newest first; call `settleDue` before where states matter. */
  all(): Task<Value>[];
  clear(): void;
}

/** Tasks driven by the clock. Holds the last `maxTasks`; `onSettled` is called once per task, when its outcome becomes true. */
export function createTaskTable<Value>(options: {
  now: () => number;
  onSettled: (task: Task<Value>) => void;
  onForgotten?: (task: Task<Value>) => void;
  maxTasks?: number;
}): TaskTable<Value> {
  const maxTasks = options.maxTasks ?? 10_000;
  type Held = Task<Value> & { worked: Promise<void>; result: Task<Value>['outcome'] };
  const tasks = new Map<string, Held>();
  /** Not settled yet, so that a look at all open work does not cost a walk over all history. */
  const open = new Set<Held>();

  function settle(task: Held): void {
    if (task.outcome !== undefined || task.result === undefined || options.now() < task.dueAt) return;
    task.outcome = task.result;
    open.delete(task);
    options.onSettled(task);
  }

  return {
    add({ work, ...facts }) {
      const task: Held = { ...facts, outcome: undefined, result: undefined, worked: Promise.resolve() };
      task.worked = work()
        .then(
          (value): Task<Value>['outcome'] => ({ ok: true, value }),
          (problem: unknown): Task<Value>['outcome'] => ({ ok: false, problem }),
        )
        .then((result) => {
          task.result = result;
          return open.has(task) ? settle(task) : undefined;
        });
      tasks.set(task.id, task);
      open.add(task);
      for (const oldest of tasks.values()) {
        if (tasks.size <= maxTasks) break;
        tasks.delete(oldest.id);
        open.delete(oldest);
        options.onForgotten?.(oldest);
      }
      return task;
    },
    async get(id) {
      const task = tasks.get(id);
      if (task === undefined || options.now() < task.dueAt) return task;
      await task.worked;
      if (open.has(task)) settle(task);
      return task;
    },
    settleDue() {
      for (const task of open) settle(task);
    },
    unsettled: () => [...open],
    all: () => [...tasks.values()].reverse(),
    clear() {
      tasks.clear();
      open.clear();
    },
  };
}
