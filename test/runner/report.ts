import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** What a test file's process tells the runner, one JSON line each, as it happens. */
export type TestReport =
  | { kind: 'started'; id: number; name: string }
  | { kind: 'passed'; id: number; name: string }
  | { kind: 'failed'; id: number; name: string; detail: string }
  | { kind: 'left-out'; id: number; name: string; detail: string }
  | { kind: 'ended' };

/**
 * A node:test reporter (`--test-reporter`) for run-file.ts. It runs inside the tested process, so that errors arrive
 * as Node prints them, and is written line by line, so that a file that hangs or crashes still says where it was.
 */
async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names = new Map<number, string>();
  for await (const event of events) {
    const line = read(event, names);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}

function read(event: TestEvent, names: Map<number, string>): TestReport | undefined {
  if (event.type === 'test:summary') return { kind: 'ended' };
  // Node's word for a rejection or an exception that came when its test was over.
  if (event.type === 'test:diagnostic' && event.data.message.startsWith('Error: ')) {
    return { kind: 'failed', id: -1, name: 'the file', detail: event.data.message };
  }
  if (event.type !== 'test:dequeue' && event.type !== 'test:pass' && event.type !== 'test:fail')
    return undefined;
  // @types/node does not know the two ids of Node 24 yet.
  const { testId: id, parentId } = event.data as unknown as { testId: number; parentId: number };
  const parent = names.get(parentId);
  const name = parent === undefined ? event.data.name : `${parent} > ${event.data.name}`;
  names.set(id, name);
  if (event.type === 'test:dequeue') return { kind: 'started', id, name };
  const { details, skip, todo } = event.data;
  if (event.type === 'test:fail') {
    const error = event.data.details.error as Error & { failureType?: string };
    // A parent whose only fault is a failed test inside it; that one is told by itself.
    if (error.failureType === 'subtestsFailed') return undefined;
    return { kind: 'failed', id, name, detail: inspect(error.cause ?? error) };
  }
  // Not counted as passed: an empty string is "no reason given", only undefined and false are "not skipped".
  if (skip !== undefined && skip !== false)
    return { kind: 'left-out', id, name, detail: `skipped ${reason(skip)}` };
  if (todo !== undefined && todo !== false)
    return { kind: 'left-out', id, name, detail: `todo ${reason(todo)}` };
  return details.type === 'suite' ? undefined : { kind: 'passed', id, name };
}

function reason(value: string | true): string {
  return typeof value === 'string' ? `(${value})` : '(no reason given)';
}

// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter from here only
export default report;
