import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { asApiError } from '../api/errors.ts';
import { useLoad } from '../api/use-load.ts';
import type { Model, ModelList } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { Failed, Loading } from '../design/notice.tsx';
import { showToast } from '../design/toast.tsx';
import { currentSession } from '../session/session.ts';
import { useStore } from '../store.ts';
import { AvailabilityNote, InputsNote } from './notes.tsx';
import { InputStrip, InputTools } from './input-strip.tsx';
import { addFiles, addPicture, addRecord, imageReferences } from './inputs.ts';
import { ModelPicker } from './model-picker.tsx';
import { ParameterForm } from './parameter-form.tsx';
import { choose, takes, type Values } from './parameters.ts';
import { estimateOf } from './prices.ts';
import { PromptBox } from './prompt-box.tsx';
import { requestFor, rollSeed, sameRequest } from './request.ts';
import {
  forgetGroup,
  recoverRuns,
  refreshRun,
  resend,
  retryRun,
  startRuns,
  type CreateBody,
  type Run,
} from './run.ts';
import { RunGroup } from './run-group.tsx';
import type { RunActions } from './run-view.tsx';
import { SnippetDialog } from './snippet-dialog.tsx';
import { useDroppedFiles } from './use-dropped-files.ts';
import { rememberPrompt, workspaceOf, type Draft, type Workspace } from './workspace.ts';
import { examples, Welcome } from './welcome.tsx';
import './create.css';

/** The main page: say what the picture should show, and see it. */
export function CreateScreen(): JSX.Element {
  const workspace = workspaceOf(currentSession()?.acting_key.id ?? '');
  const models = useLoad((signal) => ask<ModelList>('GET', '/v1/models', { signal }), []);
  useEffect(() => {
    document.title = 'Create · Easel';
  }, []);
  useEffect(() => recoverRuns(workspace.runs), [workspace]);
  useLinkedPicture(workspace);
  if (models.data === undefined) {
    return models.state === 'failed' ? (
      <Failed error={models.error} onRetry={models.reload} />
    ) : (
      <Loading what="the models" />
    );
  }
  return <Workbench workspace={workspace} models={models.data.data} />;
}

