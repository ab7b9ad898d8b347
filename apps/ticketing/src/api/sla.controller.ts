import { Body, Controller, Get, Headers, Inject, Param, Put, Query, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import { slaDocumentSchema } from '../sla/sla-document.js';
import type { RequestHeaders } from './agent-requests.js';
import { withEtag, type Reply } from './etag.js';
import { noTicket } from './no-ticket.js';
import { botParamsSchema } from './policy-schemas.js';
import { ticketParamsSchema } from './schemas.js';
import { SlaApi } from './sla-api.js';
import {
  figureParamsSchema,
  reportQuerySchema,
  slaHeadersSchema,
  type Explanation,
  type Figures,
  type Report,
  type SlaEntry,
} from './sla-schemas.js';

/** What bots promise, and the times of tickets. */
@Controller('v1')
@Roles('viewer')
export class SlaController {
  constructor(@Inject(SlaApi) private readonly sla: SlaApi) {}

  @Get('bots/:botId/sla')
  async read(@Param() params: unknown, @Res({ passthrough: true }) reply: Reply): Promise<SlaEntry> {
    const { botId } = parseRequest(botParamsSchema, 'params', params);
    return withEtag(reply, (await this.sla.versions(botId))[0]);
  }

  @Get('bots/:botId/sla/versions')
  async versions(@Param() params: unknown): Promise<{ items: readonly SlaEntry[] }> {
    const { botId } = parseRequest(botParamsSchema, 'params', params);
    return { items: (await this.sla.versions(botId)).filter(({ version }) => version > 0) };
  }

  @Put('bots/:botId/sla')
  @Roles('admin')
  async write(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SlaEntry> {
    const { botId } = parseRequest(botParamsSchema, 'params', params);
    const document = parseRequest(slaDocumentSchema, 'body', body);
    const { 'if-match': seenVersion } = parseRequest(slaHeadersSchema, 'headers', headers);
    return withEtag(
      reply,
      await this.sla.write(botId, document, { authorization: headers['authorization'], seenVersion }),
    );
  }

  @Get('tickets/:id/figures')
  async figures(@Param() params: unknown): Promise<Figures> {
    const { id } = parseRequest(ticketParamsSchema, 'params', params);
    const figures = await this.sla.figures(id);
    if (!figures) throw noTicket();
    return figures;
  }

  @Get('tickets/:id/explain/:figure')
  async explain(@Param() params: unknown): Promise<Explanation> {
    const { id, figure } = parseRequest(figureParamsSchema, 'params', params);
    const explanation = await this.sla.explain(id, figure);
    if (!explanation) throw noTicket();
    return explanation;
  }

  @Get('reports/sla')
  report(@Query() query: unknown): Promise<Report> {
    return this.sla.report(parseRequest(reportQuerySchema, 'query', query));
  }
}
