// What each command does: it loads what the command needs and no more, so that short commands start fast, and hands it
// the process.
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
      const { once } = await loadSmall(() => import('./once.ts'));
      return once(options, host);
    },

    async plan(options) {
      const { plan } = await loadSmall(() => import('./once.ts'));
      return plan(options, host);
    },

    async status(options) {
      const { status, withJournal } = await loadSmall(() => import('./on-journal.ts'));
      return withJournal(options.config, host, (session) => status(options, { context: host, ...session }));
    },

    async history(options) {
      const { history, withJournal } = await loadSmall(() => import('./on-journal.ts'));
      return withJournal(options.config, host, (session) => history(options, { context: host, ...session }));
    },

    async alerts(options) {
      const { alerts, channelTest, testAlerts, withJournal } = await loadSmall(() => import('./on-journal.ts'));
      if (!options.test)
        return withJournal(options.config, host, ({ journal, config: { alerts: configured } }) =>
          alerts(options, { context: host, journal, ...configured }),
        );
      const test = await channelTest(options.config, host);
      return testAlerts(options, { context: host, stop: host.stopSignal(), ...test });
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

    async generate(options) {
      const { generate } = await import('./by-hand.ts');
      return generate(options, host);
    },

    async inspect(secret, options) {
      const { inspect } = await import('./by-hand.ts');
      return inspect({ ...options, ...(secret === undefined ? {} : { secret }) }, host);
    },

    async sandbox(options) {
      const stop = host.stopSignal();
      const { sandbox } = await import('./sandbox.ts');
      return sandbox(options, host, { stop, command: host.command });
    },
  };
}

/** Loads a command that reads the whole configuration. */
async function loadSmall<T>(load: () => Promise<T>): Promise<T> {
  const { keepYoungGenerationSmall } = await import('../service/memory.ts');
  keepYoungGenerationSmall();
  return load();
}