function Workbench({ workspace, models }: { workspace: Workspace; models: readonly Model[] }): JSX.Element {
  const { draft: draftStore, runs: runsStore } = workspace;
  const draft = useStore(draftStore);
  const history = useStore(workspace.history);
  const runs = useStore(runsStore);
  /** No state: a button that is disabled while it is pressed loses the focus. */
  const isSending = useRef(false);
  const [problem, setProblem] = useState<string>();
  const [snippetBody, setSnippetBody] = useState<CreateBody>();
  /** Fields that were changed since they were refused, by group and name. */
  const [changed, setChanged] = useState<readonly string[]>([]);

  const chosen = chosenModels(models, draft);
  const set = (changes: Partial<Draft>): void => {
    setProblem(undefined);
    draftStore.set({ ...draftStore.get(), ...changes });
  };
  const most = Math.max(0, ...chosen.map((model) => model.input_images.max));
  const blocked = whyBlocked(draft, chosen);
  const estimate = estimateOf(chosen, draft.values);
  const refusals = refusalsOf(runs, chosen, changed);
  const touch = (name: string): void => {
    if (refusals[name] !== undefined) setChanged([...changed, `${runs[0]?.group} ${name}`]);
  };

  const generate = async (): Promise<void> => {
    if (isSending.current || whyBlocked(draftStore.get(), chosen) !== undefined) return;
    isSending.current = true;
    setProblem(undefined);
    try {
      const references = await imageReferences(draft.inputs);
      startRuns(
        runsStore,
        chosen.map((model) => requestFor(model, draft, references)),
      );
      rememberPrompt(workspace, draft.prompt);
      requestAnimationFrame(showResults);
    } catch (thrown) {
      setProblem(asApiError(thrown).message);
    } finally {
      isSending.current = false;
    }
  };

  const addDropped = (files: readonly File[]): void => {
    const images = files.filter((file) => file.type.startsWith('image/') || file.type === '');
    if (images.length < files.length) showToast('Only images can be added.');
    if (most === 0 && images.length > 0)
      showToast('The chosen model takes text only. Choose another for input images.');
    else void addFiles(draftStore, images, most - draft.inputs.length);
  };
  const isDragged = useDroppedFiles(addDropped);

  const again = async (group: readonly Run[], changes: (run: Run) => Values = () => ({})): Promise<void> => {
    try {
      startRuns(runsStore, await Promise.all(group.map((run) => sameRequest(run, changes(run)))));
    } catch (thrown) {
      showToast(asApiError(thrown).message);
    }
  };
  const retry = async (run: Run): Promise<void> => {
    // Where it is open whether it was made, the same Idempotency-Key asks for the same pictures.
    if (run.state.kind === 'failed' && run.state.error.reason === 'offline') return resend(runsStore, run.id);
    try {
      retryRun(runsStore, run, await sameRequest(run, {}));
    } catch (thrown) {
      showToast(asApiError(thrown).message);
    }
  };
  const actions: RunActions = {
    onEdit: (imageId, { index, thumbnail_url: thumbnailUrl }) => {
      const takers = models.filter((model) => model.available && model.input_images.max > 0);
      const [taker] = takers;
      if (most === 0 && taker !== undefined) {
        set({ models: [taker.id] });
        showToast(
          `${chosen[0]?.display_name ?? 'This model'} takes text only; ${taker.display_name} is chosen.`,
        );
      }
      void addPicture(draftStore, { imageId, index, name: 'made here', thumbnailUrl });
      document.getElementById('prompt')?.focus();
    },
    onStale: (run) => refreshRun(runsStore, run.id),
    onAgain: (run) => void retry(run),
  };

  return (
    <div class="create">
      <section class="composer" aria-label="What to make">
        <h1 class="visually-hidden">Create</h1>
        <PromptBox
          prompt={draft.prompt}
          onPrompt={(prompt) => {
            set({ prompt });
            touch('prompt');
          }}
          history={history}
          maxLength={
            chosen.length === 0 ? undefined : Math.min(...chosen.map((model) => model.max_prompt_length))
          }
          blocked={blocked}
          problem={problem ?? refusals['prompt']}
          onGenerate={() => void generate()}
          strip={<InputStrip draft={draftStore} inputs={draft.inputs} />}
          tools={
            <>
              <InputTools
                draft={draftStore}
                room={most - draft.inputs.length}
                isTextOnly={most === 0}
                onFiles={addDropped}
              />
              <Button
                kind="quiet"
                icon="code"
                label="As code"
                onClick={() => void showSnippet(chosen, draft, setSnippetBody)}
              />
            </>
          }
        />
        {estimate && <p class="estimate number">About {estimate}, by the prices per image</p>}
        {draft.inputs.length > 0 && <InputsNote chosen={chosen} count={draft.inputs.length} />}
        <ModelPicker all={models} chosen={chosen} onChoose={(ids) => set({ models: ids })} />
        <AvailabilityNote all={models} chosen={chosen} />
        <ParameterForm
          // The controls hold what is half typed; other models have other controls.
          key={chosen.map(({ id }) => id).join(' ')}
          models={chosen}
          values={draft.values}
          problems={refusals}
          onValue={(name, value) => {
            set({ values: choose(draftStore.get().values, name, value, chosen) });
            touch(name);
          }}
        />
      </section>
      <section class="stage" id="results" aria-label="Results">
        {runs.length === 0 && <Welcome onPick={(prompt) => set({ prompt })} />}
        {groupsOf(runs).map((group) => (
          <RunGroup
            key={group[0]?.group}
            runs={group}
            models={models}
            actions={actions}
            onAgain={() => void again(group)}
            onOtherSeed={
              group.some((run) => hasSeed(models, run))
                ? () => {
                    const seed = rollSeed(2_147_483_647);
                    void again(group, (run) => (hasSeed(models, run) ? { seed } : {}));
                  }
                : undefined
            }
            onCode={() => setSnippetBody(group[0]?.body)}
            onReuse={() => reuse(group, set)}
            onRemove={() => forgetGroup(runsStore, group[0]?.group ?? '')}
          />
        ))}
      </section>
      {isDragged && (
        <div class="drop-hint" aria-hidden="true">
          Drop images to use them as input
        </div>
      )}
      {snippetBody && <SnippetDialog body={snippetBody} onClose={() => setSnippetBody(undefined)} />}
    </div>
  );
}

