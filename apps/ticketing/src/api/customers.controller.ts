import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { RequestHeaders } from './agent-requests.js';
import { customerParamsSchema, mergeCustomersBodySchema, type CustomerEntry } from './customer-schemas.js';
import { CustomersApi } from './customers-api.js';
import { withEtag, type Reply } from './etag.js';

/** Who the customers are. */
@Controller('v1/customers/:botId/:customerId')
@Roles('viewer')
export class CustomersController {
  constructor(@Inject(CustomersApi) private readonly customers: CustomersApi) {}

  @Get()
  async read(@Param() params: unknown, @Res({ passthrough: true }) reply: Reply): Promise<CustomerEntry> {
    return withEtag(reply, await this.customers.read(parseRequest(customerParamsSchema, 'params', params)));
  }

  @Post('merge')
  @Roles('agent')
  @HttpCode(200)
  async merge(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerEntry> {
    const account = parseRequest(customerParamsSchema, 'params', params);
    const wish = { type: 'merge', ...parseRequest(mergeCustomersBodySchema, 'body', body) } as const;
    return withEtag(reply, await this.customers.change(account, wish, { headers, body }));
  }

  @Post('split')
  @Roles('agent')
  @HttpCode(200)
  async split(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerEntry> {
    const account = parseRequest(customerParamsSchema, 'params', params);
    return withEtag(reply, await this.customers.change(account, { type: 'split' }, { headers, body }));
  }
}
