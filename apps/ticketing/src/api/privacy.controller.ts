import { Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { Erasure } from '../privacy/erase.js';
import { EXPORT_TYPES } from './export-schemas.js';
import { PrivacyApi } from './privacy-api.js';
import { erasuresQuerySchema, exportedParamsSchema, personParamsSchema, type ErasuresPage } from './privacy-schemas.js';
import { sendFile, type AnyRequest, type StreamReply } from './send-file.js';

/** What is held on customers, and its erasure. */
@Controller('v1')
@Roles('admin')
export class PrivacyController {
  constructor(@Inject(PrivacyApi) private readonly privacy: PrivacyApi) {}

  @Get('customers/:botId/:customerId/export')
  export(@Param() params: unknown, @Req() request: AnyRequest, @Res() reply: StreamReply): Promise<void> {
    const { botId, customerId } = parseRequest(exportedParamsSchema, 'params', params);
    const open = () => this.privacy.export({ botId, personId: customerId });
    return sendFile({ request, reply }, { name: 'customer.ndjson', type: EXPORT_TYPES.ndjson, open });
  }

  @Post('customers/:botId/:customerId/erasure')
  @HttpCode(200)
  erase(@Param() params: unknown, @Headers('authorization') authorization: string | undefined): Promise<Erasure> {
    const { botId, customerId } = parseRequest(personParamsSchema, 'params', params);
    return this.privacy.erase({ botId, personId: customerId }, authorization);
  }

  @Get('erasures')
  erasures(@Query() query: unknown): Promise<ErasuresPage> {
    return this.privacy.erasures(parseRequest(erasuresQuerySchema, 'query', query));
  }
}
