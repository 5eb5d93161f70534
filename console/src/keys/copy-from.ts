/** Selects what stands in a field and puts it on the clipboard; false where the browser does not let the page. */
export async function copyFrom(field: HTMLInputElement): Promise<boolean> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Without TLS a browser has only the old way, which takes what is selected.
    return document.execCommand('copy');
  }
}
