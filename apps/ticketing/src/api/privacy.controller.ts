import { Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { Erasure } from '../privacy/erase.js';
import type { Person } from '../privacy/person.js';
import { EXPORT_TYPES } from './export-schemas.js';
import type { StreamReply } from './exports.controller.js';
import { PrivacyApi } from './privacy-api.js';
import { erasuresQuerySchema, personParamsSchema, type ErasuresPage } from './privacy-schemas.js';

/** What is held on customers, and its erasure. */
@Controller('v1')
@Roles('admin')
export class PrivacyController {
  constructor(@Inject(PrivacyApi) private readonly privacy: PrivacyApi) {}

  @Get('customers/:botId/:customerId/export')
  async export(@Param() params: unknown, @Res() reply: StreamReply): Promise<void> {
    const stream = await this.privacy.export(personIn(params));
    reply
      .headers({
        'content-type': EXPORT_TYPES.ndjson,
        'content-disposition': 'attachment; filename="customer.ndjson"',
        'cache-control': 'no-store',
      })
      .send(stream);
  }

  @Post('customers/:botId/:customerId/erasure')
  @HttpCode(200)
  erase(@Param() params: unknown, @Headers('authorization') authorization: string | undefined): Promise<Erasure> {
    return this.privacy.erase(personIn(params), authorization);
  }

  @Get('erasures')
  erasures(@Query() query: unknown): Promise<ErasuresPage> {
    return this.privacy.erasures(parseRequest(erasuresQuerySchema, 'query', query));
  }
}

function personIn(params: unknown): Person {
  const { botId, customerId } = parseRequest(personParamsSchema, 'params', params);
  return { botId, personId: customerId };
}
