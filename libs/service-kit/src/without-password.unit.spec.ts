import { withoutPassword } from './without-password.js';

it.each([
  ['postgres://host/db?sslmode=require', 'postgres://host/db?sslmode=require'],
  ['mysql://me:s3cret@host/db', 'mysql://me:***@host/db'],
  ['postgres://me:s3@cret@host/db?sslmode=require', 'postgres://me:***@host/db?sslmode=require'],
  ['postgres://me:s3/cr?et@host:1/db', 'postgres://me:***@host:1/db'],
  ['jdbc:postgresql://host/db?user=me&password=s3cret', 'jdbc:postgresql://host/db?user=me&password=***'],
  ['onceline:s3cret@host/db', '***'],
  ['host=db password=s3cret', '***'],
  ['postgres://s3cret@me@host', '***'],
  ['postgres://me@host:5432/db', 'postgres://me@host:5432/db'],
  ['postgres://me:s3cret', '***'],
  ['postgres://me:s3cret/db', '***'],
  ['postgres://[::1]:5432/db', 'postgres://[::1]:5432/db'],
])('of the address %s it shows %s', (value, shown) => {
  expect(withoutPassword('DATABASE_URL', value)).toBe(shown);
});

it('shows what cannot hold a password as it is', () => {
  expect(withoutPassword('PORT', 'eighty')).toBe('eighty');
  expect(withoutPassword('KAFKA_BROKERS', 'http://a:9092')).toBe('http://a:9092');
});
