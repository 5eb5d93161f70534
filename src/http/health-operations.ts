import type { OperationTable } from './openapi/operation.ts';
import { health, readiness } from './v1/wire-schemas.ts';

export const healthOperations = {
  '/healthz': {
    GET: {
      id: 'getHealth',
      tag: 'Operations',
      summary: 'Is it alive?',
      access: 'open',
      replies: {
        200: {
          about: 'It runs.',
          headers: ['Cache-Control'],
          content: { 'application/json': { shape: health } },
        },
      },
      errors: [],
    },
  },
  '/readyz': {
    GET: {
      id: 'getReadiness',
      tag: 'Operations',
      summary: 'Can it take work?',
      access: 'open',
      replies: {
        200: {
          about: 'It can.',
          headers: ['Cache-Control'],
          content: { 'application/json': { shape: readiness } },
        },
        503: {
          about: 'It cannot, or not any more.',
          headers: ['Cache-Control'],
          content: { 'application/json': { shape: readiness } },
        },
      },
      errors: [],
    },
  },
  '/metrics': {
    GET: {
      id: 'getMetrics',
      tag: 'Operations',
      summary: 'What has it done?',
      about:
        'Counts since the start, by route, model and status, in the text format of Prometheus. docs/operations.md explains them.',
      access: 'open',
      replies: {
        200: {
          about: 'The metrics.',
          headers: ['Cache-Control'],
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
      errors: [],
    },
  },
} as const satisfies OperationTable;
