import { chooseSources } from './choose-sources.js';

const BROKERS = { KAFKA_BROKERS: 'kafka:9092' };
const DATABASE = { DATABASE_URL: 'postgres://db/x' };
const embedded = { from: 'embedded' };
const containers = { from: 'containers' };
const brokers = { from: 'external', address: 'kafka:9092' };
const database = { from: 'external', address: 'postgres://db/x' };
const none = { from: 'none' };

describe('where the stack comes from', () => {
  it.each([
    ['nothing said', {}, {}, embedded, embedded],
    ['empty variables say nothing', {}, { STACK: '', KAFKA_BROKERS: '', DATABASE_URL: '' }, embedded, embedded],
    ['both addresses', {}, { ...BROKERS, ...DATABASE }, brokers, database],
    ['one address: the other half is started here', {}, BROKERS, brokers, embedded],
    ['the other address', {}, DATABASE, embedded, database],
    ['STACK=containers', {}, { STACK: 'containers' }, containers, containers],
    ['STACK goes before addresses', {}, { STACK: 'containers', ...BROKERS }, containers, containers],
    ['STACK=embedded too', {}, { STACK: 'embedded', ...DATABASE }, embedded, embedded],
    ['the option goes before all', { mode: 'embedded' }, { STACK: 'containers', ...BROKERS }, embedded, embedded],
    ['exclusive passes addresses by', { exclusive: true }, { ...BROKERS, ...DATABASE }, embedded, embedded],
    ['exclusive goes where STACK says', { exclusive: true }, { STACK: 'containers' }, containers, containers],
    [
      'a server that runs goes before STACK',
      { server: 'postgres://db/x' },
      { STACK: 'containers' },
      containers,
      database,
    ],
    ['exclusive passes it by as well', { server: 'postgres://db/x', exclusive: true }, {}, embedded, embedded],
    ['an unwanted database is not taken either', { server: 'postgres://db/x', postgres: false }, {}, embedded, none],
    ['an unwanted half needs no address', { mode: 'external', kafka: false }, DATABASE, none, database],
    ['an unwanted half is never started', { postgres: false }, DATABASE, embedded, none],
  ] as const)('%s', (_, options, environment, kafka, postgres) => {
    expect(chooseSources(options, environment)).toEqual({ kafka, postgres });
  });

  it.each([
    ['an unknown STACK', {}, { STACK: 'docker' }, 'STACK must be "embedded" or "containers", and is "docker".'],
    ['external without brokers', { mode: 'external' }, DATABASE, 'needs KAFKA_BROKERS'],
    ['external without a database', { mode: 'external' }, BROKERS, 'needs DATABASE_URL'],
    ['three brokers in containers', { mode: 'containers', brokers: 3 }, {}, 'Three brokers run as processes only'],
  ] as const)('%s is refused', (_, options, environment, message) => {
    expect(() => chooseSources(options, environment)).toThrow(message);
  });
});
