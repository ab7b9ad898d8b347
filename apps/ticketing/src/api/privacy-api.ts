import { actorOf, type ApiToken } from '@onceline/service-kit';
import type { Readable } from 'node:stream';
import { erasePerson, type Erasure } from '../privacy/erase.js';
import type { Person } from '../ticket/person.js';
import { answering } from './answering.js';
import type { Exports } from './exports.js';
import type { ErasuresPage, ErasuresQuery } from './privacy-schemas.js';
import { readErasures } from './read-erasures.js';
import type { Reading } from './reading.js';

/** What customers may ask for. */
export class PrivacyApi {
  constructor(
    private readonly reading: Reading,
    private readonly exports: Exports,
    private readonly tokens: readonly ApiToken[],
  ) {}

  export(person: Person): Promise<Readable> {
    return this.exports.openPerson(person);
  }

  erase(person: Person, authorization: string | undefined): Promise<Erasure> {
    return answering(erasePerson(this.reading.withSession, person, actorOf(authorization, this.tokens)));
  }

  erasures(query: ErasuresQuery): Promise<ErasuresPage> {
    return answering(readErasures(this.reading.withSession, query));
  }
}
