import type { DirectProvider } from '../../core/provider.ts';
import { apiKeyOf } from '../../upstream/api-key.ts';
import { heldKeys, readResult } from '../../upstream/openai-shaped.ts';
import { makeEventReader } from '../../upstream/openai-shaped-events.ts';
import { sendJson } from '../../upstream/send-json.ts';
import { readFault } from './faults.ts';
import { cards, openCard } from './models.ts';
import { toExchange } from './request.ts';

/**
 * OpenAI's GPT image models, and every server that speaks the same API: LocalAI, stable-diffusion.cpp, vLLM-Omni,
 * SGLang, another Easel (openai-images.md, upstream-local.md). There is no id of ours to look up: what was sent
 * and not answered stays unknown.
 */
export const openai: DirectProvider = {
  kind: 'direct',
  name: 'openai',
  title: 'The OpenAI-compatible server',
  defaultBaseUrl: 'https://api.openai.com/v1',
  envPrefix: 'OPENAI',
  credentials: ['key'],
  keyOptional: true,
  cards,
  openCard,
  // 10-30 s are documented, minutes at high quality (upstream-azure-openai.md section 6).
  usualMs: 30_000,
  authorize: (credential) =>
    credential.kind === 'none' ? {} : { authorization: `Bearer ${apiKeyOf(credential)}` },
  readFault,

  async generate({ request }, context) {
    const { route, previews } = context;
    const asking = { request, baseUrl: route.baseUrl, readFault };
    return await sendJson(context, openai, {
      ...toExchange(request, route, previews),
      heldKeys,
      read: (answer) => readResult(answer, asking),
      ...(previews === undefined ? {} : { events: makeEventReader(asking, previews, context.onImage) }),
    });
  },
};
