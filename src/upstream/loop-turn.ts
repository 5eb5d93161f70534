/**
 * One turn of the event loop reads up to two megabytes from each connection that has them: with 64 answers of 8 MB on
 * their way a turn took 50 to 90 ms, in which nobody else was served. So a turn reads only so much in all; whoever has
 * more to come is put off to the next turn, which comes at once but lets others have theirs before.
 */
const turnBytes = 2 * 1024 * 1024;

let bytesRead = 0;
let isTurnKnown = false;
const putOff: (() => void)[] = [];

/** So much was read. True: this turn has read enough, and `goOn` is called in the next one. */
export function spendTurn(bytes: number, goOn: () => void): boolean {
  if (!isTurnKnown) {
    isTurnKnown = true;
    setImmediate(endTurn);
  }
  bytesRead += bytes;
  if (bytesRead < turnBytes) return false;
  putOff.push(goOn);
  return true;
}

function endTurn(): void {
  isTurnKnown = false;
  bytesRead = 0;
  for (const goOn of putOff.splice(0)) goOn();
}
