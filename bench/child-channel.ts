/** What our own processes of a run have in common: settings as the first argument, a word when ready, an end. */

/** The settings this process was started with. */
export function readStartSettings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Tells the parent where this process listens, and ends with the parent. */
export function sayReady(port: number): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.({ kind: 'ready', port });
}
