import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import { EXPORT_TYPES, exportQuerySchema } from './export-schemas.js';
import { Exports, type Exported } from './exports.js';
import { sendFile, type AnyRequest, type StreamReply } from './send-file.js';

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

  private send(
    what: Exported,
    { query, accept = '', request }: { query: unknown; accept: string | undefined; request: AnyRequest },
    reply: StreamReply,
  ): Promise<void> {
    const asked = parseRequest(exportQuerySchema, 'query', query);
    const format = asked.format ?? (accept.includes(EXPORT_TYPES.csv) ? 'csv' : 'ndjson');
    const type = format === 'csv' ? `${EXPORT_TYPES.csv}; charset=utf-8; header=present` : EXPORT_TYPES.ndjson;
    const open = () => this.exports.open(what, asked, format);
    return sendFile({ request, reply }, { name: `${what}.${format}`, type, open });
  }
}
