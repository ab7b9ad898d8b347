import type { DynamicModule } from '@nestjs/common';
import { topicDeclarations } from '@onceline/contracts';
import { connectKafka, type ConsumedRecord, type Kafka } from '@onceline/kafka';
import { isUnavailable, type Postgres } from '@onceline/postgres';
import { ladderOf } from '@onceline/retry-policy';
import {
  databaseSecurity,
  kafkaLog,
  kafkaSecurity,
  KafkaTransport,
  metricsRegistry,
  requireTopics,
  runService,
  type MetricsRegistry,
  type RunningService,
  type ServiceKit,
  type ServiceOptions,
} from '@onceline/service-kit';
import { Exports } from './api/exports.js';
import { Live } from './api/live.js';
import { TICKETING_API } from './api/open-api.js';
import { Operations } from './api/operations.js';
import { PrivacyApi } from './api/privacy-api.js';
import { SlaApi } from './api/sla-api.js';
import { TicketReader } from './api/ticket-reader.js';
import { TicketingModule } from './app.module.js';
import type { TicketingConfig } from './config.js';
import { CustomerStore } from './customer/customer.store.js';
import { FaultStore } from './faults/fault.store.js';
import { HandleDuplicates } from './handle-duplicates.js';
import { HandleUpdates } from './handle-updates.js';
import { OpenStreams } from './api/open-streams.js';
import { CONSUMED, Measuring } from './measuring/measuring.js';
import { receive } from './intake/to-command.js';
import { MeasuredGauges } from './measuring/measured-gauges.js';
import { TicketingMetrics } from './metrics.js';
import { TicketingObserver } from './observer.js';
import type { DatabaseMeasures } from './measuring/read-measures.js';
import { Relay } from './outbox/relay.js';
import { Policies } from './policy/policies.js';
import { openVault } from './privacy/open-vault.js';
import { KeepRetention } from './privacy/keep-retention.js';
import type { Vault } from './privacy/vault.js';
import { PolicyStore } from './policy/policy.store.js';
import { BreakerStore } from './stopping/breaker.store.js';
import { ConsumerGate } from './stopping/consumer-gate.js';
import { gateParts } from './stopping/gate-parts.js';
import { tryingOut } from './stopping/try-out.js';
import { openDatabase } from './store/open-database.js';
import { rehearseOn } from './store/rehearse.js';
import type { WithSession } from './store/session.js';
import { sessionsOf } from './store/sessions.js';
import { settleBatchOn, type SettleRules } from './store/settle-batch.js';
import { FollowWords } from './search/follow-words.js';
import { KeepSla } from './sla/keep-sla.js';
import { settleRules } from './settle-rules.js';
import { RunAssignment } from './timers/run-assignment.js';
import { RunTimers } from './timers/run-timers.js';
import { Timers } from './timers/timers.js';
import { UpdateSpans } from './trace-updates.js';
import { AgentStore } from './work/agent.store.js';
import { RemoveAgent } from './work/remove-agent.js';
import { WorkOnTicket } from './work/work-on-ticket.js';

/** Starts the service; the second argument is for tests that run it inside themselves, maybe twice. */
export function runTicketing(
  config: TicketingConfig,
  { registry = metricsRegistry, ...options }: Pick<ServiceOptions, 'exit'> & { registry?: MetricsRegistry } = {},
): Promise<RunningService> {
  const ticketing = new Ticketing(config, registry);
  return runService({
    name: 'ticketing',
    config,
    docs: TICKETING_API,
    module: (kit) => ticketing.module(kit),
    transport: (_app, kit) => ticketing.transport(kit),
    beforeClose: [() => ticketing.endStreams()],
    ...options,
  });
}

/** The parts put together. */
class Ticketing {
  private readonly metrics: TicketingMetrics;
  private readonly streams = new OpenStreams();
  private connection: Kafka | undefined;

  constructor(
    private readonly config: TicketingConfig,
    private readonly registry: MetricsRegistry,
  ) {
    this.metrics = new TicketingMetrics(registry);
  }

  /** Refuses to come up on missing topics or migrations. */
  async module(kit: ServiceKit): Promise<DynamicModule> {
    const database = { url: this.config.DATABASE_URL, ...databaseSecurity(this.config) };
    const postgres = await openDatabase(database, kit.logger);
    const kafka = this.kafka(kit);
    try {
      await requireTopics(kafka, declaredFor(this.config));
      return await this.assemble(kit, postgres);
    } catch (error) {
      await Promise.allSettled([kafka.close(), postgres.close()]);
      throw error;
    }
  }

  transport(kit: ServiceKit): KafkaTransport {
    const transport = new KafkaTransport({
      kafka: this.kafka(kit),
      groupId: this.config.TICKETING_GROUP_ID,
      maxRecords: this.config.TICKETING_MAX_BATCH,
      onFatal: (error) => kit.fatal(error),
    });
    this.metrics.watchConsumer(transport.consumer());
    return transport;
  }

  /** Exports that nobody reads to their end, and streams that have none, would hold up the stop. */
  endStreams(): void {
    this.streams.end();
  }

  /** One connection for reading and publishing, made once there is a log for what the client has to say. */
  private kafka({ logger }: ServiceKit): Kafka {
    const reach = { brokers: this.config.KAFKA_BROKERS, ...kafkaSecurity(this.config) };
    this.connection ??= connectKafka({ ...reach, clientId: 'onceline-ticketing', log: kafkaLog(logger) });
    return this.connection;
  }

