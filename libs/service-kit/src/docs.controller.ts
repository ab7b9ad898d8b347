import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { docsPage } from './docs-page.js';
import type { OpenApiDocument } from './open-api.js';
import { Roles } from './roles.js';

/** Injection token of the document that {@link DocsController} shows. */
export const OPEN_API_DOCUMENT = Symbol('OpenAPI document');

/** /docs for people, /docs/openapi.json for programs. Holds nothing that the source code does not. */
@Controller('docs')
@Roles('anyone')
export class DocsController {
  constructor(@Inject(OPEN_API_DOCUMENT) private readonly document: OpenApiDocument) {}

  @Get()
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(docsPage(this.document));
  }

  @Get('openapi.json')
  openApi(): OpenApiDocument {
    return this.document;
  }
}
