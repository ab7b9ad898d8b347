import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { TOPICS } from '@onceline/contracts';
import type { RecordBatch } from '@onceline/kafka';
import { KafkaContext } from '@onceline/service-kit';
import type { DedupePartition } from './dedupe-partition.js';

/** Batches of raw updates, each to the task of its partition. */
@Controller()
export class RawUpdatesController {
  @EventPattern<string>(TOPICS.raw)
  handle(@Payload() batch: RecordBatch, @Ctx() context: KafkaContext<DedupePartition>): Promise<void> {
    return context.task.handle(batch);
  }
}
