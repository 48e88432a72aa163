// The journal: the shared contract on real files, and each way in which a file can be in the way.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { JournalOptions } from '../../../src/adapters/journal/journal.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import { afterBadWrite } from '../../../src/core/lanes.ts';
import { alertBookContract, sharedAlertBookContract } from '../../contract/alert-book.ts';
import { journalContract, type SharedPlace, sharedJournalContract } from '../../contract/journal.ts';
import { HandClock } from '../../support/clock.ts';
import { aRotation, aTarget, child, finished, folder, NOW, ownJournal } from '../../support/journal.ts';

const open = (path: string, options: Partial<JournalOptions> = {}) => ownJournal(path, options);

function raw(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RotatorError)) throw new Error(`expected a RotatorError, got ${String(error)}`);
  const { code, message, hint } = error;
  return { code, message, hint };
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

journalContract('the journal', (clock) => open(join(folder(), 'journal.db'), clock && { clock }));
alertBookContract('the journal', () => open(join(folder(), 'journal.db')));
const shared = (): SharedPlace => {
  const path = join(folder(), 'journal.db');
  let processes = 0;
  return {
    path,
    open(clock) {
      processes += 1;
      return open(path, { process: `test:${processes}`, ...(clock && { clock }) });
    },
  };
};
sharedJournalContract('the journal', shared);
sharedAlertBookContract('the journal', shared);

