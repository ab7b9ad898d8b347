/** The brokers of a stack. Their order, numbers from 0, and their addresses stay the same through all restarts. */
export interface BrokerSet {
  /** `host:port` of each broker. */
  readonly brokers: string[];
  readonly count: number;
  /** Orderly stop of one broker, or of all. The data stays. */
  stop(index?: number): Promise<void>;
  /** SIGKILL of one broker, or of all. The data stays. */
  kill(index?: number): Promise<void>;
  /** Starts one broker, or all, on its data; resolves when it is in service. A running one is left alone. */
  start(index?: number): Promise<void>;
  /** Stop, then start. */
  restart(index?: number): Promise<void>;
  /** Process ids of the brokers that run; none where they are not processes of ours. */
  pids(): number[];
  /** Holds all brokers still: connections stay, nothing is answered. Answers how to let them go on. */
  freeze(): Promise<() => Promise<void>>;
}

/** The PostgreSQL server of a stack. */
export interface Database {
  /** `postgres://…` of the default database; the same through all restarts. */
  readonly url: string;
  /** Creates the database if it is not there, and answers its address. */
  createDatabase(name: string): Promise<string>;
  /** Orderly stop; open connections are cut. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts the server on its data; resolves when it answers. A running one is left alone. */
  start(): Promise<void>;
  restart(): Promise<void>;
  pids(): number[];
}

/** One half of a stack, and how to end it for good. */
export interface Removable<Part> {
  readonly part: Part;
  readonly remove: () => Promise<void>;
}

/** A real Kafka and a real PostgreSQL. */
export interface Stack {
  readonly kafka: BrokerSet;
  readonly postgres: Database;
  /** Ends everything that the start began, and removes the data unless a folder was given. */
  stop(): Promise<void>;
}

/** How a stack is started. */
export interface StackOptions {
  /** Data is kept here, and a later start goes on with it. Default: a fresh temporary folder, removed at the stop. */
  readonly folder?: string;
  /** One broker, or three with replicated topics. Default 1. */
  readonly brokers?: 1 | 3;
  /** Default true. */
  readonly kafka?: boolean;
  /** Default true. */
  readonly postgres?: boolean;
  /** Fixed ports; of three brokers, the first one's. Default: free ones. */
  readonly ports?: { readonly kafka?: number; readonly postgres?: number };
  /** False turns PostgreSQL's fsync off, for tests that measure nothing: a killed server still keeps what was committed. Default true. */
  readonly durable?: boolean;
  /** Where downloads are kept. Default `.onceline/cache` of the clone. */
  readonly cache?: string;
  readonly onProgress?: (line: string) => void;
  /** Address of a PostgreSQL server that runs, taken before all that the environment says, and left running. Default: none. */
  readonly server?: string;
  /** For who kills, stops or changes the whole server: what KAFKA_BROKERS, DATABASE_URL and `server` name is left alone. Default false. */
  readonly exclusive?: boolean;
  /** Default: by STACK, KAFKA_BROKERS and DATABASE_URL, else embedded. */
  readonly mode?: 'embedded' | 'containers' | 'external';
}
