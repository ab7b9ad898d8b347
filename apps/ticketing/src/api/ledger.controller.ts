import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { parseRequest, Problem, Roles } from '@onceline/service-kit';
import { ledgerQuerySchema, type LedgerPage } from './ledger-schemas.js';
import { Operations } from './operations.js';
import { discardBodySchema, ledgerParamsSchema, type LedgerEntry } from './schemas.js';
import { TicketReader } from './ticket-reader.js';

const DISCARD = '/discard';

@Controller('v1/ledger')
@Roles('viewer')
export class LedgerController {
  constructor(
    @Inject(TicketReader) private readonly reader: TicketReader,
    @Inject(Operations) private readonly operations: Operations,
  ) {}

  @Get()
  list(@Query() query: unknown): Promise<LedgerPage> {
    return this.reader.ledger(parseRequest(ledgerQuerySchema, 'query', query));
  }

  // A wildcard: keys hold slashes, and may be longer than what the router takes as a named parameter.
  @Get('*')
  one(@Param('*') key: unknown): Promise<LedgerEntry> {
    return this.entry(keyIn(key));
  }

  // The router ends at a wildcard, so the action behind the key is looked for here.
  @Post('*')
  @HttpCode(200)
  @Roles('admin')
  async discard(@Param('*') path: unknown, @Body() body: unknown): Promise<LedgerEntry> {
    if (typeof path !== 'string' || !path.endsWith(DISCARD)) {
      throw new Problem(404, {
        title: 'Not Found',
        detail: 'There is no such action on a ledger entry.',
        fix: `POST to /v1/ledger/{idempotencyKey}${DISCARD}.`,
      });
    }
    const key = keyIn(path.slice(0, -DISCARD.length));
    const { reason } = parseRequest(discardBodySchema, 'body', body);
    const isDone = await this.operations.discard(key, reason);
    const entry = await this.entry(key);
    if (isDone || entry.outcome === 'discarded') return entry;
    throw new Problem(409, {
      title: 'Conflict',
      detail: `Only a dead-lettered update can be discarded; this one is ${entry.outcome}.`,
      fix: 'Leave it as it is.',
    });
  }

  private async entry(key: string): Promise<LedgerEntry> {
    const entry = await this.reader.ledgerEntry(key);
    if (entry) return entry;
    throw new Problem(404, {
      title: 'Not Found',
      detail: 'No outcome is recorded under this key. The update may still be pending.',
      field: 'params.idempotencyKey',
      fix: 'Ask again in a second; if it stays so, check the key.',
    });
  }
}

function keyIn(text: unknown): string {
  return parseRequest(ledgerParamsSchema, 'params', { idempotencyKey: text }).idempotencyKey;
}
