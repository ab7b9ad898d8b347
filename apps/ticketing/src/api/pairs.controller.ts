import { Body, Controller, Delete, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { PairWish } from '../work/work-on-two-tickets.js';
import { AgentRequests, type RequestHeaders } from './agent-requests.js';
import { withEtag, type Reply } from './etag.js';
import { linkBodySchema, linkParamsSchema, mergeBodySchema } from './pair-schemas.js';
import { ticketParamsSchema, type TicketWithMessages } from './schemas.js';
import { TicketReader } from './ticket-reader.js';
import { noTicket } from './no-ticket.js';

interface Pair {
  readonly ticketId: string;
  readonly otherId: string;
  readonly otherField: string;
}

/** What agents do with two tickets at once. */
@Controller('v1/tickets/:id')
@Roles('agent')
export class PairsController {
  constructor(
    @Inject(TicketReader) private readonly reader: TicketReader,
    @Inject(AgentRequests) private readonly agents: AgentRequests,
  ) {}

  @Post('links')
  @HttpCode(201)
  link(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages> {
    const { id } = parseRequest(ticketParamsSchema, 'params', params);
    const { ticketId, kind } = parseRequest(linkBodySchema, 'body', body);
    const pair = { ticketId: id, otherId: ticketId, otherField: 'body.ticketId' };
    return this.work(reply, { pair, headers, body }, { type: 'link-tickets', kind });
  }

  @Delete('links/:ticketId')
  unlink(
    @Param() params: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages> {
    const { id, ticketId } = parseRequest(linkParamsSchema, 'params', params);
    const pair = { ticketId: id, otherId: ticketId, otherField: 'params.ticketId' };
    return this.work(reply, { pair, headers, body: undefined }, { type: 'unlink-tickets' });
  }

  @Post('merge')
  @HttpCode(200)
  merge(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<TicketWithMessages> {
    const { id } = parseRequest(ticketParamsSchema, 'params', params);
    const { into } = parseRequest(mergeBodySchema, 'body', body);
    const pair = { ticketId: id, otherId: into, otherField: 'body.into' };
    return this.work(reply, { pair, headers, body }, { type: 'merge-tickets' });
  }

  private async work(
    reply: Reply,
    { pair, ...request }: { pair: Pair; headers: RequestHeaders; body: unknown },
    wish: PairWish,
  ): Promise<TicketWithMessages> {
    const worked = await this.agents.doWithTwo(wish, pair, request);
    const ticket = worked && (await this.reader.ticket(pair.ticketId));
    if (!ticket) throw noTicket();
    return withEtag(reply, ticket);
  }
}
