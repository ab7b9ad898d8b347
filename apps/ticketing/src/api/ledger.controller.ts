import { Controller, Get, Inject, Param } from '@nestjs/common';
import { parseRequest, Problem, Roles } from '@onceline/service-kit';
import { ledgerParamsSchema, type LedgerEntry } from './schemas.js';
import { TicketReader } from './ticket-reader.js';

@Controller('v1/ledger')
@Roles('viewer')
export class LedgerController {
  constructor(@Inject(TicketReader) private readonly reader: TicketReader) {}

  // A wildcard: keys hold slashes, and may be longer than what the router takes as a named parameter.
  @Get('*')
  async one(@Param('*') key: unknown): Promise<LedgerEntry> {
    const { idempotencyKey } = parseRequest(ledgerParamsSchema, 'params', { idempotencyKey: key });
    const entry = await this.reader.ledgerEntry(idempotencyKey);
    if (entry) return entry;
    throw new Problem(404, {
      title: 'Not Found',
      detail: 'No outcome is recorded under this key. The update may still be pending.',
      field: 'params.idempotencyKey',
      fix: 'Ask again in a second; if it stays so, check the key.',
    });
  }
}
