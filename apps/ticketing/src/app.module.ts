import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { BearerGuard, type ApiToken } from '@onceline/service-kit';
import { AgentRequests } from './api/agent-requests.js';
import { Exports } from './api/exports.js';
import { ExportsController } from './api/exports.controller.js';
import { AgentsApi } from './api/agents-api.js';
import { AgentsController } from './api/agents.controller.js';
import { CustomersApi } from './api/customers-api.js';
import { CustomersController } from './api/customers.controller.js';
import { Live } from './api/live.js';
import { LiveController } from './api/live.controller.js';
import { LedgerController } from './api/ledger.controller.js';
import { Operations } from './api/operations.js';
import { OperationsController } from './api/operations.controller.js';
import { PairsController } from './api/pairs.controller.js';
import { PoliciesApi } from './api/policies-api.js';
import { PoliciesController } from './api/policies.controller.js';
import { PrivacyApi } from './api/privacy-api.js';
import { PrivacyController } from './api/privacy.controller.js';
import { QueueController } from './api/queue.controller.js';
import { SlaApi } from './api/sla-api.js';
import { SlaController } from './api/sla.controller.js';
import { SearchController } from './api/search.controller.js';
import { TicketReader } from './api/ticket-reader.js';
import { TicketsController } from './api/tickets.controller.js';
import type { CustomerStore } from './customer/customer.store.js';
import { MergeCustomers } from './customer/merge-customers.js';
import { HandleDuplicates } from './handle-duplicates.js';
import { HandleUpdates } from './handle-updates.js';
import { PolicyStore } from './policy/policy.store.js';
import { UpdatesController } from './updates.controller.js';
import type { AgentStore } from './work/agent.store.js';
import type { RemoveAgent } from './work/remove-agent.js';
import type { WorkOnTicket } from './work/work-on-ticket.js';

/** What the controllers work with. */
export interface TicketingParts {
  readonly tokens: readonly ApiToken[];
  readonly updates: HandleUpdates;
  readonly duplicates: HandleDuplicates;
  readonly reader: TicketReader;
  readonly sla: SlaApi;
  readonly exports: Exports;
  readonly privacy: PrivacyApi;
  readonly live: Live;
  readonly operations: Operations;
  readonly work: WorkOnTicket;
  readonly policies: PolicyStore;
  readonly agents: AgentStore;
  readonly removal: RemoveAgent;
  readonly customers: CustomerStore;
  /** Closes what the parts hold, once requests and batches in hand are done. */
  close(): Promise<void>;
}

@Module({})
export class TicketingModule {
  static of(parts: TicketingParts): DynamicModule {
    const lifetime: OnApplicationShutdown = { onApplicationShutdown: () => parts.close() };
    return {
      module: TicketingModule,
      controllers: [
        UpdatesController,
        TicketsController,
        PairsController,
        AgentsController,
        CustomersController,
        LedgerController,
        OperationsController,
        PoliciesController,
        QueueController,
        SlaController,
        SearchController,
        ExportsController,
        PrivacyController,
        LiveController,
      ],
      providers: [
        { provide: APP_GUARD, useValue: new BearerGuard(parts.tokens) },
        { provide: HandleUpdates, useValue: parts.updates },
        { provide: HandleDuplicates, useValue: parts.duplicates },
        { provide: TicketReader, useValue: parts.reader },
        { provide: SlaApi, useValue: parts.sla },
        { provide: Exports, useValue: parts.exports },
        { provide: PrivacyApi, useValue: parts.privacy },
        { provide: Live, useValue: parts.live },
        { provide: Operations, useValue: parts.operations },
        { provide: PoliciesApi, useValue: new PoliciesApi(parts.policies, parts.tokens) },
        { provide: AgentsApi, useValue: new AgentsApi(parts.agents, parts.removal, parts.tokens) },
        {
          provide: CustomersApi,
          useValue: new CustomersApi(parts.customers, new MergeCustomers(parts.work), parts.tokens),
        },
        { provide: AgentRequests, useValue: new AgentRequests(parts.tokens, parts.work) },
        { provide: 'lifetime', useValue: lifetime },
      ],
    };
  }
}
