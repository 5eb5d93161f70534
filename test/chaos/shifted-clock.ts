// Loaded into the gateway's process ahead of the program (`node --import`): a wall clock that its parent can step. It
// stands in for a person or a time server that sets the machine's clock; timers run on another clock and go on.
const RealDate = Date;
let aheadMs = Number(process.env['CHAOS_CLOCK_AHEAD_MS'] ?? '0');

class ShiftedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(RealDate.now() + aheadMs);
    // Date takes up to seven numbers; what comes here is passed on as it is.
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + aheadMs;
  }
}

// A function of its own reads the clock when Date is called without new; nobody does.
globalThis.Date = ShiftedDate as DateConstructor;

process.on('message', (message: { aheadMs?: number }) => {
  if (typeof message.aheadMs === 'number') aheadMs = message.aheadMs;
});
// The listener alone must not keep a process alive that could not start.
process.channel?.unref();
