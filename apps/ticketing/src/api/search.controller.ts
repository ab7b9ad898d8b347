import { Controller, Get, Inject, Query } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import { searchQuerySchema, type SearchPage } from './search-schemas.js';
import { TicketReader } from './ticket-reader.js';

@Controller('v1/search')
@Roles('viewer')
export class SearchController {
  constructor(@Inject(TicketReader) private readonly reader: TicketReader) {}

  @Get()
  search(@Query() query: unknown): Promise<SearchPage> {
    return this.reader.search(parseRequest(searchQuerySchema, 'query', query));
  }
}
