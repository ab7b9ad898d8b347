import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { StockConsumerController } from './stock-consumer.controller.js';
import { STOCK_SETTINGS } from './stock-settings.js';
import { StockTicket, StockTicketMessage } from './stock-ticket.entity.js';

@Module({
  providers: [
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({
          type: 'postgres',
          url: STOCK_SETTINGS.databaseUrl,
          entities: [StockTicket, StockTicketMessage],
        }).initialize(),
    },
  ],
  controllers: [StockConsumerController],
})
export class StockConsumerModule {}
