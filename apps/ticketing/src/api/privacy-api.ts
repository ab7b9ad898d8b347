import { actorOf, type ApiToken } from '@onceline/service-kit';
import type { Readable } from 'node:stream';
import { erasePerson, isHeld, type Erasure } from '../privacy/erase.js';
import type { Person } from '../ticket/person.js';
import { answering } from './answering.js';
import { noCustomer } from './customers-api.js';
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

  /** @throws Problem 404 for whom nothing was ever held of */
  async export(person: Person): Promise<Readable> {
    await this.require(person);
    return this.exports.openPerson(person);
  }

  /** @throws Problem 404 for whom nothing was ever held of: an id that was mistyped is no erasure */
  async erase(person: Person, authorization: string | undefined): Promise<Erasure> {
    await this.require(person);
    return answering(erasePerson(this.reading.withSession, person, actorOf(authorization, this.tokens)));
  }

  erasures(query: ErasuresQuery): Promise<ErasuresPage> {
    return answering(readErasures(this.reading.withSession, query));
  }

  private async require(person: Person): Promise<void> {
    if (!(await answering(isHeld(this.reading.withSession, person)))) throw noCustomer();
  }
}
