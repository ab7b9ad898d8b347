import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { Readable } from 'node:stream';
import { EXPORT_TYPES, exportQuerySchema } from './export-schemas.js';
import { Exports, type Exported } from './exports.js';

/** A reply that is sent by hand, as a stream has to be. */
export interface StreamReply {
  headers(values: Readonly<Record<string, string>>): { send(stream?: Readable): unknown };
}

/** HEAD comes to the same handlers as GET, and would read to the end what nobody is sent. */
export const isForHead = ({ method }: AnyRequest): boolean => method === 'HEAD';
export interface AnyRequest {
  readonly method: string;
}

/** Lists as files. */
@Controller('v1/exports')
@Roles('viewer')
export class ExportsController {
  constructor(@Inject(Exports) private readonly exports: Exports) {}

  @Get('tickets')
  tickets(
    @Query() query: unknown,
    @Headers('accept') accept: string | undefined,
    @Req() request: AnyRequest,
    @Res() reply: StreamReply,
  ) {
    return this.send('tickets', { query, accept, request }, reply);
  }

  @Get('messages')
  messages(
    @Query() query: unknown,
    @Headers('accept') accept: string | undefined,
    @Req() request: AnyRequest,
    @Res() reply: StreamReply,
  ) {
    return this.send('messages', { query, accept, request }, reply);
  }

  private async send(
    what: Exported,
    { query, accept = '', request }: { query: unknown; accept: string | undefined; request: AnyRequest },
    reply: StreamReply,
  ): Promise<void> {
    const asked = parseRequest(exportQuerySchema, 'query', query);
    const format = asked.format ?? (accept.includes(EXPORT_TYPES.csv) ? 'csv' : 'ndjson');
    const type = format === 'csv' ? `${EXPORT_TYPES.csv}; charset=utf-8; header=present` : EXPORT_TYPES.ndjson;
    const stream = isForHead(request) ? undefined : await this.exports.open(what, asked, format);
    reply
      .headers({
        'content-type': type,
        'content-disposition': `attachment; filename="${what}.${format}"`,
        'cache-control': 'no-store',
      })
      .send(stream);
  }
}
