import assert from 'node:assert/strict';

/** One event of a streamed create request, as it was sent. */
export interface CreateEvent {
  name: string;
  data: {
    type: string;
    index: number;
    size: string;
    url?: string;
    b64_json?: string;
    output_format: string;
    created_at: number;
    usage: { generated_images: number; output_tokens: number; total_tokens: number };
    failure?: { reason: string };
    error?: { reason: string; code: string };
    partial_image_index?: number;
    warnings?: { param: string }[];
  };
}

/** The events as they come. Throws AssertionError where the stream ends within one. */
export async function* eventsOf(response: Response): AsyncGenerator<CreateEvent> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const name = /^event: (.+)$/m.exec(block)?.[1];
      const data = /^data: (.+)$/m.exec(block)?.[1];
      if (name !== undefined && data !== undefined)
        yield { name, data: JSON.parse(data) as CreateEvent['data'] };
    }
  }
  assert.equal(text, '', 'the stream ended within an event');
}

/** All of them, when the last has come. */
export async function allEvents(response: Response): Promise<CreateEvent[]> {
  const events: CreateEvent[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

/** The places of the images they tell of, in order. */
export function placesOf(events: readonly CreateEvent[]): number[] {
  return events.map(({ data }) => data.index).sort((a, b) => a - b);
}
