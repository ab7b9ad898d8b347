import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import { Operator } from './operator.js';
import { Requests } from './requests.js';
import {
  cancelBodySchema,
  idParamsSchema,
  pageQuerySchema,
  redriveBodySchema,
  type DryRun,
  type Redrive,
  type RedrivesPage,
} from './schemas.js';

interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

type RequestHeaders = Record<string, string | undefined>;

@Controller('v1/redrives')
@Roles('viewer')
export class RedrivesController {
  constructor(
    @Inject(Operator) private readonly operator: Operator,
    @Inject(Requests) private readonly requests: Requests,
  ) {}

  @Get()
  list(@Query() query: unknown): Promise<RedrivesPage> {
    return this.operator.redrives(parseRequest(pageQuerySchema, 'query', query));
  }

  @Get(':id')
  one(@Param() params: unknown): Promise<Redrive> {
    return this.operator.redrive(parseRequest(idParamsSchema, 'params', params).id);
  }

  @Post()
  @Roles('admin')
  async start(
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DryRun | Redrive> {
    const checked = parseRequest(redriveBodySchema, 'body', body);
    if (checked.dryRun) {
      reply.status(200);
      return this.operator.rehearse(checked);
    }
    const redrive = await this.operator.startRedrive(checked, this.requests.of('redrive', headers, checked));
    reply.status(202);
    reply.header('location', `/v1/redrives/${redrive.id}`);
    return redrive;
  }

  @Post(':id/cancel')
  @Roles('admin')
  @HttpCode(200)
  cancel(@Param() params: unknown, @Body() body: unknown, @Headers() headers: RequestHeaders): Promise<Redrive> {
    const { id } = parseRequest(idParamsSchema, 'params', params);
    const checked = parseRequest(cancelBodySchema, 'body', body);
    return this.operator.cancel(id, checked.reason, this.requests.of(`cancel ${id}`, headers, checked));
  }
}
