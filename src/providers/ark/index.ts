import type { ImageRequest } from '../../core/image-request.ts';
import type { DirectProvider, ProviderContext } from '../../core/provider.ts';
import { apiKeyOf } from '../../upstream/api-key.ts';
import { sendJson } from '../../upstream/send-json.ts';
import { readFault } from './faults.ts';
import { cards } from './models.ts';
import { makeEventReader } from './events.ts';
import { native } from './native.ts';
import { readResult } from './reply.ts';
import { toBody } from './request.ts';

/**
 * Seedream on BytePlus ModelArk or Volcengine Ark (upstream-seedream.md). There is no task and no id of ours to
 * look up (section 11, quirk 3): what was sent and not answered stays unknown.
 */
export const ark: DirectProvider = {
  kind: 'direct',
  name: 'ark',
  title: 'ModelArk',
  defaultBaseUrl: 'https://ark.ap-southeast.bytepluses.com/api/v3',
  envPrefix: 'ARK',
  credentials: ['key'],
  cards,
  // One image, upstream-seedream.md section 9.
  usualMs: 15_000,
  authorize: (credential) => ({ authorization: `Bearer ${apiKeyOf(credential)}` }),
  readFault,
  native,

  generate: ({ request }, context) =>
    sendJson(context, ark, {
      path: '/images/generations',
      body: toBody(request, context.route.upstreamModel, isStreamed(request, context)),
      read: readResult,
      ...(isStreamed(request, context) ? { events: makeEventReader(request, context.onImage) } : {}),
    }),
};

/** A group whose first images are wanted while the others are made (section 7); one image alone comes no sooner. */
function isStreamed({ group, native: own }: ImageRequest, { onImage }: ProviderContext): boolean {
  return group !== undefined && own === undefined && onImage !== undefined;
}
