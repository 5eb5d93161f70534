import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { Empty } from '../design/notice.tsx';

interface PromptBoxProps {
  prompt: string;
  onPrompt: (prompt: string) => void;
  history: readonly string[];
  maxLength: number | undefined;
  /** Why nothing can be made now; undefined when it can. */
  blocked: string | undefined;
  problem: string | undefined;
  onGenerate: () => void;
  /** Input images, and the buttons that add some. */
  strip: ComponentChildren;
  tools: ComponentChildren;
}

/**
 * The prompt, what goes with it, and the button. Up and down walk through earlier prompts while the field is empty or
 * shows one of them; Ctrl or Cmd with Enter generates.
 */
export function PromptBox(props: PromptBoxProps): JSX.Element {
  const { prompt, onPrompt, history, maxLength, blocked, problem, onGenerate, strip, tools } = props;
  const [isHistoryOpen, setHistoryOpen] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const length = Array.from(prompt).length;
  const isTooLong = maxLength !== undefined && length > maxLength;
  const said =
    problem ??
    (isTooLong ? `The prompt has ${length} characters; this model takes ${maxLength}.` : undefined);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (blocked === undefined) onGenerate();
      return;
    }
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const at = history.indexOf(prompt);
    if (step === undefined || event.shiftKey || event.altKey || (prompt !== '' && at === -1)) return;
    const element = area.current;
    // Within a prompt of several lines the arrows move the cursor first.
    const isAtEdge = step === 1 ? element?.selectionStart === 0 : element?.selectionEnd === prompt.length;
    const isAtEnd = element?.selectionStart === prompt.length;
    if (prompt !== '' && !isAtEdge && !isAtEnd) return;
    const next = at + step;
    if (next >= history.length || next < -1) return;
    event.preventDefault();
    onPrompt(next === -1 ? '' : (history[next] ?? ''));
  };

  return (
    <div class="prompt-box card">
      <label class="visually-hidden" for="prompt">
        Prompt
      </label>
      <textarea
        id="prompt"
        ref={area}
        class="prompt"
        dir="auto"
        rows={4}
        placeholder="What should the picture show?"
        value={prompt}
        aria-invalid={said === undefined ? undefined : 'true'}
        aria-describedby="prompt-note"
        // What most people come for is to type.
        autoFocus
        onInput={(event) => onPrompt(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {strip}
      <div class="prompt-tools">
        {tools}
        <Button
          kind="quiet"
          icon="history"
          label="Earlier prompts"
          disabled={history.length === 0}
          onClick={() => setHistoryOpen(true)}
        />
        <Button
          kind="primary"
          title="Ctrl + Enter"
          disabled={blocked !== undefined || isTooLong}
          onClick={onGenerate}
        >
          Generate
        </Button>
      </div>
      <p
        id="prompt-note"
        class={said === undefined ? 'visually-hidden' : 'field-error prompt-note'}
        aria-live="polite"
      >
        {said ?? ''}
      </p>
      {isHistoryOpen && (
        <HistoryDialog
          history={history}
          onClose={() => setHistoryOpen(false)}
          onPick={(text) => {
            setHistoryOpen(false);
            onPrompt(text);
            area.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function HistoryDialog(props: {
  history: readonly string[];
  onPick: (prompt: string) => void;
  onClose: () => void;
}): JSX.Element {
  const [words, setWords] = useState('');
  const found = props.history.filter((prompt) => prompt.toLowerCase().includes(words.toLowerCase()));
  return (
    <Dialog title="Earlier prompts" onClose={props.onClose}>
      <input
        class="input"
        type="search"
        aria-label="Search earlier prompts"
        placeholder="Search"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      {found.length === 0 && <Empty icon="search" title="No earlier prompt has these words" />}
      <ul class="history">
        {found.map((prompt) => (
          <li key={prompt}>
            <button
              type="button"
              class="history-item foreign-text"
              dir="auto"
              onClick={() => props.onPick(prompt)}
            >
              {prompt}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
