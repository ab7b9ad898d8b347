import { Body, Controller, Get, Headers, Inject, Param, Put, Res } from '@nestjs/common';
import { withEtag, type Reply } from './etag.js';
import { parseRequest, Roles } from '@onceline/service-kit';
import { botPolicySchema } from '../policy/bot-policy.js';
import type { RequestHeaders } from './agent-requests.js';
import { PoliciesApi } from './policies-api.js';
import { botParamsSchema, policyHeadersSchema, type PolicyEntry } from './policy-schemas.js';

/** How each bot's updates become tickets. */
@Controller('v1/bots/:botId/policy')
@Roles('viewer')
export class PoliciesController {
  constructor(@Inject(PoliciesApi) private readonly policies: PoliciesApi) {}

  @Get()
  async read(@Param() params: unknown, @Res({ passthrough: true }) reply: Reply): Promise<PolicyEntry> {
    const { botId } = parseRequest(botParamsSchema, 'params', params);
    return withEtag(reply, await this.policies.read(botId));
  }

  @Put()
  @Roles('admin')
  async write(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PolicyEntry> {
    const { botId } = parseRequest(botParamsSchema, 'params', params);
    const policy = parseRequest(botPolicySchema, 'body', body);
    const { 'if-match': seenVersion } = parseRequest(policyHeadersSchema, 'headers', headers);
    const { authorization } = headers;
    return withEtag(reply, await this.policies.write(botId, policy, { authorization, seenVersion }));
  }
}
