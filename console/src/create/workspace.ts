import { isObject } from '../api/errors.ts';
import { createKeptStore, type Store } from '../store.ts';
import type { Values } from './parameters.ts';
import { keptRuns, readRuns, type Run } from './run.ts';

/** An input image as it is chosen. What it stands for is looked up when a request is made. */
export interface InputImage {
  id: string;
  name: string;
  source:
    | { kind: 'asset'; uri: string }
    | { kind: 'picture'; imageId: string; index: number }
    | { kind: 'url'; url: string }
    | { kind: 'upload'; problem: string | null };
  /** A small picture drawn by this page, as a `data:` URL; null when the browser cannot read it. */
  thumbnail: string | null;
}

/** What stands in the form. */
export interface Draft {
  prompt: string;
  /** More than one: they are compared. Empty: the first that can serve. */
  models: readonly string[];
  values: Values;
  inputs: readonly InputImage[];
}

/** What belongs to one key on this page: another key sees none of it. */
export interface Workspace {
  draft: Store<Draft>;
  /** Prompts used before, the latest first. */
  history: Store<readonly string[]>;
  /** The latest first. */
  runs: Store<readonly Run[]>;
}

const maxHistory = 100;
const workspaces = new Map<string, Workspace>();

/** The workspace of a key; the draft and the runs last as long as the tab, the history as long as the browser. */
export function workspaceOf(keyId: string): Workspace {
  const known = workspaces.get(keyId);
  if (known !== undefined) return known;
  const made: Workspace = {
    draft: createKeptStore<Draft>(
      `easel.draft.${keyId}`,
      { prompt: '', models: [], values: {}, inputs: [] },
      { area: 'session', read: readDraft },
    ),
    history: createKeptStore<readonly string[]>(`easel.prompts.${keyId}`, [], {
      area: 'local',
      read: (value) => (Array.isArray(value) ? value.filter((text) => typeof text === 'string') : undefined),
    }),
    runs: createKeptStore<readonly Run[]>(`easel.runs.${keyId}`, [], {
      area: 'session',
      read: readRuns,
      write: keptRuns,
    }),
  };
  workspaces.set(keyId, made);
  return made;
}

/** Puts a prompt at the head of the history. */
export function rememberPrompt({ history }: Workspace, prompt: string): void {
  history.set([prompt, ...history.get().filter((text) => text !== prompt)].slice(0, maxHistory));
}

/** Our own data of an earlier load of the page: what does not look like it is forgotten. */
function readDraft(value: unknown): Draft | undefined {
  if (!isObject(value)) return undefined;
  const { prompt, models, values, inputs } = value;
  if (typeof prompt !== 'string' || !Array.isArray(models) || !isObject(values) || !Array.isArray(inputs))
    return undefined;
  return {
    prompt,
    models: models.filter((id) => typeof id === 'string'),
    values,
    // An upload that had not ended is lost with the page that had the file.
    inputs: (inputs as InputImage[]).filter((input) => input.source.kind !== 'upload'),
  };
}
