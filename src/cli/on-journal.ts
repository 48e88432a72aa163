// The commands that read the journal and run no pass, loaded together: each further file of the bundle costs a start
// 0.2 ms.
export { backupJournal } from '../adapters/journal/journal.ts';
export { channelTest, strictConfig, withJournal } from '../service/session.ts';
export { alerts, testAlerts } from './alerts.ts';
export { history } from './history.ts';
export { journalBackup } from './journal-backup.ts';
export { status } from './status.ts';
