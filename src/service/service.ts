// The running service around the daemon: its configuration, journal, alerts and HTTP interface, and what signals do.
// Journal, metrics, log and alerts are independent: one that fails does not silence the others.
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { openDaemonJournal } from '../adapters/journal/journal.ts';
import type { OnLook } from '../alerts/target-looks.ts';
import type { LoadedConfig } from '../config/load.ts';
import { mustReachSomebody } from '../config/recipients.ts';
import type { Config } from '../config/resolve.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { DaemonJournal } from '../core/ports.ts';
import { Daemon, type Plan } from '../daemon/daemon.ts';
import { Sweeper } from '../daemon/sweep.ts';
import { serviceRoutes } from '../http/served.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { readingOf, type TargetReading } from './metrics/readings.ts';
import { eventHub, type ServiceTools } from './tools.ts';
import { configurationWarnings, fixedWarning } from './warnings.ts';
import { type Alerting, createAlerting, type ProcessFacts } from './wire-alerts.ts';
import { planOf, type WiringTools } from './wire-targets.ts';

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
  const tools: WiringTools = { ...options.tools, emit, observe: metrics, leaseHolder: DAEMON_LEASES };
  const { instance, journal: place } = loaded.config;
  const journal = await openDaemonJournal(place, {
    who: { instance, pid, host: hostname() },
    leaseHolder: DAEMON_LEASES,
    process: `${DAEMON_LEASES}${tools.newId()}`,
    clock: tools.clock,
    onChange: (error) => emit({ event: 'journal.degraded', degraded: error !== undefined, error: error ?? null }),
    warn: (error) => emit({ event: 'warning', error }),
  });
  const { openSince } = await journal.fleet();
  const service = new Service(options, { ...tools, pace: journal }, journal, openSince !== null);
  listen(service.alerting.onEvent);
  try {
    await options.freePort?.();
    await service.listen(metrics);
    return service;
  } catch (thrown) {
    await journal.close();
    throw thrown;
  }
}

/** The running service: its configuration, which a reload exchanges, and what it has learnt since its start. */
export class Service {
  readonly alerting: Alerting;
  private readonly options: ServiceOptions;
  private readonly tools: WiringTools;
  private readonly journal: DaemonJournal;
  private readonly sweeper: Sweeper;
  private readonly daemon: Daemon;
  private http: HttpServer | undefined;
  private loaded: LoadedConfig;
  private plan: Plan;
  private readonly startedAt: number;
  /** By key, as the last look at each target found it. */
  private readonly readings = new Map<string, TargetReading>();
  private rejected: ProcessFacts['configurationRejected'] = null;

  /** `afterCrash`: the daemon before this one ended without closing the journal. */
  constructor(options: ServiceOptions, tools: WiringTools, journal: DaemonJournal, afterCrash: boolean) {
    const { config } = options.loaded;
    this.options = options;
    this.tools = tools;
    this.journal = journal;
    this.loaded = options.loaded;
    this.plan = planOf(config, tools);
    this.startedAt = tools.clock.now();
    this.sweeper = new Sweeper({
      journal,
      startedAt: this.startedAt,
      crashedBefore: afterCrash ? this.startedAt : undefined,
      isDegraded: () => journal.degraded !== undefined,
      nextTick: () => this.daemon.nextTick(),
    });
    const onLook: OnLook = (state, clock) => this.readings.set(state.key, readingOf(state, clock));
    this.alerting = createAlerting({ config, journal, facts: () => this.facts(), onLook }, tools);
    this.daemon = new Daemon(this.plan, {
      ...tools,
      sweeper: this.sweeper,
      onSwept: () => this.alerting.alerter.rouse(),
    });
  }

