// What each command does: it loads what the command needs and no more, so that `generate` starts about as fast as Node
// does, and hands it the process.
import type { ExitStatus, Host } from './context.ts';
import type { Actions, ConfigOption } from './program.ts';

type JournalSession = import('../service/session.ts').JournalSession;

/** The actions of every command on `host`. */
export function createActions(host: Host): Actions {
  const withJournal = async (options: ConfigOption, use: (session: JournalSession) => Promise<ExitStatus>) => {
    const session = await import('../service/session.ts');
    return session.withJournal(options.config, host, use);
  };
  return {
    async run(options) {
      // Before anything is loaded: a signal that comes meanwhile counts.
      const stop = host.stopSignal();
      const { run } = await import('./run.ts');
      return run(options, host, stop);
    },

    async once(options) {
      const { once } = await import('./once.ts');
      return once(options, host);
    },

    async plan(options) {
      const { plan } = await import('./once.ts');
      return plan(options, host);
    },

    async status(options) {
      const { status } = await import('./status.ts');
      return withJournal(options, (session) => status(options, { context: host, ...session }));
    },

    async history(options) {
      const { history } = await import('./history.ts');
      return withJournal(options, (session) => history(options, { context: host, ...session }));
    },

    async alerts(options) {
      const { alerts, testAlerts } = await import('./alerts.ts');
      if (!options.test)
        return withJournal(options, ({ journal, config: { alerts: configured } }) =>
          alerts(options, { context: host, journal, ...configured }),
        );
      const { channelTest } = await import('../service/session.ts');
      const test = await channelTest(options.config, host);
      return testAlerts(options, { context: host, stop: host.stopSignal(), ...test });
    },

    async health(options) {
      const [{ health }, { readListening }] = await Promise.all([
        import('./health.ts'),
        import('../config/listening.ts'),
      ]);
      return health({ context: host, listening: await readListening(options.config, host.env) });
    },

    async journalBackup(file, options) {
      const [{ journalBackup }, { backupJournal }, { strictConfig }] = await Promise.all([
        import('./journal-backup.ts'),
        import('../adapters/journal/journal.ts'),
        import('../service/session.ts'),
      ]);
      const { journal } = await strictConfig(options.config, host);
      return journalBackup({ file }, { context: host, backup: (toFile) => backupJournal(journal, toFile) });
    },

    async generate(options) {
      const { generate } = await import('./generate.ts');
      return generate(options, host);
    },

    async inspect(secret, options) {
      const { inspect } = await import('./inspect.ts');
      return inspect({ ...options, ...(secret === undefined ? {} : { secret }) }, host);
    },

    async sandbox(options) {
      const stop = host.stopSignal();
      const { sandbox } = await import('./sandbox.ts');
      return sandbox(options, host, { stop, command: host.command });
    },
  };
}
