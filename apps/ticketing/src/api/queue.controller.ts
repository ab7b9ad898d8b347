import { Body, Controller, Get, Headers, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import { setEtag, type Reply } from './etag.js';
import { parseRequest, Roles } from '@onceline/service-kit';
import { AgentRequests, type RequestHeaders } from './agent-requests.js';
import { nextBodySchema, queueQuerySchema, type QueuePage } from './queue-schemas.js';
import type { TicketWithMessages } from './schemas.js';
import { TicketReader } from './ticket-reader.js';

/** What agents have to do next. */
@Controller('v1/queue')
@Roles('viewer')
export class QueueController {
  constructor(
    @Inject(TicketReader) private readonly reader: TicketReader,
    @Inject(AgentRequests) private readonly agents: AgentRequests,
  ) {}

  @Get()
  list(@Query() query: unknown): Promise<QueuePage> {
    return this.reader.queue(parseRequest(queueQuerySchema, 'query', query));
  }

  @Post('next')
  @Roles('agent')
  @HttpCode(200)
  async next(
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages | undefined> {
    const taken = await this.agents.takeNext(parseRequest(nextBodySchema, 'body', body === undefined ? {} : body), {
      headers,
      body,
    });
    const ticket = taken === null ? undefined : await this.reader.ticket(taken.ticketId);
    if (ticket) setEtag(reply, ticket.version);
    else reply.status(204);
    return ticket;
  }
}
