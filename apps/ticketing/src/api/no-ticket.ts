import { Problem } from '@onceline/service-kit';

export function noTicket(): Problem {
  return new Problem(404, {
    title: 'Not Found',
    detail: 'There is no ticket with this id.',
    field: 'params.id',
    fix: 'Take an id from GET /v1/tickets or from the ledger.',
  });
}
