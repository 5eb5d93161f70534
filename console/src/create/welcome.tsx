import type { JSX } from 'preact';
import { Empty } from '../design/notice.tsx';

export const examples = [
  'A paper boat on a rain gutter, macro photograph, morning light',
  'Poster of a lighthouse in a storm, woodcut, two colours',
  'A red bicycle against a blue wall, long shadows',
  'A fox reading a newspaper on a park bench, watercolour',
] as const;

/** What stands where the results will be. */
export function Welcome({ onPick }: { onPick: (prompt: string) => void }): JSX.Element {
  return (
    <div class="welcome">
      <Empty icon="image" title="Your pictures appear here">
        <p>Say what the picture should show and press Generate. Or begin with one of these:</p>
        <ul class="examples">
          {examples.map((example) => (
            <li key={example}>
              <button
                type="button"
                class="example"
                onClick={() => {
                  onPick(example);
                  document.getElementById('prompt')?.focus();
                }}
              >
                {example}
              </button>
            </li>
          ))}
        </ul>
      </Empty>
    </div>
  );
}
