import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { STOCK_SETTINGS } from './stock-settings.js';
import { StockIngressController } from './stock-ingress.controller.js';

@Module({
  imports: [
    ClientsModule.register([
      {
        name: 'KAFKA',
        transport: Transport.KAFKA,
        options: {
          client: { brokers: STOCK_SETTINGS.brokers },
          producerOnlyMode: true,
          send: { acks: -1 },
        },
      },
    ]),
  ],
  controllers: [StockIngressController],
})
export class StockIngressModule {}
