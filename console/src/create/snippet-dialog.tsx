import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { Tabs } from '../design/tabs.tsx';
import { copyAndSay } from './copy-and-say.ts';
import type { CreateBody } from './run.ts';
import { snippet, type Language } from './snippets.ts';

const languages: readonly { name: Language; title: string }[] = [
  { name: 'curl', title: 'curl' },
  { name: 'typescript', title: 'TypeScript' },
  { name: 'python', title: 'Python' },
];

/** A request as code. */
export function SnippetDialog({ body, onClose }: { body: CreateBody; onClose: () => void }): JSX.Element {
  const [language, setLanguage] = useState<Language>('curl');
  const text = snippet(language, body, location.origin);
  return (
    <Dialog title="The same from a program" onClose={onClose} wide>
      <Tabs label="Language" tabs={languages} selected={language} onSelect={setLanguage}>
        {/* Focusable, as it scrolls. */}
        <pre class="snippet foreign-text" tabIndex={0}>
          <code>{text}</code>
        </pre>
      </Tabs>
      <p class="field-hint">
        Your key is read from <code>EASEL_API_KEY</code>. Keys are made under Keys.
      </p>
      <DialogActions>
        <Button kind="primary" icon="copy" onClick={() => void copyAndSay(text, 'Copied.')}>
          Copy as {languages.find(({ name }) => name === language)?.title}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
