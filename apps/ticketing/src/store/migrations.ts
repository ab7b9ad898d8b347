import { CreateSchema1764000000000 } from './migrations/1764000000000-create-schema.js';
import { ParkConversations1764100000000 } from './migrations/1764100000000-park-conversations.js';
import { RecordAudits1764300000000 } from './migrations/1764300000000-record-audits.js';
import { RememberGaps1764400000000 } from './migrations/1764400000000-remember-gaps.js';
import { KeepWhatMessagesHold1764500000000 } from './migrations/1764500000000-keep-what-messages-hold.js';
import { WorkOnTickets1764600000000 } from './migrations/1764600000000-work-on-tickets.js';
import { PoliciesAndStaff1764700000000 } from './migrations/1764700000000-policies-and-staff.js';
import { QueueAndTimers1764800000000 } from './migrations/1764800000000-queue-and-timers.js';
import { RecordEvents1764900000000 } from './migrations/1764900000000-record-events.js';
import { MigrateChats1764900100000 } from './migrations/1764900100000-migrate-chats.js';
import { WatchTickets1765000000000 } from './migrations/1765000000000-watch-tickets.js';
import { CustomFields1765000020000 } from './migrations/1765000020000-custom-fields.js';
import { LinkTickets1765000040000 } from './migrations/1765000040000-link-tickets.js';
import { MergeTickets1765000060000 } from './migrations/1765000060000-merge-tickets.js';
import { AgentsAndAssignment1765000100000 } from './migrations/1765000100000-agents-and-assignment.js';
import { FindInTheLedger1765100000000 } from './migrations/1765100000000-find-in-the-ledger.js';
import { FilterTickets1765100050000 } from './migrations/1765100050000-filter-tickets.js';
import { SearchMessages1765100100000 } from './migrations/1765100100000-search-messages.js';
import { ServiceLevels1765300000000 } from './migrations/1765300000000-service-levels.js';
import { ActiveTicketsOfAgents1765410000000 } from './migrations/1765410000000-active-tickets-of-agents.js';
import { FindByFields1765410001000 } from './migrations/1765410001000-find-by-fields.js';
import { MergeCustomers1765410002000 } from './migrations/1765410002000-merge-customers.js';
import { SealWhatPeopleWrite1765500000000 } from './migrations/1765500000000-seal-what-people-write.js';
import { UpdateClocksInPlace1765600000000 } from './migrations/1765600000000-update-clocks-in-place.js';
import { ForgetPublishedRecords1765700000000 } from './migrations/1765700000000-forget-published-records.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [
  CreateSchema1764000000000,
  ParkConversations1764100000000,
  RecordAudits1764300000000,
  RememberGaps1764400000000,
  KeepWhatMessagesHold1764500000000,
  WorkOnTickets1764600000000,
  PoliciesAndStaff1764700000000,
  QueueAndTimers1764800000000,
  RecordEvents1764900000000,
  MigrateChats1764900100000,
  WatchTickets1765000000000,
  CustomFields1765000020000,
  LinkTickets1765000040000,
  MergeTickets1765000060000,
  AgentsAndAssignment1765000100000,
  FindInTheLedger1765100000000,
  FilterTickets1765100050000,
  SearchMessages1765100100000,
  ServiceLevels1765300000000,
  ActiveTicketsOfAgents1765410000000,
  FindByFields1765410001000,
  MergeCustomers1765410002000,
  SealWhatPeopleWrite1765500000000,
  UpdateClocksInPlace1765600000000,
  ForgetPublishedRecords1765700000000,
] as const;
