import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import { Live, type Known } from './live.js';
import { LIVE_TYPE, liveHeadersSchema, liveQuerySchema } from './live-schemas.js';
import { isForHead, type AnyRequest, type StreamReply } from './send-file.js';

const HEADERS = {
  'content-type': LIVE_TYPE,
  'cache-control': 'no-store',
  // nginx, which would keep events back to send them together.
  'x-accel-buffering': 'no',
};

/** What happens to tickets, as it happens. */
@Controller('v1/live')
@Roles('viewer')
export class LiveController {
  constructor(@Inject(Live) private readonly live: Live) {}

  @Get()
  async follow(
    @Query() query: unknown,
    @Headers() headers: unknown,
    @Req() request: AnyRequest,
    @Res() reply: StreamReply,
  ): Promise<void> {
    const { after, ...filter } = parseRequest(liveQuerySchema, 'query', query);
    const { 'last-event-id': last } = parseRequest(liveHeadersSchema, 'headers', headers);
    // A browser that comes again still has the address it first came to, so the header is the newer one.
    const known: Known[] = [
      ...(last ? [{ position: last, field: 'headers.last-event-id' }] : []),
      ...(after ? [{ position: after, field: 'query.after' }] : []),
    ];
    const stream = isForHead(request) ? undefined : await this.live.open(filter, known[0]);
    reply.headers(HEADERS).send(stream);
  }
}
