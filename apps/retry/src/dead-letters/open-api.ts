import { openApi, type ApiRoute, type OpenApiDocument } from '@onceline/service-kit';
import {
  auditPageSchema,
  cancelBodySchema,
  deadLetterDetailsSchema,
  deadLettersPageSchema,
  discardBodySchema,
  discardedSchema,
  dryRunSchema,
  groupsPageSchema,
  groupsQuerySchema,
  idParamsSchema,
  listQuerySchema,
  pageQuerySchema,
  redriveBodySchema,
  redriveSchema,
  redrivesPageSchema,
  startedRedriveSchema,
} from './schemas.js';

const READING: readonly ApiRoute[] = [
  {
    method: 'get',
    path: '/v1/dead-letters',
    summary: 'List dead letters, newest first',
    role: 'viewer',
    query: listQuerySchema,
    responses: { 200: { description: 'One page', schema: deadLettersPageSchema } },
  },
  {
    method: 'get',
    path: '/v1/dead-letters/{id}',
    summary: 'One dead letter with payload, headers and history',
    role: 'viewer',
    params: idParamsSchema,
    responses: { 200: { description: 'The dead letter', schema: deadLetterDetailsSchema } },
  },
  {
    method: 'get',
    path: '/v1/dead-letter-groups',
    summary: 'Dead letters by cause, the latest seen first',
    role: 'viewer',
    query: groupsQuerySchema,
    responses: { 200: { description: 'One page of groups', schema: groupsPageSchema } },
  },
  {
    method: 'get',
    path: '/v1/redrives',
    summary: 'List redrives, newest first',
    role: 'viewer',
    query: pageQuerySchema,
    responses: { 200: { description: 'One page', schema: redrivesPageSchema } },
  },
  {
    method: 'get',
    path: '/v1/redrives/{id}',
    summary: 'The progress of a redrive',
    role: 'viewer',
    params: idParamsSchema,
    responses: { 200: { description: 'The redrive', schema: redriveSchema } },
  },
  {
    method: 'get',
    path: '/v1/audit-trail',
    summary: 'What was done to dead letters, by whom and why, newest first',
    role: 'viewer',
    query: pageQuerySchema,
    responses: { 200: { description: 'One page of entries', schema: auditPageSchema } },
  },
];

/** Each takes an `Idempotency-Key`: a repeat under the same key gets the first answer. */
const ACTING: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/redrives',
    summary: 'Send open dead letters to the consumer that failed, or ask what would happen',
    role: 'admin',
    body: redriveBodySchema,
    responses: {
      200: { description: 'What would happen (dryRun)', schema: dryRunSchema },
      202: { description: 'The redrive has begun', schema: startedRedriveSchema },
    },
    problems: [404, 409, 422],
  },
  {
    method: 'post',
    path: '/v1/redrives/{id}/cancel',
    summary: 'Send nothing more; what is left is open again',
    role: 'admin',
    params: idParamsSchema,
    body: cancelBodySchema,
    responses: { 200: { description: 'The redrive', schema: redriveSchema } },
    problems: [409, 422],
  },
  {
    method: 'post',
    path: '/v1/dead-letters/discard',
    summary: 'Give open dead letters up for good',
    role: 'admin',
    body: discardBodySchema,
    responses: { 200: { description: 'How many', schema: discardedSchema } },
    problems: [404, 409, 422],
  },
];

/** Made from the schemas that check requests and type answers. */
export const RETRY_API: OpenApiDocument = openApi(
  {
    title: 'Onceline retry',
    version: '1',
    description: 'Dead letters: look, correct, redrive, discard. POSTs take an Idempotency-Key.',
  },
  [...READING, ...ACTING],
);
