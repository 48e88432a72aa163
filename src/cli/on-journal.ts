// The commands that read the journal and run no pass, and `explain`, which has the same texts, loaded together: each further
// file of the bundle costs a start 0.2 ms.
export { backupJournal, exportJournal, importJournal } from '../adapters/journal/journal.ts';
export { channelTest, strictConfig } from '../service/session.ts';
export { alerts, testAlerts } from './alerts.ts';
export { explain } from './explain.ts';
export { history } from './history.ts';
export { journalBackup } from './journal-backup.ts';
export { journalMove } from './journal-move.ts';
export { reading } from './reading.ts';
export { status } from './status.ts';
