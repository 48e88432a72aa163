// The running service around the daemon: its configuration, its journal and lock, its alerts, its HTTP interface, and
// what a signal does. Journal, metrics, log and alerts are independent: one that fails does not silence the others.
import { hostname } from 'node:os';
import { openDaemonJournal } from '../adapters/journal/journal.ts';
import type { Surroundings } from '../alerts/watch.ts';
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
import { createMetrics } from './metrics/metrics.ts';
import { eventHub, type ServiceTools } from './tools.ts';
import { configurationWarnings, fixedWarning } from './warnings.ts';
import { type Alerting, createAlerting, laneMembers, longestTickGapMs, watchedTargets } from './wire-alerts.ts';
import { planOf, type WiringTools } from './wire-targets.ts';

/** Begins the lease tokens of the daemon, of which there is one for each journal. */
const DAEMON_LEASES = 'daemon:';
/** What is raised by the end of the passes is delivered within this time, or by the next life of the program. */
const FLUSH_MS = 8_000;

export interface ServiceOptions {
  readonly loaded: LoadedConfig;
  readonly tools: ServiceTools;
  readonly pid: number;
  /** The configuration as it is now, for a reload. Throws ERR_CONFIG. */
  readonly load: () => Promise<LoadedConfig>;
  /** Called before the service listens: what listens at its port until then. */
  readonly freePort?: () => Promise<void>;
}

export interface Service {
  /** Where the HTTP interface listens. */
  readonly url: string;
  /** Journals alerts that are open from before the start, so that their end is told. */
  takeOver(book: AlertBook): Promise<void>;
  /** Resolves when the service has stopped. */
  run(): Promise<void>;
  /** No new pass; `run` resolves when those that write have ended, after 25 s at the most, and alerts are flushed. */
  stop(): void;
  /** Applies the configuration as it is now; a wrong one is told, and the old one stays. Nothing after a stop. */
  reload(): Promise<void>;
}

/**
 * Opens the journal, takes the daemon's lock and listens for HTTP. Throws ERR_DAEMON_RUNNING, ERR_JOURNAL_NEWER and
 * ERR_CONFIG (cannot listen); a journal that cannot be written leaves the service degraded.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { pid, loaded } = options;
  const { clock, version } = options.tools;
  const metrics = createMetrics({ version });
  const { emit, listen: listenTo } = eventHub(options.tools.emit, metrics.onEvent);
  const tools: WiringTools = { ...options.tools, emit, observe: metrics, leaseHolder: DAEMON_LEASES };
  const { instance, journal: place } = loaded.config;
  const journal = await openDaemonJournal(place, {
    who: { instance, pid, host: hostname() },
    leaseHolder: DAEMON_LEASES,
    clock,
    onChange: (error) => emit({ event: 'journal.degraded', degraded: error !== undefined, error: error ?? null }),
    warn: (error) => emit({ event: 'warning', error }),
  });
  const state = new ServiceState(options, tools, journal);
  const alerting = createAlerting({
    config: loaded.config,
    tools,
    journal,
    surroundings: () => state.surroundings(),
    isWhole: true,
  });
  listenTo(alerting.onEvent);
  state.alerting = alerting;
  const http = await listen().catch(async (thrown) => {
    await journal.close();
    throw thrown;
  });

  async function listen(): Promise<HttpServer> {
    await options.freePort?.();
    const { host, port } = loaded.config.http;
    return startHttpServer({
      host,
      port,
      tokens: () => state.config.http,
      clock,
      emit,
      routes: serviceRoutes({
        clock,
        journal,
        daemon: state.daemon,
        targets: () => state.plan.targets.map(({ target }) => target),
        metrics: async () => metrics.text(await state.snapshot()),
        version,
      }),
    });
  }

  return {
    url: http.url,
    async takeOver({ conditions, deliveries }) {
      await journal.updateAlerts(() => ({ putConditions: conditions, addDeliveries: deliveries }));
    },
    async run() {
      state.tellStart(version, http.url);
      const alerts = alerting.alerter.run(FLUSH_MS);
      await state.daemon.run();
      alerting.alerter.stop();
      await alerts;
      await http.close();
      await journal.close();
      emit({ event: 'daemon.stopped' });
    },
    stop: () => state.daemon.stop(),
    reload: () => state.reload(),
  };
}

/** What the running daemon goes by, exchanged at a reload, and what it has learnt since its start. */
class ServiceState {
  readonly daemon: Daemon;
  config: Config;
  plan: Plan;
  /** Set once the alerts are wired, which needs what this one knows. */
  alerting: Alerting | undefined;
  private readonly options: ServiceOptions;
  private readonly tools: WiringTools;
  private readonly journal: DaemonJournal;
  private loaded: LoadedConfig;
  private tickGapMs: number;
  private skewMs: number | undefined;
  private rejected: Surroundings['configurationRejected'] = null;

