import { copyText } from '../design/copy-text.ts';
import { showToast } from '../design/toast.tsx';

/** Puts text on the clipboard and says so. */
export async function copyAndSay(text: string, said: string): Promise<void> {
  const isDone = await copyText(text);
  showToast(isDone ? said : 'This browser did not allow it. Select the text and copy it.');
}
