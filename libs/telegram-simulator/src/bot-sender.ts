import { afterStatus } from './back-off.js';
import type { Clock } from './clock.js';
import { ConnectionRamp } from './connection-ramp.js';
import { DeliveryQueues, type PendingUpdate } from './delivery-queues.js';
import { DuplicateLane } from './duplicate-lane.js';
import type { Fault } from './faults.js';
import type { StoredUpdate } from './generate-updates.js';
import { isAcknowledgement, type Measures } from './measures.js';
import type { Random } from './random.js';
import { WebhookConnection, type AnswerFault, type Outcome } from './webhook-connection.js';
import type { Webhook } from './webhook-target.js';

/** One attempt to deliver an update, as it ended. */
export interface Attempt {
  botId: string;
  updateId: number;
  /** 1 for the first. A restart of the sender begins anew. */
  number: number;
  /** Milliseconds since 1970 on the simulator's clock. */
  sentAt: number;
  endedAt: number;
  outcome: Outcome;
}

/** What all senders of a simulator share. */
export interface SenderContext {
  clock: Clock;
  random: Random;
  measures: Measures;
  /** Connections open as soon as they are wanted, instead of step by step as Telegram opens them. */
  warm: boolean;
  onAttempt: (attempt: Attempt) => void;
  /** Something has ended: the feeder may have room, a run may be over. */
  onChange: () => void;
}

/** The parts of Telegram's getWebhookInfo that the sender decides. */
export interface WebhookInfo {
  /** Empty once the webhook has been removed for saying 410 too long. */
  url: string;
  has_custom_certificate: boolean;
  pending_update_count: number;
  max_connections: number;
  last_error_date?: number;
  last_error_message?: string;
}

interface Accepted {
  dueAt: number;
  faults: Fault[];
}

const sweepEvery = 60_000;
const calm: Accepted = { dueAt: 0, faults: [] };

/** Telegram's sender for one bot: takes due updates from the queues and sends each on a free connection. */
export class BotSender {
  private readonly queues: DeliveryQueues;
  private readonly lane: DuplicateLane;
  private readonly accepted = new Map<number, Accepted>();
  private readonly connections = new Set<WebhookConnection>();
  private free: WebhookConnection[] = [];
  private ramp = new ConnectionRamp();
  private running = false;
  private pumping = false;
  private removed = false;
  private lastSuccess: number | undefined;
  private firstGone: number | undefined;
  private lastError: { date: number; message: string } | undefined;
  private wakeAt = Infinity;
  private stopWake: () => void = () => undefined;
  private stopSweep: () => void = () => undefined;

  constructor(
    private readonly bot: { id: string; url: string },
    private readonly webhook: Webhook,
    private readonly context: SenderContext,
  ) {
    this.queues = new DeliveryQueues(webhook.maxConnections, context.random, ({ updateId }) =>
      this.accepted.delete(updateId),
    );
    this.lane = new DuplicateLane(webhook, context.clock, context.measures, context.onChange);
  }

  /** Stores an update; false if Telegram would lose it for want of room. */
  push(update: StoredUpdate, faults: Fault[], dueAt: number): boolean {
    if (!this.queues.store(update)) {
      this.context.measures.refused++;
      return false;
    }
    this.context.measures.delivered++;
    this.accepted.set(update.updateId, { dueAt, faults });
    this.pump();
    return true;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    const sweep = (): void => {
      this.queues.sweep(this.now());
      this.stopSweep = this.context.clock.setTimer(sweep, sweepEvery);
    };
    this.stopSweep = this.context.clock.setTimer(sweep, sweepEvery);
    this.pump();
  }

  /** Closes everything; what is un-acknowledged stays stored, and is sent anew after the next start. */
  stop(): void {
    this.running = false;
    this.stopSweep();
    this.lane.close();
    this.restart();
  }

  /** As after setWebhook or a crash: back-off is forgotten, and everything un-acknowledged is sent again from the oldest on. */
  restart(): void {
    this.disconnect();
    this.queues.reload();
    this.ramp = new ConnectionRamp();
    this.lastSuccess = undefined;
    this.firstGone = undefined;
    this.pump();
  }

  info(): WebhookInfo {
    return {
      url: this.removed ? '' : this.bot.url,
      has_custom_certificate: false,
      pending_update_count: this.queues.pendingCount,
      max_connections: this.webhook.maxConnections,
      ...(this.lastError && { last_error_date: this.lastError.date, last_error_message: this.lastError.message }),
    };
  }

  get pendingCount(): number {
    return this.queues.pendingCount;
  }

  get droppedCount(): number {
    return this.queues.droppedCount;
  }

  get duplicatesPending(): number {
    return this.lane.outstanding;
  }

  /** Nothing more will come of it: all acknowledged or dropped and all copies sent, or the webhook removed. */
  get isSettled(): boolean {
    return (this.removed || this.queues.pendingCount === 0) && this.lane.outstanding === 0;
  }

  private now(): number {
    return this.context.clock.now() / 1000;
  }

