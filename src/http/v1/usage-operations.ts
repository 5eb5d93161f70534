import type { OperationTable } from '../openapi/operation.ts';
import { usageParameters } from './usage-query.ts';
import { usageList } from './wire-schemas.ts';

export const usageOperations = {
  '/v1/usage': {
    GET: {
      id: 'getUsage',
      tag: 'Usage',
      summary: 'Get usage',
      about: `What this key's generations that have ended brought, by day of acceptance (UTC) and model. Deleting images changes nothing here.`,
      access: 'key',
      parameters: usageParameters,
      replies: {
        200: {
          about: 'By day, then by model; days and models without a request are left out.',
          content: { 'application/json': { shape: usageList, examples: { 'One day': oneDay() } } },
        },
      },
      errors: ['invalid_value'],
    },
  },
} as const satisfies OperationTable;

function oneDay() {
  return {
    object: 'list',
    data: [
      {
        date: '2026-11-22',
        model: 'seedream-4.5',
        requests: 3,
        images: 4,
        failed: 1,
        unknown: 0,
        output_tokens: 65_536,
        cost: { amount: '0.160000', currency: 'USD' },
      },
    ],
  };
}
