import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Put, Query } from '@nestjs/common';
import { parseRequest, Problem, Roles } from '@onceline/service-kit';
import type { ActiveFault, FaultStore } from '../faults/fault.store.js';
import { answering } from './answering.js';
import { Operations } from './operations.js';
import {
  faultsBodySchema,
  parkedQuerySchema,
  rehearsalBodySchema,
  type BreakerState,
  type ParkedPage,
  type RehearsalAnswer,
} from './schemas.js';
import { TicketReader } from './ticket-reader.js';

interface Faults {
  readonly rules: readonly ActiveFault[];
}

/** What operators look at and do. */
@Controller('v1')
@Roles('admin')
export class OperationsController {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(TicketReader) private readonly reader: TicketReader,
  ) {}

  @Get('parked-conversations')
  @Roles('viewer')
  parked(@Query() query: unknown): Promise<ParkedPage> {
    return this.reader.parked(parseRequest(parkedQuerySchema, 'query', query));
  }

  @Post('rehearsals')
  @HttpCode(200)
  rehearse(@Body() body: unknown): Promise<RehearsalAnswer> {
    return this.operations.rehearse(parseRequest(rehearsalBodySchema, 'body', body));
  }

  @Get('dead-letter-breaker')
  @Roles('viewer')
  breaker(): Promise<BreakerState> {
    return answering(this.operations.breaker.read());
  }

  @Post('dead-letter-breaker/close')
  @HttpCode(200)
  async closeBreaker(): Promise<BreakerState> {
    await answering(this.operations.breaker.close());
    return this.breaker();
  }

  @Get('faults')
  async faults(): Promise<Faults> {
    return { rules: await answering(this.switchable().active()) };
  }

  @Put('faults')
  async replaceFaults(@Body() body: unknown): Promise<Faults> {
    const faults = this.switchable();
    const { rules } = parseRequest(faultsBodySchema, 'body', body);
    return { rules: await answering(faults.replace(rules)) };
  }

  @Delete('faults')
  async clearFaults(): Promise<Faults> {
    return { rules: await answering(this.switchable().replace([])) };
  }

  private switchable(): FaultStore {
    const { faults } = this.operations;
    if (faults) return faults;
    throw new Problem(409, {
      title: 'Conflict',
      detail: 'Faults cannot be switched on in this installation.',
      fix: 'Start ticketing with FAULTS_ENABLED=true, which NODE_ENV=production refuses.',
    });
  }
}
