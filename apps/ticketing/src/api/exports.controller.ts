import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import type { Readable } from 'node:stream';
import { EXPORT_TYPES, exportQuerySchema } from './export-schemas.js';
import { Exports, type Exported } from './exports.js';

/** A reply that is sent by hand, as a stream has to be. */
export interface StreamReply {
  headers(values: Readonly<Record<string, string>>): { send(stream: Readable): unknown };
}

/** Lists as files. */
@Controller('v1/exports')
@Roles('viewer')
export class ExportsController {
  constructor(@Inject(Exports) private readonly exports: Exports) {}

  @Get('tickets')
  tickets(@Query() query: unknown, @Headers('accept') accept: string | undefined, @Res() reply: StreamReply) {
    return this.send('tickets', { query, accept }, reply);
  }

  @Get('messages')
  messages(@Query() query: unknown, @Headers('accept') accept: string | undefined, @Res() reply: StreamReply) {
    return this.send('messages', { query, accept }, reply);
  }

  private async send(
    what: Exported,
    { query, accept = '' }: { query: unknown; accept: string | undefined },
    reply: StreamReply,
  ): Promise<void> {
    const asked = parseRequest(exportQuerySchema, 'query', query);
    const format = asked.format ?? (accept.includes(EXPORT_TYPES.csv) ? 'csv' : 'ndjson');
    const stream = await this.exports.open(what, asked, format);
    const type = format === 'csv' ? `${EXPORT_TYPES.csv}; charset=utf-8; header=present` : EXPORT_TYPES.ndjson;
    reply
      .headers({
        'content-type': type,
        'content-disposition': `attachment; filename="${what}.${format}"`,
        'cache-control': 'no-store',
      })
      .send(stream);
  }
}
