import { openApi, type ApiRoute, type OpenApiDocument } from '@onceline/service-kit';
import {
  agentBodySchema,
  agentEntrySchema,
  agentParamsSchema,
  agentRemovalSchema,
  agentsPageSchema,
  agentsQuerySchema,
} from './agent-schemas.js';
import { botPolicySchema } from '../policy/bot-policy.js';
import { customerRoutes } from './customer-routes.js';
import { EXPORT_TYPES, exportQuerySchema } from './export-schemas.js';
import { ledgerPageSchema, ledgerQuerySchema } from './ledger-schemas.js';
import { nextBodySchema, queuePageSchema, queueQuerySchema } from './queue-schemas.js';
import { privacyRoutes } from './privacy-routes.js';
import { liveEventSchema, liveHeadersSchema, liveQuerySchema } from './live-schemas.js';
import { slaRoutes } from './sla-routes.js';
import { searchPageSchema, searchQuerySchema } from './search-schemas.js';
import { linkBodySchema, linkParamsSchema, mergeBodySchema } from './pair-schemas.js';
import { botParamsSchema, policyEntrySchema, policyHeadersSchema } from './policy-schemas.js';
import {
  breakerSchema,
  discardBodySchema,
  eventsPageSchema,
  eventsQuerySchema,
  faultsBodySchema,
  faultsSchema,
  idempotencyHeadersSchema,
  ledgerEntrySchema,
  ledgerParamsSchema,
  parkedPageSchema,
  parkedQuerySchema,
  rehearsalBodySchema,
  rehearsalSchema,
  seenHeadersSchema,
  noteBodySchema,
  ticketChangesSchema,
  ticketParamsSchema,
  ticketsPageSchema,
  ticketsQuerySchema,
  ticketWithMessagesSchema,
  workHeadersSchema,
} from './schemas.js';

/** Made from the schemas that check requests and type answers. */
export const TICKETING_API: OpenApiDocument = openApi(
  {
    title: 'Onceline ticketing',
    version: '1',
    description: 'Tickets, their history, and what became of every update.',
  },
  [
    ...[...readingRoutes(), ...findingRoutes(), ...streamingRoutes()],
    ...[...workingRoutes(), ...pairRoutes(), ...policyRoutes(), ...slaRoutes(), ...agentRoutes(), ...customerRoutes()],
    ...[...privacyRoutes(), ...operatingRoutes()],
  ],
);

