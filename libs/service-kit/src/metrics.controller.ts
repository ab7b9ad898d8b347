import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PLAIN_TEXT_TYPE, plainText, wantsPlainText } from './metrics-format.js';
import { metricsRegistry } from './metrics.js';
import { Roles } from './roles.js';

/** /metrics in OpenMetrics text, or in the plain text before it for those who ask for no other. */
@Controller('metrics')
@Roles('anyone')
export class MetricsController {
  @Get()
  async metrics(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const text = await metricsRegistry.metrics();
    if (wantsPlainText(accept)) await reply.type(PLAIN_TEXT_TYPE).send(plainText(text));
    else await reply.type(metricsRegistry.contentType).send(text);
  }
}