  private async assemble(kit: ServiceKit, postgres: Postgres): Promise<DynamicModule> {
    const kafka = this.kafka(kit);
    const withSession = sessionsOf(postgres);
    const observer = new TicketingObserver(kit.logger, this.metrics);
    const spans = new UpdateSpans(this.config.TICKETING_GROUP_ID);
    const vault = await openVault(withSession, this.config.MASTER_KEYS);
    const policies = await this.policies(withSession, observer);
    const read = (record: ConsumedRecord) => receive(record, (botId) => policies.of(botId));
    const rules = settleRules(this.config, {
      receive: read,
      trace: (update, waitedMs) => spans.start(update, waitedMs),
      keep: (update) => spans.keep(update),
      vault,
    });
    const gate = this.gate(withSession, rules, observer);
    kit.health.readiness('database', () => gate.outage() ?? pingProblem(postgres));
    // Ready all the same: whoever closes the breaker must reach somebody.
    kit.health.degradation('dead-letters', () => gate.stopReason());
    const relay = new Relay({ withSession, producer: await kafka.producer(), observer });
    relay.start();
    const timers = this.timers(withSession, { policies, relay, observer, vault });
    timers.start();
    const measuring = this.measuring(kafka, withSession, { gate, observer });
    measuring.start();
    const live = new Live({ withSession, streams: this.streams, onFailure: (error) => observer.liveNotRead(error) });
    const settle = settleBatchOn(withSession, rules);
    const reading = { withSession, vault };
    const exports = new Exports(reading, this.streams);
    return TicketingModule.of({
      tokens: this.config.API_TOKENS,
      updates: new HandleUpdates({
        ...{ groupId: this.config.TICKETING_GROUP_ID, receive: read, settle, gate, spans, observer },
        committed: () => relay.wake(),
      }),
      duplicates: new HandleDuplicates({ withSession, gate, observer }),
      reader: new TicketReader(reading),
      sla: new SlaApi(withSession, this.config.API_TOKENS),
      exports,
      privacy: new PrivacyApi(reading, exports, this.config.API_TOKENS),
      live,
      operations: this.operations(withSession, rules),
      policies: new PolicyStore(withSession),
      agents: new AgentStore(withSession),
      customers: new CustomerStore(withSession),
      removal: new RemoveAgent({ withSession, committed: () => relay.wake() }),
      work: new WorkOnTicket({
        ...{ withSession, vault, committed: () => relay.wake() },
        fieldsOf: (botId) => policies.of(botId).fields,
      }),
      close: async () => {
        await Promise.all([policies.stop(), timers.stop(), live.stop()]);
        await measuring.stop();
        await relay.stop();
        await kafka.close();
        await postgres.close();
      },
    });
  }

  private measuring(
    kafka: Kafka,
    withSession: WithSession,
    { gate, observer }: { gate: ConsumerGate; observer: TicketingObserver },
  ): Measuring {
    const groupId = this.config.TICKETING_GROUP_ID;
    const gauges = new MeasuredGauges(this.registry, CONSUMED);
    const onFailure = (error: unknown) => observer.notMeasured(error);
    const databaseSeen = ({ isStopped }: DatabaseMeasures) => gate.looked(isStopped);
    return new Measuring({ kafka, withSession, groupId, gauges, databaseSeen, onFailure });
  }

  private gate(withSession: WithSession, rules: SettleRules, observer: TicketingObserver): ConsumerGate {
    const { outage, deadLetters } = gateParts(this.config);
    const rehearse = rehearseOn(withSession, untraced(rules));
    return new ConsumerGate({
      ...{ outage, deadLetters, observer },
      store: new BreakerStore(withSession),
      trial: tryingOut(rehearse, (counted) => deadLetters.isTooMany(counted)),
    });
  }

  private operations(withSession: WithSession, rules: SettleRules): Operations {
    return new Operations({
      withSession,
      breaker: new BreakerStore(withSession),
      faults: this.config.FAULTS_ENABLED ? new FaultStore(withSession) : undefined,
      receive: (record) => rules.receive(record),
      rehearse: rehearseOn(withSession, untraced(rules)),
    });
  }

  private timers(
    withSession: WithSession,
    {
      policies,
      relay,
      observer,
      vault,
    }: { policies: Policies; relay: Relay; observer: TicketingObserver; vault: Vault },
  ): Timers {
    const run = new RunTimers({
      withSession,
      closeAfterMs: (botId) => policies.of(botId).closeAfterMs,
      bots: () => policies.bots(),
      committed: () => relay.wake(),
    });
    const sla = new KeepSla({ withSession, committed: () => relay.wake() });
    const assignment = new RunAssignment({
      withSession,
      bots: () => policies.assignments(),
      committed: () => relay.wake(),
    });
    const words = new FollowWords(withSession, vault);
    const retention = new KeepRetention({ withSession, bots: () => policies.retentions() });
    return new Timers({ timers: run, assignment, sla, words, retention }, (error) => observer.timerFailed(error));
  }

  private async policies(withSession: WithSession, observer: TicketingObserver): Promise<Policies> {
    const policies = new Policies(new PolicyStore(withSession), (error) => observer.policiesNotRead(error));
    await policies.start();
    return policies;
  }
}

function declaredFor(config: TicketingConfig) {
  return topicDeclarations({ partitions: config.PARTITIONS, ticketingRungsMs: ladderOf(config).rungsMs });
}

/** Rehearsals leave nothing behind, spans neither. */
function untraced(rules: SettleRules): SettleRules {
  return {
    ...rules,
    trace: (update) => ({ ...update, traceparent: null, tracestate: null }),
    keep: (update) => update,
  };
}

async function pingProblem(postgres: Postgres): Promise<string | undefined> {
  try {
    await postgres.query('select 1');
    return undefined;
  } catch (error) {
    return isUnavailable(error) ? 'database unavailable' : 'the database refuses queries';
  }
}