function readingRoutes(): ApiRoute[] {
  return [
    {
      method: 'get',
      path: '/v1/tickets',
      summary: 'List tickets, newest first',
      role: 'viewer',
      query: ticketsQuerySchema,
      responses: { 200: { description: 'One page of tickets', schema: ticketsPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/tickets/{id}',
      summary: 'One ticket with its messages',
      role: 'viewer',
      params: ticketParamsSchema,
      headers: seenHeadersSchema,
      responses: {
        200: { description: 'The ticket; its version is the ETag', schema: ticketWithMessagesSchema },
        304: { description: 'Unchanged since the version in If-None-Match' },
      },
    },
    {
      method: 'get',
      path: '/v1/tickets/{id}/events',
      summary: 'The history of a ticket',
      role: 'viewer',
      params: ticketParamsSchema,
      query: eventsQuerySchema,
      responses: { 200: { description: 'One page of events, oldest first', schema: eventsPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/parked-conversations',
      summary: 'Conversations that wait for an update that failed, the longest waiting first',
      role: 'viewer',
      query: parkedQuerySchema,
      responses: { 200: { description: 'One page', schema: parkedPageSchema } },
    },
  ];
}

function findingRoutes(): ApiRoute[] {
  return [
    {
      ...{ method: 'get', path: '/v1/search', role: 'viewer', query: searchQuerySchema },
      summary: 'Find messages by their words and by who wrote them, those written last first',
      responses: { 200: { description: 'One page of messages', schema: searchPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/ledger',
      summary: 'What became of updates, those received last first',
      role: 'viewer',
      query: ledgerQuerySchema,
      responses: { 200: { description: 'One page of entries', schema: ledgerPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/ledger/{idempotencyKey}',
      summary: 'What became of an update, and which copies of it were refused',
      role: 'viewer',
      params: ledgerParamsSchema,
      responses: { 200: { description: 'The entry', schema: ledgerEntrySchema } },
    },
  ];
}

function streamingRoutes(): ApiRoute[] {
  const exported = { role: 'viewer', query: exportQuerySchema } as const;
  const text = Object.values(EXPORT_TYPES);
  return [
    {
      ...{
        method: 'get',
        path: '/v1/exports/tickets',
        summary: 'All tickets of a list, the oldest first',
        ...exported,
      },
      responses: { 200: { description: 'A line for each ticket', text } },
    },
    {
      ...{ method: 'get', path: '/v1/exports/messages', summary: 'All messages of the tickets of a list', ...exported },
      responses: { 200: { description: 'A line for each message, ticket by ticket', text } },
    },
    {
      ...{ method: 'get', path: '/v1/live', role: 'viewer', query: liveQuerySchema, headers: liveHeadersSchema },
      summary: 'Events of tickets as they happen, as server-sent events, without an end',
      responses: {
        200: { description: 'An event for each event of a ticket', events: liveEventSchema },
      },
    },
  ];
}

function workingRoutes(): ApiRoute[] {
  const ticket = { description: 'The ticket as it is now; its version is the ETag', schema: ticketWithMessagesSchema };
  const request = { role: 'agent', params: ticketParamsSchema, headers: workHeadersSchema } as const;
  return [
    {
      ...{ method: 'get', path: '/v1/queue', role: 'viewer', query: queueQuerySchema },
      summary: 'What agents have to do next: the most urgent first, among those who has waited longest',
      responses: { 200: { description: 'One page', schema: queuePageSchema } },
    },
    {
      ...{ method: 'post', path: '/v1/queue/next', role: 'agent', headers: idempotencyHeadersSchema },
      ...{ summary: 'Take the next ticket that nobody has', body: nextBodySchema.optional() },
      responses: { 200: ticket, 204: { description: 'There is none' } },
      problems: [409],
    },
    {
      ...{ method: 'patch', path: '/v1/tickets/{id}', summary: 'Change a ticket: what is left out stays', ...request },
      body: ticketChangesSchema,
      responses: { 200: ticket },
      problems: [409],
    },
    {
      ...{ method: 'post', path: '/v1/tickets/{id}/notes', summary: 'Add a note for other agents', ...request },
      body: noteBodySchema,
      responses: { 201: ticket },
    },
  ];
}

function pairRoutes(): ApiRoute[] {
  const ticket = { description: 'The ticket as it is now; its version is the ETag', schema: ticketWithMessagesSchema };
  const request = { role: 'agent', headers: workHeadersSchema } as const;
  return [
    {
      ...{ method: 'post', path: '/v1/tickets/{id}/links', ...request, params: ticketParamsSchema },
      summary: 'Link it to another ticket, which says the same from its side; one link for each two',
      body: linkBodySchema,
      responses: { 201: ticket },
      problems: [409],
    },
    {
      ...{ method: 'delete', path: '/v1/tickets/{id}/links/{ticketId}', ...request, params: linkParamsSchema },
      summary: 'Remove the link of the two, where there is one',
      responses: { 200: ticket },
    },
    {
      ...{ method: 'post', path: '/v1/tickets/{id}/merge', ...request, params: ticketParamsSchema },
      summary: 'Merge it into another ticket of its bot, which goes on for both',
      body: mergeBodySchema,
      responses: { 200: ticket },
      problems: [409],
    },
  ];
}

function policyRoutes(): ApiRoute[] {
  const route = { path: '/v1/bots/{botId}/policy', params: botParamsSchema } as const;
  return [
    {
      ...{ ...route, method: 'get', role: 'viewer', summary: "How a bot's updates become tickets" },
      responses: { 200: { description: 'The policy; its version is the ETag', schema: policyEntrySchema } },
    },
    {
      ...{ ...route, method: 'put', role: 'admin', summary: 'Write it anew: what is left out is at its standard' },
      headers: policyHeadersSchema,
      body: botPolicySchema,
      responses: {
        200: { description: 'The policy, which holds everywhere within two seconds', schema: policyEntrySchema },
      },
    },
  ];
}

function agentRoutes(): ApiRoute[] {
  const route = { path: '/v1/agents/{name}', params: agentParamsSchema } as const;
  const responses = { 200: { description: 'The agent', schema: agentEntrySchema } };
  return [
    {
      ...{ method: 'get', path: '/v1/agents', role: 'viewer', query: agentsQuerySchema },
      summary: 'Agents in the order of their names, and how much each has to act on',
      responses: { 200: { description: 'One page of agents', schema: agentsPageSchema } },
    },
    { ...route, method: 'get', role: 'viewer', summary: 'An agent, and how much he has to act on', responses },
    {
      ...{
        ...route,
        method: 'put',
        role: 'admin',
        summary: 'Register him anew: who can be given tickets by the rules',
      },
      body: agentBodySchema,
      responses,
    },
    {
      ...{ ...route, method: 'delete', role: 'admin', summary: 'Remove him: he stays while he has active tickets' },
      query: agentRemovalSchema,
      responses: { 204: { description: 'He is registered no longer' } },
      problems: [409],
    },
  ];
}

function operatingRoutes(): ApiRoute[] {
  const faults = {
    responses: { 200: { description: 'The faults that are switched on', schema: faultsSchema } },
    // Where FAULTS_ENABLED is not set.
    problems: [409],
  };
  const breaker = { 200: { description: 'The breaker', schema: breakerSchema } };
  return [
    {
      method: 'post',
      path: '/v1/ledger/{idempotencyKey}/discard',
      summary: 'Give up a dead-lettered update for good',
      role: 'admin',
      params: ledgerParamsSchema,
      body: discardBodySchema,
      responses: { 200: { description: 'The entry, discarded', schema: ledgerEntrySchema } },
      problems: [409],
    },
    {
      method: 'post',
      path: '/v1/rehearsals',
      summary: 'What redrives would come to: decided on the real state, and undone',
      role: 'admin',
      body: rehearsalBodySchema,
      responses: { 200: { description: 'One result for each update, in order', schema: rehearsalSchema } },
    },
    {
      method: 'get',
      path: '/v1/dead-letter-breaker',
      summary: 'Whether too many dead letters have stopped the consumer',
      role: 'viewer',
      responses: breaker,
    },
    {
      method: 'post',
      path: '/v1/dead-letter-breaker/close',
      summary: 'Let the consumer go on, on every instance',
      role: 'admin',
      responses: breaker,
    },
    { method: 'get', path: '/v1/faults', summary: 'Faults that are switched on', role: 'admin', ...faults },
    {
      method: 'put',
      path: '/v1/faults',
      summary: 'Switch on these faults and no others, on every instance',
      role: 'admin',
      body: faultsBodySchema,
      ...faults,
    },
    { method: 'delete', path: '/v1/faults', summary: 'Switch off all faults', role: 'admin', ...faults },
  ];
}
