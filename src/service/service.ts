// The running service around the daemon: its configuration, journal, alerts and HTTP interface, and what signals do.
// Journal, metrics, log and alerts are independent: one that fails does not silence the others.
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { openDaemonJournal } from '../adapters/journal/journal.ts';
import type { OnLook } from '../alerts/target-looks.ts';
import type { LoadedConfig } from '../config/load.ts';
import { mustReachSomebody } from '../config/recipients.ts';
import type { Config, Settings } from '../config/resolve.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { DaemonJournal, SharedPace } from '../core/journal-ports.ts';
import { Daemon } from '../daemon/daemon.ts';
import type { Replica, Share } from '../daemon/replica.ts';
import { Sweeper } from '../daemon/sweep.ts';
import type { ServiceFacts } from '../http/route.ts';
import { serviceRoutes } from '../http/served.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { readingOf, type TargetReading } from './metrics/readings.ts';
import type { ReplicaOptions } from './replicas.ts';
import { eventHub, type ServiceTools } from './tools.ts';
import { configurationWarnings, fixedWarning } from './warnings.ts';
import { type Alerting, createAlerting, type ProcessFacts } from './wire-alerts.ts';
import { planOf, type ServicePlan, type WiredEntry, type WiringTools } from './wire-targets.ts';

/** The lease tokens of every daemon begin with this: the next one ends the leases that a crash left. */
const DAEMON_LEASES = 'daemon:';
/**
 * At a stop, alerts get this long after the passes have ended; what remains waits in the journal. With the 25 s of the
 * passes it must stay below the 40 s after which the container is killed.
 */
const FLUSH_MS = 8_000;

export interface ServiceOptions {
  readonly loaded: LoadedConfig;
  readonly tools: ServiceTools;
  readonly pid: number;
  /** The configuration as it is now, for a reload. Throws ERR_CONFIG. */
  readonly load: () => Promise<LoadedConfig>;
  /** From now on logs as this configuration says. */
  readonly relog?: (config: Config) => void;
  /** Called before the service listens, so that the caller can stop listening at the same port. */
  readonly freePort?: () => Promise<void>;
}

/**
 * Opens the journal, takes the daemon's lock and listens for HTTP. Throws ERR_DAEMON_RUNNING, ERR_JOURNAL_NEWER and
 * ERR_CONFIG (cannot listen); a journal that cannot be written leaves the service degraded.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { pid, loaded } = options;
  const metrics = createMetrics(options.tools);
  const { emit, listen } = eventHub(options.tools.emit, metrics.onEvent);
  const { instance, journal: place } = loaded.config;
  // Of replicas, none ends the leases of another: they end by themselves.
  const leaseHolder = place.postgres === undefined ? DAEMON_LEASES : `${DAEMON_LEASES}${options.tools.newId()}:`;
  const tools: WiringTools = { ...options.tools, emit, observe: metrics, leaseHolder };
  const journal = await openDaemonJournal(place, {
    who: { instance, pid, host: hostname() },
    leaseHolder,
    process: `${leaseHolder}${tools.newId()}`,
    clock: tools.clock,
    onChange: (error) => emit({ event: 'journal.degraded', degraded: error !== undefined, error: error ?? null }),
    warn: (error) => emit({ event: 'warning', error }),
  });
  const { openSince } = await journal.fleet();
  const seat = await seatOf(options, tools, journal);
  const pace = seat === undefined ? journal : seat.pace(() => service.share);
  const service: Service = new Service(options, { ...tools, pace }, { journal, seat, afterCrash: openSince !== null });
  listen((event) => service.onEvent(event));
  try {
    await options.freePort?.();
    await service.listen(metrics);
    return service;
  } catch (thrown) {
    await journal.close();
    throw thrown;
  }
}

/** The place among the replicas of a journal that may have several. */
async function seatOf(
  { loaded: { config }, pid }: ServiceOptions,
  tools: WiringTools,
  journal: DaemonJournal,
): Promise<SeatOf | undefined> {
  const { postgres: place } = config.journal;
  const { replicas } = journal;
  if (place === undefined || replicas === undefined) return undefined;
  const { configurationDigest, createReplica, replicaPace } = await import('./replicas.ts');
  const { leaseHolder: holder } = tools;
  return {
    digest: configurationDigest,
    pace: (share) => replicaPace(journal, tools.clock, share),
    replica: (own) => createReplica({ place, journal, register: replicas, pid, holder, ...own }, tools),
  };
}

interface SeatOf {
  readonly digest: (config: Config) => string;
  readonly pace: (share: () => Share) => SharedPace;
  readonly replica: (own: Pick<ReplicaOptions, 'report' | 'onNews'>) => Replica;
}

/** What the service is opened with. */
interface Opened {
  readonly journal: DaemonJournal;
  /** Undefined: this daemon is the only one of its journal. */
  readonly seat: SeatOf | undefined;
  /** The daemon before this one ended without closing the journal. */
  readonly afterCrash: boolean;
}

