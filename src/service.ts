// The running service around the daemon: its configuration, its journal and lock, its log, and what a signal does.
import { hostname } from 'node:os';
import { openDegradableJournal } from './adapters/journal/degradable.ts';
import { acquireDaemonLock } from './adapters/journal/lock.ts';
import { openSqliteJournal } from './adapters/journal/sqlite.ts';
import { storageWarning } from './adapters/journal/storage.ts';
import { Admissions } from './admission.ts';
import { planOf, type World } from './composition.ts';
import type { LoadedConfig } from './config/load.ts';
import { asRotatorError, RotatorError } from './core/errors.ts';
import { Daemon, nextTick, type Plan } from './daemon.ts';
import type { DaemonLock, DegradableJournal } from './ports.ts';
import { Sweeper } from './sweep.ts';
import { startTicks } from './ticks.ts';

/** Begins the lease tokens of the daemon, of which there is one for each journal. */
const DAEMON_LEASES = 'daemon:';

export interface ServiceOptions {
  readonly loaded: LoadedConfig;
  readonly world: Omit<World, 'leaseHolder'>;
  readonly version: string;
  readonly pid: number;
  /** The configuration as it is now, for a reload. Throws ERR_CONFIG. */
  readonly load: () => Promise<LoadedConfig>;
}

export interface Service {
  /** Resolves when the service has stopped. */
  run(): Promise<void>;
  /** No new pass; `run` resolves when those that write have ended, after 25 s at the most. */
  stop(): void;
  /** Applies the configuration as it is now; a wrong one is told, and the old one stays. Nothing after a stop. */
  reload(): Promise<void>;
}

/**
 * Opens the journal and takes the daemon's lock. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_NEWER; a journal that
 * cannot be written leaves the service degraded.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { version } = options;
  const world: World = { ...options.world, leaseHolder: DAEMON_LEASES };
  let { config } = options.loaded;
  const lock = daemonLock(options);
  await lock.take().catch(unlessUnwritable);
  const journal = await openJournal(options, lock);
  // Whoever held the lock before is dead, and its passes with it.
  if (lock.isHeld) await journal.endLeases(DAEMON_LEASES);
  const admissions = new Admissions({
    clock: world.clock,
    journal,
    isDegraded: () => journal.degraded !== undefined,
    maxRotationsPerHour: () => config.schedule.maxRotationsPerHour,
  });
  const sweeper = new Sweeper({
    journal,
    admissions,
    nextCheckAt: (target, retryAt) => daemon.nextCheckAt(target, retryAt),
  });
  const plan = () => planFor(config, world);
  const first = plan();
  const daemon = new Daemon(first, { clock: world.clock, emit: world.emit, sweeper });
  const warn = (error: RotatorError) =>
    world.emit({ event: 'warning', message: error.message, code: error.code, hint: error.hint });

  return {
    async run() {
      tellLoaded(options.loaded, warn);
      tellUndelivered(config, warn);
      const doubt = storageWarning(config.journal.path);
      if (doubt !== undefined)
        warn(
          new RotatorError('ERR_JOURNAL_UNWRITABLE', doubt, { hint: 'Move the journal to a disk of this machine.' }),
        );
      world.emit({
        event: 'daemon.started',
        message: `watching ${counted(config.targets.length)}`,
        version,
        targets: config.targets.length,
        journal: config.journal.path,
        nextTick: nextTick(first, world.clock.now()),
      });
      await daemon.run();
      await journal.close();
      await lock.release();
      world.emit({ event: 'daemon.stopped', message: 'stopped' });
    },
    stop: () => daemon.stop(),
    async reload() {
      try {
        const loaded = await options.load();
        if (daemon.isStopping) return;
        tellFixed(config, loaded.config, warn);
        config = {
          ...loaded.config,
          journal: config.journal,
          http: { ...loaded.config.http, host: config.http.host, port: config.http.port },
        };
        daemon.reload(plan());
        tellLoaded(loaded, warn);
        world.emit({
          event: 'config.reloaded',
          message: `configuration reloaded: ${counted(config.targets.length)}`,
          targets: config.targets.length,
        });
      } catch (thrown) {
        const { code, message, hint } = asRotatorError(thrown);
        world.emit({
          event: 'config.rejected',
          message: `the new configuration was refused, the old one stays: ${message}`,
          code,
          hint,
        });
      }
    },
  };
}

function counted(targets: number): string {
  return `${targets} ${targets === 1 ? 'target' : 'targets'}`;
}

function planFor(config: LoadedConfig['config'], world: World): Plan {
  const { cron, timezone } = config.schedule;
  return planOf(config, world, (onTick) => startTicks(cron, timezone, onTick));
}

interface Lock {
  readonly isHeld: boolean;
  /** Does nothing if it is held already. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_UNWRITABLE. */
  take(): Promise<void>;
  release(): Promise<void>;
}

