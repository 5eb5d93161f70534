import { randomUUID } from 'node:crypto';
import type { BinaryBody } from '../core/upstream-client.ts';

/** One part of a form: a text field or a file. */
export type FormPart =
  | { name: string; text: string }
  | { name: string; fileName: string; mimeType: string; bytes: Uint8Array };

/** `multipart/form-data` (RFC 7578), its pictures where they are in memory already. */
export interface FormBody extends BinaryBody {
  /** With the boundary. */
  contentType: string;
}

/** Puts a form together, the parts in their order. Nothing is copied; a picture's bytes are sent as they stand. */
export function makeFormBody(parts: readonly FormPart[], boundary = `easel-${randomUUID()}`): FormBody {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${headOf(part)}\r\n\r\n`),
    'text' in part ? Buffer.from(part.text) : part.bytes,
    Buffer.from('\r\n'),
  ]);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, piece) => sum + piece.length, 0),
    chunks: () => pieces.filter((piece) => piece.length > 0),
  };
}

function headOf(part: FormPart): string {
  const name = `content-disposition: form-data; name="${quoted(part.name)}"`;
  if ('text' in part) return name;
  return `${name}; filename="${quoted(part.fileName)}"\r\ncontent-type: ${part.mimeType}`;
}

/** As browsers write a name, so that it cannot end its quotes or its line (HTML, multipart form data). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
