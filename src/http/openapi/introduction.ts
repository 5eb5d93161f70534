import { errorMarkdown } from './errors.ts';

/** What a reader should know before the first request, as Markdown. */
export function introduction(): string {
  return `
One API for many image models, in the form OpenAI's clients speak. Point a client's base URL at \`/v1\`, give it a
key, and go on:

\`\`\`sh
curl "$EASEL_URL/v1/images/generations" \\
  -H "Authorization: Bearer $EASEL_API_KEY" -H "Content-Type: application/json" \\
  -d '{"model": "seedream-4.5", "prompt": "A paper boat on a rain gutter"}'
\`\`\`

# Conventions

- JSON is UTF-8 and its values are not coerced: \`"n": "2"\` is an error. \`null\` for an optional field means absent.
- Times are Unix seconds. Ids are opaque strings that sort by time.
- Every reply has \`X-Request-Id\`; quote it when you ask for help. A request may name itself with
  \`X-Client-Request-Id\` (up to 128 printable ASCII characters), which goes into the log.
- \`HEAD\` works wherever \`GET\` does.
- Unknown query parameters are ignored. An unknown body field is refused, and so is one that the model does not
  have, unless its value asks for nothing (\`n\` 1, \`seed\` -1, \`watermark\` false, \`auto\`).
- \`Prefer: handling=lenient\` on a create request meets nearly what the model cannot meet exactly, and drops what it
  does not have; each change is told in \`warnings\`.
- Later versions may add fields to replies: ignore what you do not know.

# Errors

Every refusal and failure has the same five keys. Switch on \`reason\`; show \`message\`.

${errorMarkdown()}

A request that may have been paid for is never answered with a status that makes clients send it again: that is
what 424 is for. \`x-should-retry\` says whether another try can help.
`.trim();
}