/** The running service: its configuration, which a reload exchanges, and what it has learnt since its start. */
export class Service {
  readonly alerting: Alerting;
  private readonly options: Pick<ServiceOptions, 'load' | 'relog'>;
  private readonly tools: WiringTools;
  private readonly journal: DaemonJournal;
  private readonly sweeper: Sweeper;
  private readonly daemon: Daemon;
  private readonly replica: Replica | undefined;
  private readonly digestOf: SeatOf['digest'] | undefined;
  private http: HttpServer | undefined;
  /** The configuration in force, but for its targets, of which the plan has all that is needed. */
  private settings: Settings;
  private disabled: LoadedConfig['disabledTargets'];
  /** What there is to warn about at the start. */
  private readonly doubts: readonly RotatorError[];
  private plan: ServicePlan;
  private readonly startedAt: number;
  /** By key, as the last look at each target found it. */
  private readonly readings = new Map<string, TargetReading>();
  /** By name, when the expiry of a target is reported. */
  private expiries: ReadonlyMap<string, WiredEntry['expiry']> | undefined;
  private rejected: ProcessFacts['configurationRejected'] = null;

  constructor(options: ServiceOptions, tools: WiringTools, { journal, seat, afterCrash }: Opened) {
    const { load, relog, loaded } = options;
    const { config } = loaded;
    this.options = { load, ...(relog === undefined ? {} : { relog }) };
    this.tools = tools;
    this.journal = journal;
    this.settings = withoutTargets(config);
    this.disabled = loaded.disabledTargets;
    this.doubts = configurationWarnings(loaded);
    this.plan = planOf(config, tools);
    this.startedAt = tools.clock.now();
    const { startedAt } = this;
    const onNews = () => this.alerting.alerter.rouse();
    const replica = seat?.replica({ report: () => this.report(), onNews });
    this.replica = replica;
    this.digestOf = seat?.digest;
    this.sweeper = new Sweeper({
      journal,
      startedAt,
      get crashedBefore() {
        if (replica !== undefined) return replica.crashedBefore;
        return afterCrash ? startedAt : undefined;
      },
      isDegraded: () => journal.degraded !== undefined,
      standsBack: () => replica?.isAway ?? false,
      nextTick: () => this.daemon.nextTick(),
    });
    const onLook: OnLook = (state, clock) => {
      // The key that is kept anyway, and not the same text once more.
      const key = this.plan.targets.get(state.key)?.target.key;
      if (key !== undefined) this.readings.set(key, readingOf(state, clock));
    };
    const isMine = replica && (() => replica.isLeading());
    this.alerting = createAlerting(
      { config: this.settings, journal, facts: () => this.facts(), onLook, isMine },
      tools,
    );
    this.daemon = new Daemon(this.plan, { ...tools, sweeper: this.sweeper, onSwept: onNews, seat: replica });
    replica?.configure(this.digestOf?.(config) ?? '');
  }

  /** Of the calls to the outside, while no journal hands out their places. */
  get share(): Share {
    return this.replica?.share ?? { rank: 0, of: 1, aheadMs: 0 };
  }

  /** See Daemon. */
  get passes(): number {
    return this.daemon.passes;
  }

  /** Listens for HTTP. Throws ERR_CONFIG where it cannot. */
  async listen(metrics: Metrics): Promise<void> {
    const { journal, daemon, replica } = this;
    const { clock, emit, newId, version } = this.tools;
    const { host, port } = this.settings.http;
    const routes = serviceRoutes({
      clock,
      journal,
      daemon,
      judgeClock: () => this.sweeper.judgeClock(clock.now()),
      targets: () => Array.from(this.plan.targets.values(), ({ target }) => target),
      alerts: async (language) => this.alerting.view(await journal.alertBook(), language),
      service: () => this.shown(),
      metrics: async () => metrics.text(await this.snapshot()),
      answers: journal.replicas,
      fleetTrouble: replica && (() => replica.trouble()),
      newId,
      version,
    });
    this.http = await startHttpServer({ host, port, tokens: () => this.settings.http, clock, emit, routes });
  }

  onEvent(event: RotatorEvent): void {
    this.alerting.onEvent(event);
    // A journal that can be written again may not know what was checked meanwhile.
    if (event.event === 'journal.degraded' && !event.degraded) this.daemon.checkAll();
  }

  /** Journals alerts that are open from before the start, so that their end is sent. */
  async takeOver({ stories }: AlertBook): Promise<void> {
    await this.journal.updateAlerts(() => ({ putStories: stories }));
  }

  /** Resolves when the service has stopped. */
  async run(): Promise<void> {
    const { emit, version } = this.tools;
    const { journal } = this.settings;
    for (const warning of this.doubts) this.warn(warning);
    emit({
      event: 'daemon.started',
      version,
      targets: this.plan.targets.size,
      journal: journal.path,
      http: this.http?.url ?? '',
      nextTickAt: this.daemon.nextTick() ?? null,
    });
    await this.noteOpen(this.startedAt);
    const alerts = this.alerting.alerter.run(FLUSH_MS);
    const seat = this.replica?.run(this.daemon);
    await this.daemon.run();
    await seat;
    this.alerting.alerter.stop();
    await alerts;
    await this.http?.close();
    await this.replica?.leave();
    await this.noteOpen(null);
    await this.journal.close();
    emit({ event: 'daemon.stopped' });
  }