/** `/?from=<record>&index=<place>`: a link of the gallery to make something from a picture. */
function useLinkedPicture({ draft }: Workspace): void {
  const { query, route } = useLocation();
  const { from, index = '0' } = query;
  useEffect(() => {
    if (from === undefined) return;
    // Once: neither a reload nor the way back adds it again.
    route('/', true);
    addRecord(draft, from, Number(index)).catch((thrown: unknown) => showToast(asApiError(thrown).message));
  }, [from, index]);
}

/** On a narrow screen the results are below the settings. */
function showResults(): void {
  const results = document.getElementById('results');
  if (results !== null && results.getBoundingClientRect().top > innerHeight / 2) results.scrollIntoView();
}

/** The models of the draft that are still there, else the first that can serve. */
function chosenModels(models: readonly Model[], draft: Draft): Model[] {
  const chosen = draft.models.flatMap((id) => models.find((model) => model.id === id) ?? []);
  if (chosen.length > 0) return chosen;
  const first = models.find((model) => model.available) ?? models[0];
  return first === undefined ? [] : [first];
}

/** Why nothing can be made now; an empty text where the form shows it by itself. */
function whyBlocked(draft: Draft, chosen: readonly Model[]): string | undefined {
  if (draft.prompt.trim() === '') return '';
  if (chosen.length === 0) return 'No model can be used.';
  if (draft.inputs.some(({ source }) => source.kind === 'upload')) return 'An input image is not uploaded.';
  if (chosen.length === 1 && draft.inputs.length > (chosen[0]?.input_images.max ?? 0))
    return 'Too many input images.';
  return undefined;
}

/** Runs are in order, and those of one press stand together. */
function groupsOf(runs: readonly Run[]): Run[][] {
  return [...Map.groupBy(runs, (run) => run.group).values()];
}

function hasSeed(models: readonly Model[], run: Run): boolean {
  const model = models.find(({ id }) => id === run.body.model);
  return model !== undefined && takes(model, 'seed', 0);
}

/** Puts prompt, input images and settings of a group back into the form. */
function reuse(group: readonly Run[], set: (changes: Partial<Draft>) => void): void {
  const [first] = group;
  if (first === undefined) return;
  const { model: _model, prompt, images: _images, ...values } = first.body;
  const [inputs = []] = group.map((run) => run.inputs).toSorted((a, b) => b.length - a.length);
  set({ prompt, values, inputs, models: group.map((run) => run.body.model) });
  document.getElementById('prompt')?.focus();
}

/** What the gateway refused in the latest run of the chosen models, by field, until the field is changed. */
function refusalsOf(
  runs: readonly Run[],
  chosen: readonly Model[],
  changed: readonly string[],
): Record<string, string> {
  const latest = runs[0]?.group;
  const refusals: Record<string, string> = {};
  for (const { group, state, body } of runs) {
    if (group !== latest || state.kind !== 'failed' || !chosen.some(({ id }) => id === body.model)) continue;
    const { param, message } = state.error;
    if (param !== null && !changed.includes(`${group} ${param}`)) refusals[param] = message;
  }
  return refusals;
}

async function showSnippet(
  chosen: readonly Model[],
  draft: Draft,
  show: (body: CreateBody) => void,
): Promise<void> {
  const [model] = chosen;
  if (model === undefined) return;
  try {
    const inputs = draft.inputs.filter(({ source }) => source.kind !== 'upload');
    const said = { ...draft, inputs, prompt: draft.prompt || examples[0] };
    show(requestFor(model, said, await imageReferences(inputs)).body);
  } catch (thrown) {
    showToast(asApiError(thrown).message);
  }
}