  private disconnect(): void {
    this.stopWake();
    this.wakeAt = Infinity;
    [...this.connections].forEach((connection) => connection.destroy());
    this.free = [];
  }

  private pump(): void {
    if (!this.running || this.removed || this.pumping) return;
    this.pumping = true;
    const now = this.now();
    this.queues.load(now);
    const lookAgainAt = this.openConnections(now);
    while (this.free.length > 0) {
      const due = this.queues.takeDue(now);
      const connection = due === undefined ? undefined : this.free.shift();
      if (due === undefined || connection === undefined) break;
      this.send(connection, due);
    }
    const nextDue = this.free.length > 0 ? this.queues.nextWake() : undefined;
    this.wakeAtEarliest(now, Math.min(lookAgainAt ?? Infinity, nextDue ?? Infinity));
    this.pumping = false;
  }

  private openConnections(now: number): number | undefined {
    const { maxConnections } = this.webhook;
    const { loadedQueues } = this.queues;
    const connections = this.connections.size;
    if (this.context.warm) {
      for (let open = connections; open < Math.min(maxConnections, loadedQueues); open++) this.connect();
      return undefined;
    }
    const decision = this.ramp.decide({
      now,
      lastSuccess: this.lastSuccess,
      connections,
      loadedQueues,
      maxConnections,
    });
    for (let opened = 0; opened < decision.open; opened++) this.connect();
    return decision.lookAgainAt;
  }

  private connect(): void {
    const connection = new WebhookConnection(this.webhook.target, this.context.clock, (closed) => {
      this.connections.delete(closed);
      this.free = this.free.filter((candidate) => candidate !== closed);
      this.wakeAtEarliest(this.now(), this.now());
    });
    this.connections.add(connection);
    this.free.push(connection);
  }

  private wakeAtEarliest(now: number, at: number): void {
    if (at === Infinity || (at >= this.wakeAt && this.wakeAt > now) || !this.running) return;
    this.stopWake();
    this.wakeAt = at;
    this.stopWake = this.context.clock.setTimer(
      () => {
        this.wakeAt = Infinity;
        this.pump();
      },
      (at - now) * 1000,
    );
  }

  private send(connection: WebhookConnection, pending: PendingUpdate): void {
    const { clock, measures } = this.context;
    const { update, backOff } = pending;
    const faults = this.takeFaults(update.updateId);
    const sentAt = clock.now();
    const number = backOff.failures + 1;
    measures.attempts++;
    const request = this.webhook.request(update.body);
    connection.send(
      request,
      (outcome) => {
        const attempt = {
          botId: this.bot.id,
          updateId: update.updateId,
          number,
          sentAt,
          endedAt: clock.now(),
          outcome,
        };
        if (connection.isOpen) this.free.push(connection);
        this.settle(pending, attempt);
      },
      faults.find(isAnswerFault),
    );
    if (faults.includes('duplicate-in-flight')) this.lane.postNow(update.body);
  }

  /** Each fault strikes once: what concerns the first attempt is gone after it. */
  private takeFaults(updateId: number): Fault[] {
    const accepted = this.accepted.get(updateId);
    if (accepted === undefined || accepted.faults.length === 0) return [];
    const { faults } = accepted;
    accepted.faults = faults.filter((fault) => fault === 'duplicate-later');
    return faults;
  }

  private settle(pending: PendingUpdate, attempt: Attempt): void {
    const { outcome } = attempt;
    this.context.measures.count(outcome);
    this.context.onAttempt(attempt);
    const status = outcome.type === 'answered' ? outcome.response.status : undefined;
    const gone = afterStatus(this.firstGone, status, this.now());
    this.firstGone = gone.firstGone;
    this.removed ||= gone.removed;
    if (isAcknowledgement(outcome)) this.succeed(pending, attempt);
    else this.fail(pending, outcome);
    if (this.removed) this.disconnect();
    this.pump();
    this.context.onChange();
  }

  private succeed(pending: PendingUpdate, attempt: Attempt): void {
    const { measures, random } = this.context;
    const { updateId, body } = pending.update;
    const { dueAt, faults } = this.accepted.get(updateId) ?? calm;
    this.accepted.delete(updateId);
    this.lastSuccess = this.now();
    this.queues.acknowledge(pending);
    measures.acknowledged++;
    measures.ackLatency.record(attempt.endedAt - attempt.sentAt);
    measures.deliveryLatency.record(attempt.endedAt - dueAt);
    if (faults.includes('duplicate-later')) this.lane.postLater(body, random);
  }

  private fail(pending: PendingUpdate, outcome: Outcome): void {
    const answered = outcome.type === 'answered';
    const error = answered
      ? `Wrong response from the webhook: ${outcome.response.status} ${outcome.response.reason}`
      : outcome.error;
    if (error !== undefined) this.lastError = { date: Math.floor(this.now()), message: error };
    this.queues.fail(pending, answered ? outcome.response.retryAfter : 0, this.now());
  }
}

const isAnswerFault = (fault: Fault): fault is AnswerFault => fault === 'drop-answer' || fault === 'late-answer';
