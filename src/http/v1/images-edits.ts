import type { RoutesOf } from '../openapi/operation.ts';
import { isForm, readForm } from '../form.ts';
import type { HttpTools } from '../tools.ts';
import { createImages } from './create-images.ts';
import { readFormFields } from './form-fields.ts';
import type { editOperations } from './images-edits-operations.ts';
import { readBody, refuseEncoded } from './images-generations.ts';
import { nativeBodyRequired, saysNative } from './native-switch.ts';

const endpoint = '/v1/images/edits';

/** POST /v1/images/edits: the same as generations, with at least one image, also as a form (public-api.md section 13). */
export function editRoutes(tools: HttpTools): RoutesOf<typeof editOperations> {
  return {
    [endpoint]: {
      POST: async (request, reply) => {
        refuseEncoded(request);
        if (!isForm(request)) {
          const body = readBody(request);
          return await createImages({ endpoint, body, isEdit: true }, request, reply, tools);
        }
        if (saysNative(request.headers)) throw nativeBodyRequired();
        const form = await readForm(request, tools.settings.forms);
        try {
          const read = readFormFields(form);
          return await createImages({ endpoint, ...read, isEdit: true }, request, reply, tools);
        } finally {
          await form.close();
        }
      },
    },
  };
}
