import { showToast } from '../design/toast.tsx';

/** Puts text on the clipboard and says so. A page that is neither on https nor on loopback has only the old way. */
export async function copyText(text: string, said: string): Promise<void> {
  const isDone = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => copyBySelection(text),
  );
  showToast(
    (isDone ?? copyBySelection(text)) ? said : 'This browser did not allow it. Select the text and copy it.',
  );
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  // A modal dialog makes everything outside it inert.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  return isDone;
}
