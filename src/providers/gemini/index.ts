import type { DirectProvider } from '../../core/provider.ts';
import { apiKeyOf } from '../../upstream/api-key.ts';
import { sendJson } from '../../upstream/send-json.ts';
import { readFault } from './faults.ts';
import { cards } from './models.ts';
import { native } from './native.ts';
import { heldKeys, readResult } from './reply.ts';
import { pathOf, toBody } from './request.ts';

/** Nano Banana Pro over generateContent of the Gemini Developer API (upstream-gemini.md). */
export const gemini: DirectProvider = {
  kind: 'direct',
  name: 'gemini',
  title: 'Google',
  defaultBaseUrl: 'https://generativelanguage.googleapis.com',
  envPrefix: 'GEMINI',
  credentials: ['key'],
  cards,
  // A 1K picture from text, upstream-gemini.md section 8.
  usualMs: 23_000,
  // A header, never ?key=: addresses end up in logs.
  authorize: (credential) => ({ 'x-goog-api-key': apiKeyOf(credential) }),
  readFault,
  native,

  generate: ({ request }, context) =>
    sendJson(context, gemini, {
      path: pathOf(context.route.baseUrl, context.route.upstreamModel),
      body: toBody(request),
      heldKeys,
      read: (answer) => readResult(answer, request.inputs.length === 0),
    }),
};