  /** Listens for HTTP. Throws ERR_CONFIG where it cannot. */
  async listen(metrics: Metrics): Promise<void> {
    const { journal, daemon } = this;
    const { clock, emit, version } = this.tools;
    const { host, port } = this.loaded.config.http;
    const routes = serviceRoutes({
      clock,
      journal,
      daemon,
      judgeClock: () => this.sweeper.judgeClock(clock.now()),
      targets: () => this.plan.targets.map(({ target }) => target),
      alerts: async () => this.alerting.view(await journal.alertBook()),
      metrics: async () => metrics.text(await this.snapshot()),
      version,
    });
    this.http = await startHttpServer({ host, port, tokens: () => this.loaded.config.http, clock, emit, routes });
  }

  /** Journals alerts that are open from before the start, so that their end is sent. */
  async takeOver({ stories, deliveries }: AlertBook): Promise<void> {
    await this.journal.updateAlerts(() => ({ putStories: stories, addDeliveries: deliveries }));
  }

  /** Resolves when the service has stopped. */
  async run(): Promise<void> {
    const { emit, version } = this.tools;
    const { targets, journal } = this.loaded.config;
    for (const warning of configurationWarnings(this.loaded)) this.warn(warning);
    emit({
      event: 'daemon.started',
      version,
      targets: targets.length,
      journal: journal.path,
      http: this.http?.url ?? '',
      nextTickAt: this.daemon.nextTick() ?? null,
    });
    await this.journal.updateFleet((fleet) => ({ ...fleet, openSince: this.startedAt }));
    const alerts = this.alerting.alerter.run(FLUSH_MS);
    await this.daemon.run();
    this.alerting.alerter.stop();
    await alerts;
    await this.http?.close();
    await this.journal.updateFleet((fleet) => ({ ...fleet, openSince: null }));
    await this.journal.close();
    emit({ event: 'daemon.stopped' });
  }

  /** No new pass; `run` resolves when those that write have ended, after 25 s at most, and alerts are flushed. */
  stop(): void {
    this.daemon.stop();
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
    const { config: old } = this.loaded;
    const fixed = fixedWarning(old, loaded.config);
    if (fixed !== undefined) this.warn(fixed);
    const http = { ...loaded.config.http, host: old.http.host, port: old.http.port };
    const config: Config = { ...loaded.config, journal: old.journal, http };
    if (!isDeepStrictEqual([old.log, old.instance], [config.log, config.instance])) this.options.relog?.(config);
    this.plan = planOf(config, this.tools);
    this.loaded = { ...loaded, config };
    this.rejected = null;
    this.daemon.reload(this.plan);
    this.readings.clear();
    this.alerting.configure(config);
    for (const warning of configurationWarnings(loaded)) this.warn(warning);
    this.tools.emit({ event: 'config.reloaded', targets: config.targets.length });
  }

  private facts(): ProcessFacts {
    const { alive, lastTurnMs } = this.daemon.health();
    return {
      configured: this.plan.targets,
      disabled: this.loaded.disabledTargets,
      degraded: this.journal.degraded,
      skewMs: this.sweeper.skewMs,
      startedAt: this.startedAt,
      configurationRejected: this.rejected,
      // A service that stops has no scheduler any more, which is no trouble.
      scheduler: this.daemon.isStopping ? undefined : { alive, lastTurnAt: this.tools.clock.now() - lastTurnMs },
      isSweeping: this.daemon.isSweeping,
    };
  }

  /** What a scrape shows. */
  private async snapshot() {
    const { journal, readings } = this;
    await this.alerting.catchUp();
    const book = await journal.alertBook();
    return {
      clock: this.sweeper.judgeClock(this.tools.clock.now()),
      targets: this.plan.targets.map(({ target: { name, key } }) => ({ name, reading: readings.get(key) })),
      book,
      waiting: this.alerting.waiting(book),
      skewMs: this.sweeper.skewMs,
      journalDegraded: journal.degraded !== undefined,
    };
  }

  private warn(error: RotatorError): void {
    this.tools.emit({ event: 'warning', error });
  }
}