describe('the file', () => {
  test('is made with its folder for its owner alone, in WAL mode with full sync', async () => {
    const home = join(folder(), 'data');
    const path = join(home, 'journal.db');
    await open(path);
    expect(readdirSync(home).map((name) => [name, mode(join(home, name))])).toEqual([
      ['journal.db', '600'],
      ['journal.db-shm', '600'],
      ['journal.db-wal', '600'],
    ]);
    expect(mode(home)).toBe('700');
    expect(raw(path).prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  test('is reopened with what it held, and its mode is left alone', async () => {
    const path = join(folder(), 'journal.db');
    const first = await open(path);
    await first.commit({ target: aTarget() });
    await first.close();
    await first.close();
    chmodSync(path, 0o640);
    expect(await (await open(path)).targets()).toEqual([aTarget()]);
    expect(mode(path)).toBe('640');
  });

  test('holds no secret in any of its bytes', async () => {
    const home = folder();
    const journal = await open(join(home, 'journal.db'));
    const jwt = `eyJhbGciOiJFUzI1NiIsImtpZCI6IksxIn0.${'QUJD'.repeat(20)}.${'x'.repeat(86)}`;
    const body = 'MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQgq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mg';
    const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;
    const error = { code: 'ERR_INTERNAL', message: `${jwt} and ${pem} and ${body}`, hint: pem } as const;
    const intent = {
      thumbprint: jwt,
      teamId: 'T',
      clientId: 'c',
      fields: { 'Config.X': jwt },
      shapeBefore: 'clear',
      at: NOW,
    } as const;
    await journal.commit({ target: aTarget({ error, name: jwt }), rotation: finished(aRotation({ error, intent })) });
    await journal.updateFleet((fleet) => ({ ...fleet, lanes: afterBadWrite({}, jwt, error, NOW) }));
    const bytes = readdirSync(home)
      .map((name) => readFileSync(join(home, name), 'latin1'))
      .join('\n');
    expect(bytes).toContain('[redacted JWT]');
    expect(bytes).toContain('[redacted private key]');
    for (const secret of [
      'eyJhbGciOiJFUzI1NiIsImtpZCI6',
      'QUJDQUJD',
      'MIGTAgEAMBMGByq',
      'q83vASNFZ4mrze8B',
      'xxxxxxxxxx',
    ]) {
      expect(bytes).not.toContain(secret);
    }
  });

  test('cannot be made to change or lose a finished rotation by SQL', async () => {
    const path = join(folder(), 'journal.db');
    const journal = await open(path);
    const done = finished(aRotation());
    const open_ = aRotation();
    await journal.commit({ rotation: done });
    await journal.commit({ rotation: open_ });
    const db = raw(path);
    const row = "(id, target_key, target, started_at, outcome, document) VALUES (?, 'k', 't', 1, 'failed', '{}')";
    for (const [sql, complaint] of [
      ["UPDATE rotations SET outcome = 'failed' WHERE id = ?", 'a finished rotation never changes again'],
      ['UPDATE rotations SET outcome = NULL WHERE id = ?', 'a finished rotation never changes again'],
      ['DELETE FROM rotations WHERE id = ?', 'a rotation is never deleted'],
      [`INSERT OR REPLACE INTO rotations ${row}`, 'a rotation is never replaced'],
    ] as const) {
      expect(() => db.prepare(sql).run(done.id)).toThrow(complaint);
    }
    expect(() => db.prepare('UPDATE rotations SET started_at = 5 WHERE id = ?').run(open_.id)).toThrow(
      'keeps its identity',
    );
    expect(() => db.prepare('DELETE FROM rotations WHERE id = ?').run(open_.id)).toThrow('never deleted');
    expect(await journal.rotations({ limit: 9 })).toEqual([open_, done]);
  });
});

describe('a journal that cannot be written says what to do', () => {
  test('no folder to make the folder in', async () => {
    const home = folder();
    expect(await refusal(open(join(home, 'a/b/journal.db')))).toEqual({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${home}/a/b/journal.db has no folder`,
      hint: `Create the folder: mkdir -p ${home}/a/b`,
    });
  });

  test('a folder in its place', async () => {
    const path = join(folder(), 'journal.db');
    mkdirSync(path);
    expect(await refusal(open(path))).toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is a folder, not a file`,
    });
  });

  test("not this user's: the hint gives the folder to the user that runs", async () => {
    const home = join(folder(), 'data');
    mkdirSync(home);
    const path = join(home, 'journal.db');
    const journal = await open(path);
    await journal.commit({ target: aTarget() });
    await journal.close();
    chmodSync(path, 0o444);
    chmodSync(home, 0o555);
    for (const action of ['openAsNobody', 'lockAsNobody']) {
      const process = child(action, path);
      await process.line();
      process.go();
      const said = JSON.parse(await process.line()) as Record<string, unknown>;
      const what = action === 'openAsNobody' ? `journal ${path}` : `the lock of the journal ${path}.lock`;
      expect(said).toMatchObject({
        code: 'ERR_JOURNAL_UNWRITABLE',
        message: `${what} is not writable by this user`,
        hint: `Give its folder to the user of this process: chown -R ${said['uid']} ${home}`,
      });
    }
    chmodSync(home, 0o755);
  });

  test('not a database', async () => {
    const path = join(folder(), 'journal.db');
    writeFileSync(path, 'these are the notes of somebody else, and they are longer than a page\n'.repeat(100));
    const before = readFileSync(path);
    expect(await refusal(open(path))).toEqual({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is not a SQLite database`,
      hint: `Restore a copy of it, or move it away, which loses history but no login: mv ${path} ${path}.damaged`,
    });
    expect(readFileSync(path)).toEqual(before);
  });

  test("another program's database is left as it is", async () => {
    const path = join(folder(), 'journal.db');
    raw(path).exec('CREATE TABLE theirs (a); PRAGMA user_version = 7');
    expect(await refusal(open(path))).toEqual({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is the database of another program`,
      hint: 'Name another file as journal.',
    });
    expect(raw(path).prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
  });

  test('held by another process for longer than the busy timeout', async () => {
    const path = join(folder(), 'journal.db');
    const journal = await open(path, { busyTimeoutMs: 20 });
    const other = raw(path);
    other.exec('BEGIN IMMEDIATE');
    const expected = {
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is held by another process`,
      hint: `Find out which process holds it: fuser -v ${path}`,
    };
    expect(await refusal(journal.commit({ target: aTarget() }))).toEqual(expected);
    expect(await refusal(open(path, { busyTimeoutMs: 20 }))).toEqual(expected);
    other.exec('ROLLBACK');
    await journal.commit({ target: aTarget() });
    expect(await journal.targets()).toEqual([aTarget()]);
  });

  test('held for so long that a lease cannot be renewed: whoever has it hears that it is lost', async () => {
    const path = join(folder(), 'journal.db');
    const clock = new HandClock(NOW);
    const journal = await open(path, { busyTimeoutMs: 20, clock });
    const lost: string[] = [];
    await journal.acquireLease('k', 'a', () => lost.push('a'));
    const other = raw(path);
    other.exec('BEGIN IMMEDIATE');
    await clock.advance(10_000);
    other.exec('ROLLBACK');
    await clock.advance(10_000);
    other.exec('BEGIN IMMEDIATE');
    await clock.advance(20_000);
    expect(lost).toEqual([]);
    await clock.advance(10_000);
    expect(lost).toEqual(['a']);
    other.exec('ROLLBACK');
  });

  test('moved away or deleted while it is open', async () => {
    const path = join(folder(), 'journal.db');
    const journal = await open(path);
    renameSync(path, `${path}.old`);
    const expected = {
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} was moved, deleted or replaced while it was open`,
    };
    expect(await refusal(journal.commit({ target: aTarget() }))).toMatchObject(expected);
    writeFileSync(path, '');
    expect(await refusal(journal.acquireLease('key', 'a'))).toMatchObject(expected);
  });

  test('closed', async () => {
    const path = join(folder(), 'journal.db');
    const journal = await open(path);
    await journal.close();
    expect(await refusal(journal.targets())).toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} failed: statement has been finalized`,
    });
  });

  test('a row that somebody edited', async () => {
    const path = join(folder(), 'journal.db');
    const journal = await open(path);
    await journal.commit({ target: aTarget(), rotation: aRotation() });
    raw(path).exec(`UPDATE targets SET document = json_set(document, '$.state', 'splendid');
                    UPDATE rotations SET document = '[]'`);
    const { code, message } = await refusal(journal.target(aTarget().key));
    expect([code, message]).toEqual([
      'ERR_JOURNAL_UNWRITABLE',
      expect.stringMatching(/^journal \S+ is damaged: its target does not fit \(state: invalid option.*\)$/),
    ]);
    expect((await refusal(journal.rotations({ limit: 1 }))).message).toContain(
      'its rotation does not fit (the whole: ',
    );
  });
});

describe('reading', () => {
  test('where nothing was recorded there is an empty journal, and no file is made', async () => {
    const path = join(folder(), 'none/journal.db');
    const journal = await open(path, { mode: 'read' });
    expect(await journal.targets()).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  test('sees what a writer beside it writes, and can write nothing', async () => {
    const path = join(folder(), 'journal.db');
    const writer = await open(path);
    const reader = await open(path, { mode: 'read' });
    await writer.commit({ target: aTarget(), rotation: aRotation() });
    expect(await reader.targets()).toEqual([aTarget()]);
    expect(await refusal(reader.commit({ target: aTarget({ lastPassAt: 1 }) }))).toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is not writable by this user`,
    });
  });

  test('works in a folder that belongs to somebody else, beside the writer and after it', async () => {
    const home = join(folder(), 'data');
    const path = join(home, 'journal.db');
    const writer = await open(path);
    await writer.commit({ target: aTarget() });
    const readIt = async (): Promise<string> => {
      const process = child('readAsNobody', path);
      await process.line();
      process.go();
      const { lines } = await process.end();
      return lines[0] ?? '';
    };
    for (const name of readdirSync(home)) chmodSync(join(home, name), 0o444);
    chmodSync(home, 0o555);
    expect(await readIt()).toBe('["shop-prod"]');
    chmodSync(home, 0o755);
    await writer.close();
    expect(readdirSync(home)).toEqual(['journal.db']);
    chmodSync(home, 0o555);
    expect(await readIt()).toBe('["shop-prod"]');
    chmodSync(home, 0o755);
  });

  test('a journal that may not be read is told apart from one that is not there', async () => {
    const home = join(folder(), 'data');
    const path = join(home, 'journal.db');
    await (await open(path)).close();
    chmodSync(home, 0o000);
    const process = child('readAsNobody', path);
    await process.line();
    process.go();
    expect(JSON.parse(await process.line())).toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is not writable by this user`,
    });
    chmodSync(home, 0o755);
  });
});

test('what was done waits for the disk; what was seen, who has which lease and turn, and begins, need not outlive the machine', async () => {
  const journal = await open(join(folder(), 'journal.db'));
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
  onTestFinished(() => exec.mockRestore());
  let level: string | undefined;
  const waits = async (work: () => Promise<unknown>) => {
    exec.mockClear();
    await work();
    for (const [sql] of exec.mock.calls) level = /^PRAGMA synchronous = (\w+)$/.exec(sql)?.[1] ?? level;
    return level;
  };
  const rank = { failedAt: null, urgent: false, requested: false, neededBy: 0 };
  expect(await waits(() => journal.takeTurn('lane', 'a', rank))).toBe('NORMAL');
  expect(await waits(() => journal.commit({ target: aTarget() }))).toBe('NORMAL');
  expect(await waits(() => journal.commit({ target: aTarget(), rotation: aRotation() }))).toBe('FULL');
  expect(await waits(() => journal.acquireLease('key', 'a'))).toBe('NORMAL');
  expect(await waits(() => journal.releaseLease('key', 'a'))).toBe('NORMAL');
  expect(await waits(() => journal.endTurn('lane', 'a'))).toBe('NORMAL');
  const lease = { key: aTarget().key, token: 'a' };
  const begun = { rotation: aRotation(), lease: { ...lease, begins: () => undefined } };
  expect(await waits(() => journal.commit(begun))).toBe('NORMAL');
  expect(await waits(() => journal.commit({ ...begun, lease: { ...lease, ends: false } }))).toBe('FULL');
  expect(await waits(() => journal.takeTurn('lane', 'a', rank))).toBe('NORMAL');
  expect(await waits(() => journal.updateFleet((fleet) => fleet))).toBe('FULL');
});
