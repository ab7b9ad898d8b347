// The ingress that Nest's documentation leads to: Nest on Fastify, ClientKafka, one awaited send per request.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { StockIngressModule } from './stock-ingress.module.js';

const app = await NestFactory.create<NestFastifyApplication>(StockIngressModule, new FastifyAdapter(), {
  logger: false,
});
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ msg: 'listening', url: await app.getUrl() }));
process.once('SIGTERM', () => void app.close().finally(() => process.exit(0)));
