import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { parseRequest, Problem, Roles } from '@onceline/service-kit';
import { Operator } from './operator.js';
import { Requests } from './requests.js';
import {
  discardBodySchema,
  groupsQuerySchema,
  idParamsSchema,
  listQuerySchema,
  pageQuerySchema,
  type AuditPage,
  type DeadLetterDetails,
  type DeadLettersPage,
  type Discarded,
  type GroupsPage,
} from './schemas.js';

@Controller('v1')
@Roles('viewer')
export class DeadLettersController {
  constructor(
    @Inject(Operator) private readonly operator: Operator,
    @Inject(Requests) private readonly requests: Requests,
  ) {}

  @Get('dead-letters')
  list(@Query() query: unknown): Promise<DeadLettersPage> {
    return this.operator.list(parseRequest(listQuerySchema, 'query', query));
  }

  @Get('dead-letter-groups')
  groups(@Query() query: unknown): Promise<GroupsPage> {
    return this.operator.groups(parseRequest(groupsQuerySchema, 'query', query));
  }

  @Get('audit-trail')
  auditTrail(@Query() query: unknown): Promise<AuditPage> {
    return this.operator.auditTrail(parseRequest(pageQuerySchema, 'query', query));
  }

  @Get('dead-letters/:id')
  async one(@Param() params: unknown): Promise<DeadLetterDetails> {
    const { id } = parseRequest(idParamsSchema, 'params', params);
    const deadLetter = await this.operator.one(id);
    if (deadLetter) return deadLetter;
    throw new Problem(404, {
      title: 'Not Found',
      detail: 'There is no dead letter with this id.',
      field: 'params.id',
      fix: 'Take an id from GET /v1/dead-letters.',
    });
  }

  @Post('dead-letters/discard')
  @Roles('admin')
  @HttpCode(200)
  discard(@Body() body: unknown, @Headers() headers: Record<string, string | undefined>): Promise<Discarded> {
    const checked = parseRequest(discardBodySchema, 'body', body);
    return this.operator.discard(checked, this.requests.of('discard', headers, checked));
  }
}
