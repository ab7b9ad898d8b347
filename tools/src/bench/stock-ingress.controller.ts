import { Body, Controller, Headers, HttpCode, Inject, Param, Post, UnauthorizedException } from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { STOCK_SETTINGS, STOCK_TOPIC } from './stock-settings.js';

interface Update {
  readonly update_id: number;
  readonly message?: { readonly chat: { readonly id: number } };
}

/** The stock way, as the Nest documentation shows it: one awaited send per request. */
@Controller('telegram')
export class StockIngressController {
  constructor(@Inject('KAFKA') private readonly client: ClientKafka) {}

  @Post(':botId')
  @HttpCode(200)
  async receive(
    @Param('botId') botId: string,
    @Headers('x-telegram-bot-api-secret-token') secret: string,
    @Body() update: Update,
  ): Promise<void> {
    if (secret !== STOCK_SETTINGS.secret) throw new UnauthorizedException();
    const key = `${botId}:${update.message?.chat.id ?? update.update_id}`;
    await lastValueFrom(
      this.client.emit(STOCK_TOPIC, { key, value: JSON.stringify(update), headers: { 'bot-id': botId } }),
      {
        defaultValue: undefined,
      },
    );
  }
}