  constructor(options: ServiceOptions, tools: WiringTools, journal: DaemonJournal) {
    this.options = options;
    this.tools = tools;
    this.journal = journal;
    this.loaded = options.loaded;
    this.config = options.loaded.config;
    this.plan = this.planOf(this.config);
    this.tickGapMs = longestTickGapMs(this.config, tools.clock);
    const sweeper = new Sweeper({
      journal,
      isDegraded: () => journal.degraded !== undefined,
      nextTick: () => this.daemon.nextTick(),
      onPass: ({ skewMs }) => {
        this.skewMs = skewMs ?? this.skewMs;
      },
    });
    const onSwept = () => this.alerting?.alerter.rouse();
    this.daemon = new Daemon(this.plan, { clock: tools.clock, emit: tools.emit, sweeper, onSwept });
  }

  surroundings(): Surroundings {
    const { config, tools, journal } = this;
    const now = tools.clock.now();
    const { alive, lastTurnMs } = this.daemon.health();
    return {
      now,
      targets: watchedTargets(
        config,
        this.plan.targets.map(({ target }) => target),
      ),
      misconfigured: this.loaded.disabledTargets.map(({ name, problems }) => ({
        name,
        problems: problems.map(({ key, found, wanted }) => `${key}: found ${found}, wanted ${wanted}`),
      })),
      configured: laneMembers(this.plan.targets),
      longestTickGapMs: this.tickGapMs,
      tokenUrl: config.apple.tokenUrl,
      journal: { path: config.journal.path, degraded: journal.degraded },
      skewMs: this.skewMs,
      configurationRejected: this.rejected,
      // A service that stops has no scheduler any more, and that is no trouble.
      scheduler: this.daemon.isStopping ? undefined : { alive, lastTurnAt: now - lastTurnMs },
    };
  }

  /** What a scrape shows. */
  async snapshot() {
    const { journal, skewMs } = this;
    const states = new Map((await journal.targets()).map((state) => [state.key, state]));
    return {
      now: this.tools.clock.now(),
      targets: this.plan.targets.map(({ target: { name, key } }) => ({ name, state: states.get(key) })),
      book: await journal.alertBook(),
      skewMs,
      journalDegraded: journal.degraded !== undefined,
    };
  }

  tellStart(version: string, url: string): void {
    const { config, tools } = this;
    for (const warning of configurationWarnings(this.loaded)) this.warn(warning);
    tools.emit({
      event: 'daemon.started',
      version,
      targets: config.targets.length,
      journal: config.journal.path,
      http: url,
      nextTickAt: this.daemon.nextTick() ?? null,
    });
  }

  async reload(): Promise<void> {
    try {
      const loaded = await this.options.load();
      mustReachSomebody(loaded);
      if (this.daemon.isStopping) return;
      this.apply(loaded);
    } catch (thrown) {
      this.reject(asRotatorError(thrown));
    }
  }

  private apply(loaded: LoadedConfig): void {
    const { config: old, tools } = this;
    const fixed = fixedWarning(old, loaded.config);
    if (fixed !== undefined) this.warn(fixed);
    const config: Config = {
      ...loaded.config,
      journal: old.journal,
      http: { ...loaded.config.http, host: old.http.host, port: old.http.port },
    };
    const plan = this.planOf(config);
    [this.loaded, this.config, this.plan, this.rejected] = [loaded, config, plan, null];
    this.tickGapMs = longestTickGapMs(config, tools.clock);
    this.daemon.reload(plan);
    this.alerting?.configure(config);
    for (const warning of configurationWarnings(loaded)) this.warn(warning);
    tools.emit({ event: 'config.reloaded', targets: config.targets.length });
  }

  private reject(error: RotatorError): void {
    const { code, message, hint } = error;
    this.rejected = { at: this.tools.clock.now(), error: { code, message, hint } };
    this.tools.emit({ event: 'config.rejected', error });
  }

  private planOf(config: Config): Plan {
    return planOf(config, this.tools);
  }

  private warn(error: RotatorError): void {
    this.tools.emit({ event: 'warning', error });
  }
}
