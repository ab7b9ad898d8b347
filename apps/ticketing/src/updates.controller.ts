import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { TOPICS } from '@onceline/contracts';
import type { BatchOutcome, RecordBatch } from '@onceline/kafka';
import { HandleDuplicates } from './handle-duplicates.js';
import { HandleUpdates } from './handle-updates.js';

/** Where records come in. */
@Controller()
export class UpdatesController {
  constructor(
    @Inject(HandleUpdates) private readonly updates: HandleUpdates,
    @Inject(HandleDuplicates) private readonly duplicates: HandleDuplicates,
  ) {}

  @EventPattern<string>(TOPICS.unique)
  handleUpdates(@Payload() batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    return this.updates.handle(batches);
  }

  @EventPattern<string>(TOPICS.ticketingRedelivery)
  handleRedeliveries(@Payload() batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    return this.updates.handle(batches);
  }

  @EventPattern<string>(TOPICS.duplicates)
  handleDuplicates(@Payload() batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    return this.duplicates.handle(batches);
  }
}