/** The daemon's lock, which is taken as late as the journal can be written. */
function daemonLock({ loaded, world, pid }: ServiceOptions): Lock {
  const { instance, journal } = loaded.config;
  const who = { instance, pid, host: hostname() };
  let lock: DaemonLock | undefined;
  return {
    get isHeld() {
      return lock !== undefined;
    },
    async take() {
      lock ??= await acquireDaemonLock({ journalPath: journal.path, who, clock: world.clock });
    },
    async release() {
      await lock?.release();
    },
  };
}

function unlessUnwritable(thrown: unknown): void {
  if (!(thrown instanceof RotatorError && thrown.code === 'ERR_JOURNAL_UNWRITABLE')) throw thrown;
}

async function openJournal({ loaded, world }: ServiceOptions, lock: Lock): Promise<DegradableJournal> {
  const { path } = loaded.config.journal;
  return openDegradableJournal({
    open: async () => {
      // A service that began without its journal must not come back to one that another daemon took meanwhile.
      await lock.take().catch((thrown) => {
        const { code, message, hint } = asRotatorError(thrown);
        if (code === 'ERR_DAEMON_RUNNING') world.emit({ event: 'warning', message, code, hint });
        throw thrown;
      });
      return openSqliteJournal({ path, clock: world.clock, mode: 'write' });
    },
    clock: world.clock,
    onChange: (error) => {
      const message =
        error === undefined ? 'the journal can be written again' : `going on without the journal: ${error.message}`;
      world.emit({
        event: 'journal.degraded',
        message,
        degraded: error !== undefined,
        ...(error === undefined ? {} : { code: error.code, hint: error.hint }),
      });
    },
  });
}

function tellLoaded({ warnings, disabledTargets }: LoadedConfig, warn: (error: RotatorError) => void): void {
  for (const warning of warnings) warn(new RotatorError('ERR_CONFIG', warning, { hint: 'Look at the configuration.' }));
  for (const { name, problems } of disabledTargets) {
    const words = problems.map(({ key, found, wanted }) => `${key}: ${found}, wanted ${wanted}`).join('; ');
    warn(
      new RotatorError('ERR_CONFIG', `target ${name} is left out because its configuration is wrong: ${words}`, {
        hint: 'Correct it and send SIGHUP; until then nobody renews its client secret.',
      }),
    );
  }
}

/** Whoever configured channels believes that they will be called. */
function tellUndelivered({ alerts, heartbeat }: LoadedConfig['config'], warn: (error: RotatorError) => void): void {
  const configured = [
    ...(alerts.channels.length === 0 ? [] : ['alert channels']),
    ...(heartbeat.url === undefined && heartbeat.healthUrl === undefined ? [] : ['a heartbeat']),
  ];
  if (configured.length === 0) return;
  warn(
    new RotatorError('ERR_CONFIG', `${configured.join(' and ')} are configured, but this version delivers none`, {
      hint: 'Watch this log and the exit status of `status` until a version that delivers alerts is installed.',
    }),
  );
}

/** What a reload cannot change is said, not ignored in silence. */
function tellFixed(
  old: LoadedConfig['config'],
  fresh: LoadedConfig['config'],
  warn: (error: RotatorError) => void,
): void {
  const changed = [
    ...(old.journal.path === fresh.journal.path ? [] : ['journal']),
    ...(old.http.host === fresh.http.host ? [] : ['http.host']),
    ...(old.http.port === fresh.http.port ? [] : ['http.port']),
  ];
  if (changed.length === 0) return;
  const hint = 'Restart the service to apply them.';
  warn(new RotatorError('ERR_CONFIG', `a reload does not change ${changed.join(', ')}; the old values stay`, { hint }));
}
