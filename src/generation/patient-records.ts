import { UpstreamFault } from '../core/fault.ts';
import type { RecordStore } from '../core/record-store.ts';
import { isStorageFault, patiently, type PatienceTools } from './patience.ts';

/** How long a step before the money waits for the database. Its caller waits too, and may go elsewhere instead. */
const beforeSendingMs = 15_000;

/**
 * The same store, for work that was accepted: a step that the database refuses (busy, full, read-only, failing)
 * is tried again until it is durable, because what was paid for hangs on it. Opening a generation is refused at
 * once, and so is, after a short wait, the step before something is sent: then UpstreamFault `not_sent` is thrown.
 */
export function makePatientRecords(
  records: RecordStore,
  stop: AbortSignal,
  tools: PatienceTools,
): RecordStore {
  return {
    ...records,
    saveCall(generationId, number, change) {
      const save = () => records.saveCall(generationId, number, change);
      const facts = { generation: generationId, call: number, state: change.state };
      const step = { what: 'Recording a step of a call', facts };
      if (change.state !== 'sent') return patiently(step, stop, tools, save);
      const untilMs = tools.clock.now() + beforeSendingMs;
      return patiently({ ...step, untilMs }, stop, tools, save).catch((error: unknown) => {
        throw isStorageFault(error) ? notSent(error) : error;
      });
    },
    addImage: (generationId, image) =>
      patiently(
        { what: 'Recording a picture', facts: { generation: generationId, index: image.index } },
        stop,
        tools,
        () => records.addImage(generationId, image),
      ),
    close: (generationId, outcome, losses, only) =>
      patiently(
        { what: 'Recording the end of a generation', facts: { generation: generationId } },
        stop,
        tools,
        () => records.close(generationId, outcome, losses, only),
      ),
    unfinished: () =>
      patiently({ what: 'Reading the unfinished generations', facts: {} }, stop, tools, () =>
        records.unfinished(),
      ),
  };
}

function notSent(cause: Error): UpstreamFault {
  return new UpstreamFault('not_sent', {
    message:
      'This server could not write its records, so nothing was sent to the image service and nothing was generated. Try again later.',
    details: `not sent: ${cause.message}`,
    cause,
  });
}
