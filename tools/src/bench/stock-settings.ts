/** Topic of the stock twins; created with the settings of raw. */
export const STOCK_TOPIC = 'stock.updates';

/** Consumer group of the stock consumer. */
export const STOCK_GROUP = 'stock';

/** What the bench tells the twins, read when they start. */
export const STOCK_SETTINGS = {
  brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
  databaseUrl: process.env['DATABASE_URL'] ?? '',
  secret: process.env['STOCK_SECRET'] ?? '',
};
