import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { setEtag, withEtag, type Reply } from './etag.js';
import { noTicket } from './no-ticket.js';
import { etagOf } from '../work/versions.js';
import { parseRequest, Roles } from '@onceline/service-kit';
import { AgentRequests, type RequestHeaders } from './agent-requests.js';
import {
  eventsQuerySchema,
  noteBodySchema,
  ticketChangesSchema,
  ticketParamsSchema,
  ticketsQuerySchema,
  type EventsPage,
  type TicketsPage,
  type TicketWithMessages,
} from './schemas.js';
import { TicketReader } from './ticket-reader.js';
import type { AgentWish } from '../work/work-on-ticket.js';

@Controller('v1/tickets')
@Roles('viewer')
export class TicketsController {
  constructor(
    @Inject(TicketReader) private readonly reader: TicketReader,
    @Inject(AgentRequests) private readonly agents: AgentRequests,
  ) {}

  @Get()
  list(@Query() query: unknown): Promise<TicketsPage> {
    return this.reader.tickets(parseRequest(ticketsQuerySchema, 'query', query));
  }

  @Get(':id')
  async one(
    @Param() params: unknown,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages | undefined> {
    const { id } = parseRequest(ticketParamsSchema, 'params', params);
    const ticket = await this.reader.ticket(id);
    if (!ticket) throw noTicket();
    setEtag(reply, ticket.version);
    // Merged tickets are shown in it, and change without it.
    if (known !== etagOf(ticket.version) || ticket.mergedFrom.length > 0) return ticket;
    reply.status(304);
    return undefined;
  }

  @Patch(':id')
  @Roles('agent')
  change(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages> {
    const changes = parseRequest(ticketChangesSchema, 'body', body);
    return this.work(reply, { params, headers, body }, { type: 'change-ticket', changes });
  }

  @Post(':id/notes')
  @Roles('agent')
  @HttpCode(201)
  addNote(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages> {
    const { text } = parseRequest(noteBodySchema, 'body', body);
    return this.work(reply, { params, headers, body }, { type: 'add-note', text });
  }

  private async work(
    reply: Reply,
    request: { params: unknown; headers: RequestHeaders; body: unknown },
    wish: AgentWish,
  ): Promise<TicketWithMessages> {
    const { id } = parseRequest(ticketParamsSchema, 'params', request.params);
    const worked = await this.agents.do(id, wish, request);
    const ticket = worked && (await this.reader.ticket(id));
    if (!ticket) throw noTicket();
    return withEtag(reply, ticket);
  }

  @Get(':id/events')
  async events(@Param() params: unknown, @Query() query: unknown): Promise<EventsPage> {
    const { id } = parseRequest(ticketParamsSchema, 'params', params);
    const page = await this.reader.events(id, parseRequest(eventsQuerySchema, 'query', query));
    if (!page) throw noTicket();
    return page;
  }
}
