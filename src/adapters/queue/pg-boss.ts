// Passes handed out over replicas by pg-boss, in a schema of its own beside that of the journal. There is a queue for
// each configuration, so that a pass is made only by a replica that has the target with the same settings. Loaded only
// where the journal is in PostgreSQL.
import { type ConstructorOptions, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { GivenJob, PassJob, PassQueue } from '../../core/journal-ports.ts';
import { MINUTE, SECOND } from '../../core/time.ts';
import type { PostgresPlace } from '../journal/place.ts';
import { APPLICATION } from '../journal/postgres/schema.ts';
import { clientOptions } from '../journal/postgres/trouble.ts';

export interface PassQueueOptions {
  readonly place: PostgresPlace;
  /** The name of this replica in pg-boss's own list. */
  readonly replica: string;
  /** Called with what pg-boss could not do; it tries again by itself. */
  readonly onTrouble: (thrown: unknown) => void;
}

/**
 * A replica that has not touched its passes for so long is taken for dead, and they are given out again. With less, a
 * pause of a busy machine would count as death; with more, urgent passes would wait for longer.
 */
const HEARTBEAT_SECONDS = 10;
/** How often that is looked for. */
const SUPERVISE_SECONDS = 2;
/** How often each worker asks for a pass, and how often where PostgreSQL notifies it of new ones as well. */
const POLLING = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 5 } as const;
/** A pass that could not be made is given out again after this long. */
const RETRY_SECONDS = 2;
/** A pass is given out until somebody makes it. */
const RETRIES = 1_000_000;
/** A pass may wait for hours for its turn in a long line; death is seen by the heartbeat. */
const LONGEST_PASS_SECONDS = 12 * 3600;
/** Passes that were made are of no more use. */
const KEPT_SECONDS = 60;
/**
 * How many passes a replica makes at once, and how many of them in one lane, so that a slow lane never has them all. With
 * fewer, a replica alone could not use the rate that a lane allows; with more, one would have all passes of a small fleet,
 * and each would ask the database more often for nothing.
 */
const WORKERS = 8;
const WORKERS_OF_A_LANE = 6;
const WORK = {
  ...POLLING,
  // While more wait, a worker asks for the next pass at once.
  burstWhenReadyExceeds: 1,
  localConcurrency: WORKERS,
  localGroupConcurrency: WORKERS_OF_A_LANE,
  includeMetadata: true,
} as const;
/** Connections of pg-boss: fetching, completing and touching take milliseconds each. */
const CONNECTIONS = 4;
/** At a stop, a pass that writes gets 25 s of the daemon; what is then left is given to another replica. */
const STOP_MS = 26 * SECOND;
/** Longer than any answer of a healthy database takes. */
const CONNECT_MS = 5 * SECOND;

/** Begins the name of each of our queues; pg-boss has others of its own. */
const PREFIX = 'passes-';

interface Data {
  readonly key: string;
  readonly trigger: GivenJob['trigger'];
}

function queueOf(configuration: string): string {
  return `${PREFIX}${configuration}`;
}

/** What hands passes out over the replicas of a database. Nothing is called before `serve`. */
export function createPassQueue(options: PassQueueOptions): PassQueue {
  return new BossQueue(options);
}

class BossQueue implements PassQueue {
  readonly #options: PassQueueOptions;
  #boss: PgBoss | undefined;
  #queue: string | undefined;
  /** From which this replica takes passes. */
  #worked: string | undefined;

  constructor(options: PassQueueOptions) {
    this.#options = options;
  }

  async serve(configuration: string, make?: (job: GivenJob) => Promise<boolean>): Promise<void> {
    const boss = this.#boss ?? (await this.#start());
    this.#boss = boss;
    const queue = queueOf(configuration);
    if (make === undefined || this.#worked !== queue) await this.rest();
    await boss.createQueue(queue, {
      policy: 'stately',
      notify: true,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      retryLimit: RETRIES,
      retryDelay: RETRY_SECONDS,
      expireInSeconds: LONGEST_PASS_SECONDS,
      deleteAfterSeconds: KEPT_SECONDS,
    });
    this.#queue = queue;
    if (make === undefined || this.#worked !== undefined) return;
    await boss.work<Data, void, typeof WORK>(queue, WORK, async ([job]) => {
      if (job !== undefined) await this.#made(job, make);
    });
    this.#worked = queue;
  }

  async rest(): Promise<void> {
    const worked = this.#worked;
    this.#worked = undefined;
    if (worked !== undefined) await this.#boss?.offWork(worked, { wait: false });
  }

  async ask(jobs: readonly PassJob[]): Promise<void> {
    const [boss, queue] = [this.#boss, this.#queue];
    if (boss === undefined || queue === undefined) throw new Error('no queue is served');
    await boss.insert(
      queue,
      jobs.map(({ key, trigger, lane, priority }) => ({
        data: { key, trigger },
        singletonKey: key,
        group: { id: lane },
        priority,
      })),
    );
  }

  async keepOnly(configurations: readonly string[]): Promise<void> {
    const boss = this.#boss;
    if (boss === undefined) return;
    const kept = new Set(configurations.map(queueOf));
    for (const { name } of await boss.getQueues())
      if (name.startsWith(PREFIX) && !kept.has(name)) await boss.deleteQueue(name);
  }

  async close(): Promise<void> {
    const boss = this.#boss;
    this.#boss = undefined;
    await boss?.stop({ graceful: true, timeout: STOP_MS }).catch(this.#options.onTrouble);
  }

  async #made(job: JobWithMetadata<Data>, make: (job: GivenJob) => Promise<boolean>): Promise<void> {
    const { data, retryCount, signal } = job;
    if (!(await make({ ...data, again: retryCount > 0, lost: signal }))) throw new Error('not made');
  }

  async #start(): Promise<PgBoss> {
    const { place, replica, onTrouble } = this.#options;
    const boss = new PgBoss({
      ...(clientOptions(place) as Pick<ConstructorOptions, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>),
      application_name: APPLICATION,
      schema: `${place.schema}_passes`,
      instanceName: replica,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      // How old the number of passes that wait may be.
      queueCacheIntervalSeconds: SUPERVISE_SECONDS,
      maintenanceIntervalSeconds: MINUTE / SECOND,
      useListenNotify: true,
    });
    // Without a listener a lost connection would end the process.
    boss.on('error', onTrouble);
    try {
      return await boss.start();
    } catch (error) {
      await boss.stop({ graceful: false }).catch(() => undefined);
      throw error;
    }
  }
}
