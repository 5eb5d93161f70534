import type { JSX } from 'preact';
import type { Model } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { TimeAgo } from '../design/figures.tsx';
import { Tag } from '../design/tag.tsx';
import type { Run } from './run.ts';
import type { InputImage } from './workspace.ts';
import { RunView, type RunActions } from './run-view.tsx';

/** What one press of the button brought: one model's pictures, or those of several side by side. */
export function RunGroup(props: {
  runs: readonly Run[];
  models: readonly Model[];
  actions: RunActions;
  onAgain: () => void;
  /** Absent where no model of it has a seed. */
  onOtherSeed: (() => void) | undefined;
  onCode: () => void;
  onReuse: () => void;
  onRemove: () => void;
}): JSX.Element | null {
  const { runs, models, actions } = props;
  const [first] = runs;
  if (first === undefined) return null;
  const isOver = runs.every((run) => run.state.kind !== 'running');
  const isAllFailed = runs.every((run) => run.state.kind === 'failed');
  const made = runs.filter((run) => run.state.kind === 'done').length;
  return (
    <article class="run-group" aria-busy={isOver ? 'false' : 'true'}>
      <header class="run-head">
        <RunInputs inputs={first.inputs} />
        <h2 class="run-prompt foreign-text" dir="auto">
          {first.body.prompt}
        </h2>
        <span class="field-hint">
          <TimeAgo at={first.startedAt / 1000} />
        </span>
      </header>
      <p class="visually-hidden" role="status">
        {isOver
          ? made === runs.length
            ? 'The pictures are ready.'
            : 'It has ended; something failed.'
          : 'Working…'}
      </p>
      <div class={runs.length > 1 ? 'runs runs-compared' : 'runs'} data-count={runs.length}>
        {runs.map((run) => (
          <div key={run.id} class="run">
            <h3 class="run-model">
              {run.modelName}
              {typeof run.body['seed'] === 'number' && <Tag>seed {run.body['seed']}</Tag>}
            </h3>
            <RunView run={run} model={models.find(({ id }) => id === run.body.model)} actions={actions} />
          </div>
        ))}
      </div>
      <footer class="run-tools">
        {/* One that failed has a button of its own. */}
        {!isAllFailed && (
          <Button size="small" icon="redo" onClick={props.onAgain}>
            Run again
          </Button>
        )}
        {props.onOtherSeed && !isAllFailed && (
          <Button size="small" icon="dice" onClick={props.onOtherSeed}>
            Another seed
          </Button>
        )}
        <Button size="small" kind="quiet" icon="pen" onClick={props.onReuse}>
          Use these settings
        </Button>
        <Button size="small" kind="quiet" icon="code" onClick={props.onCode}>
          As code
        </Button>
        {isOver && (
          <Button
            size="small"
            kind="quiet"
            icon="close"
            label="Take off this page; the pictures stay in the gallery"
            onClick={props.onRemove}
          />
        )}
      </footer>
    </article>
  );
}

/** The input images, small, beside the prompt they belong to. */
function RunInputs({ inputs }: { inputs: readonly InputImage[] }): JSX.Element | null {
  const seen = inputs.flatMap(({ id, name, thumbnail }) =>
    thumbnail === null ? [] : [{ id, name, thumbnail }],
  );
  if (seen.length === 0) return null;
  return (
    <span class="run-inputs">
      {seen.slice(0, 5).map(({ id, name, thumbnail }) => (
        <img key={id} src={thumbnail} alt={`Input: ${name}`} />
      ))}
    </span>
  );
}
