// The consumer that Nest's documentation leads to: Transport.KAFKA, @EventPattern, repository.save().
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { StockConsumerModule } from './stock-consumer.module.js';
import { STOCK_GROUP, STOCK_SETTINGS } from './stock-settings.js';

const app = await NestFactory.createMicroservice<MicroserviceOptions>(StockConsumerModule, {
  logger: false,
  transport: Transport.KAFKA,
  options: {
    client: { brokers: STOCK_SETTINGS.brokers },
    consumer: { groupId: STOCK_GROUP },
    subscribe: { fromBeginning: true },
  },
});
await app.listen();
console.log(JSON.stringify({ msg: 'listening', url: 'kafka' }));
process.once('SIGTERM', () => void app.close().finally(() => process.exit(0)));
