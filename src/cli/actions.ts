// What each command does: it loads what the command needs and no more, so that short commands start fast, and hands it
// the process.
import type { World } from '../sandbox/world.ts';
import type { Host } from './context.ts';
import type { Actions } from './program.ts';

/** The actions of every command on `host`. */
export function createActions(host: Host): Actions {
  return {
    async run(options) {
      // Before anything is loaded: a signal that comes meanwhile counts.
      const stop = host.stopSignal();
      const { run } = await loadSmall(() => import('./run.ts'));
      return run(options, host, stop);
    },

    async once(options) {
      const { once } = await import('./on-targets.ts');
      return once(options, host);
    },

    async plan(options) {
      const { plan } = await import('./on-targets.ts');
      return plan(options, host);
    },

    async check(options) {
      const { check } = await import('./on-targets.ts');
      return check(options, host);
    },

    async provision(options) {
      const { provision } = await loadSmall(() => import('./set-up.ts'));
      return provision(options, host);
    },

    async init(options) {
      const { init } = await loadSmall(() => import('./set-up.ts'));
      return init(options, host);
    },

    async probe(options) {
      const { probe } = await loadSmall(() => import('./set-up.ts'));
      return probe(options, host);
    },

    async status(options) {
      const { reading, status } = await loadSmall(() => import('./on-journal.ts'));
      return reading(options, host, (session) => status(options, { context: host, ...session }));
    },

    async history(options) {
      const { history, reading } = await loadSmall(() => import('./on-journal.ts'));
      return reading(options, host, (session) => history(options, { context: host, ...session }));
    },

    async alerts(options) {
      const { alerts, channelTest, reading, testAlerts } = await loadSmall(() => import('./on-journal.ts'));
      if (!options.test)
        return reading(options, host, ({ alerts: configured, ...session }) =>
          alerts(options, { context: host, ...session, ...configured }),
        );
      const test = await channelTest(options.config, host);
      return testAlerts(options, { context: host, stop: host.stopSignal(), ...test });
    },

    async explain(name, options) {
      const { explain } = await loadSmall(() => import('./on-journal.ts'));
      return explain(name, options, host);
    },

    async health(options) {
      const { health, readListening } = await import('./health.ts');
      return health({ context: host, listening: await readListening(options.config, host.env) });
    },

    async journalBackup(file, options) {
      const { backupJournal, journalBackup, strictConfig } = await loadSmall(() => import('./on-journal.ts'));
      const { journal } = await strictConfig(options.config, host);
      return journalBackup({ file }, { context: host, backup: (toFile) => backupJournal(journal, toFile) });
    },

    async journalExport(file, options) {
      const { exportJournal, journalMove, strictConfig } = await loadSmall(() => import('./on-journal.ts'));
      const { journal } = await strictConfig(options.config, host);
      const move = (toFile: string) => exportJournal(journal, toFile, host.clock);
      return journalMove({ file, to: 'file' }, { context: host, path: journal.path, move });
    },

    async journalImport(file, options) {
      const { importJournal, journalMove, strictConfig } = await loadSmall(() => import('./on-journal.ts'));
      const { journal } = await strictConfig(options.config, host);
      const move = (fromFile: string) => importJournal(journal, fromFile, host.clock);
      return journalMove({ file, to: 'journal' }, { context: host, path: journal.path, move });
    },

    async generate(options) {
      const { generate } = await import('./by-hand.ts');
      return generate(options, host);
    },

    async inspect(secret, options) {
      const { inspect } = await import('./by-hand.ts');
      return inspect({ ...options, ...(secret === undefined ? {} : { secret }) }, host);
    },

    async sandbox({ config: file, ...options }) {
      const stop = host.stopSignal();
      const { sandbox } = await import('./sandbox.ts');
      const own = file === undefined ? {} : { own: { file, stage: await ownStage(file, host, stop) } };
      return sandbox({ ...options, ...own }, host, { stop, command: host.command });
    },
  };
}

/** Puts what this configuration names into a sandbox. */
async function ownStage(file: string, host: Host, stop: AbortSignal) {
  const { stageOwn } = await import('./set-up.ts');
  return (world: World, url: string) => stageOwn(world, { file, url, stop }, { ...host, emit: () => undefined });
}

/** Loads a command that reads the whole configuration. */
async function loadSmall<T>(load: () => Promise<T>): Promise<T> {
  const loaded = await load();
  const { keepYoungGenerationSmall } = await import('../service/memory.ts');
  keepYoungGenerationSmall();
  return loaded;
}