  /** No new pass; `run` resolves when those that write have ended, after 25 s at most, and alerts are flushed. */
  stop(): void {
    this.daemon.stop();
    this.replica?.stop();
  }

  /** Applies the configuration as it is now. A wrong one is reported, and the old one stays. Nothing after a stop. */
  async reload(): Promise<void> {
    try {
      const loaded = await this.options.load();
      mustReachSomebody(loaded);
      if (!this.daemon.isStopping) this.apply(loaded);
    } catch (thrown) {
      const error = asRotatorError(thrown);
      this.rejected = { at: this.tools.clock.now(), error: error.stored };
      this.tools.emit({ event: 'config.rejected', error });
    }
  }

  private apply(loaded: LoadedConfig): void {
    const old = this.settings;
    const fixed = fixedWarning(old, loaded.config);
    if (fixed !== undefined) this.warn(fixed);
    const http = { ...loaded.config.http, host: old.http.host, port: old.http.port };
    const config: Config = { ...loaded.config, journal: old.journal, http };
    if (!isDeepStrictEqual([old.log, old.instance], [config.log, config.instance])) this.options.relog?.(config);
    this.plan = planOf(config, this.tools);
    this.settings = withoutTargets(config);
    this.disabled = loaded.disabledTargets;
    this.rejected = null;
    this.daemon.reload(this.plan);
    this.replica?.configure(this.digestOf?.(config) ?? '');
    this.readings.clear();
    this.expiries = undefined;
    this.alerting.configure(this.settings);
    for (const warning of configurationWarnings(loaded)) this.warn(warning);
    this.tools.emit({ event: 'config.reloaded', targets: config.targets.length });
  }

  /** Of a journal that one daemon has: that it is open, and not closed yet. */
  private async noteOpen(openSince: number | null): Promise<void> {
    if (this.replica === undefined) await this.journal.updateFleet((fleet) => ({ ...fleet, openSince }));
  }

  /** What this replica says of itself to the others. */
  private report(): ReturnType<ReplicaOptions['report']> {
    const { scheduler, configurationRejected, skewMs = null } = this.facts();
    return {
      version: this.tools.version,
      startedAt: this.startedAt,
      targets: this.plan.targets.size,
      skewMs,
      rejected: configurationRejected ?? null,
      stalledSince: scheduler === undefined || scheduler.alive ? null : scheduler.lastTurnAt,
    };
  }

  private facts(): ProcessFacts {
    const { alive, lastTurnMs } = this.daemon.health();
    return {
      configured: this.plan.targets,
      disabled: this.disabled,
      degraded: this.journal.degraded,
      skewMs: this.sweeper.skewMs,
      since: this.startedAt,
      configurationRejected: this.rejected,
      // A service that stops has no scheduler any more, which is no trouble.
      scheduler: this.daemon.isStopping ? undefined : { alive, lastTurnAt: this.tools.clock.now() - lastTurnMs },
      replicas: this.replica?.known ?? null,
      isSweeping: this.daemon.isSweeping || (this.replica?.underWay ?? 0) > 0,
    };
  }

  /** What the page shows of the daemon as a whole. */
  private shown(): ServiceFacts {
    const { instance, apple } = this.settings;
    this.expiries ??= new Map(Array.from(this.plan.targets.values(), ({ target: { name }, expiry }) => [name, expiry]));
    const expiries = this.expiries;
    return {
      instance,
      startedAt: this.startedAt,
      degraded: this.journal.degraded,
      skewMs: this.sweeper.skewMs,
      nextTickAt: this.daemon.nextTick(),
      expiryOf: (name) => expiries.get(name),
      tokenUrl: apple.tokenUrl,
      replicas: this.replica?.shown,
    };
  }

  /** What a scrape shows. */
  private async snapshot() {
    const { journal, readings } = this;
    const isFleets = this.replica === undefined || (await this.replica.isLeading());
    if (isFleets) await this.alerting.catchUp();
    const book = isFleets ? await journal.alertBook() : undefined;
    const targets = isFleets ? [...this.plan.targets.values()] : [];
    return {
      clock: this.sweeper.judgeClock(this.tools.clock.now()),
      targets: targets.map(({ target: { name, key } }) => ({ name, reading: readings.get(key) })),
      book,
      waiting: book && this.alerting.waiting(book),
      lastTurnMs: this.daemon.health().lastTurnMs,
      skewMs: this.sweeper.skewMs,
      journalDegraded: journal.degraded !== undefined,
    };
  }

  private warn(error: RotatorError): void {
    this.tools.emit({ event: 'warning', error });
  }
}

function withoutTargets({ targets: _, ...settings }: Config): Settings {
  return settings;
}
