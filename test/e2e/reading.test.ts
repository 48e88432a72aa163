// `status`, `history` and `alerts` when it matters: while the configuration is wrong, and while no daemon runs.
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { type AlertPlace, alertPlace } from '../support/alert-place.ts';
import { runProgram } from '../support/program.ts';

const UNASKED = { apple: { check: 'off' } };
const COMMANDS = ['status', 'history', 'alerts'] as const;
const DENIED = { service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' } as const;
const RECORDED = 'no daemon runs on the journal ./journal.db: this is what was last recorded\n';

/** A journal with one rotation, and then a failure that was told over `ops`. */
async function recordedPlace(): Promise<AlertPlace> {
  const place = await alertPlace({ settings: UNASKED });
  expect((await place.run(['once'])).code).toBe(0);
  place.world.faults.add({ ...DENIED, message: 'not authorized' });
  expect((await place.run(['once', '--force'])).code).toBe(1);
  return place;
}

/** What commands print as JSON, by command; each must end with `code`. */
async function answers(
  place: AlertPlace,
  code: number,
  { commands = COMMANDS, env = {} }: { commands?: readonly string[]; env?: Record<string, string> } = {},
) {
  const all = commands.map(async (command) => {
    const result = await place.run([command, '--json'], { env });
    expect([command, result.code, result.stderr]).toEqual([command, code, expect.any(String)]);
    return [command, { json: JSON.parse(result.stdout) as Record<string, unknown[]>, stderr: result.stderr }] as const;
  });
  return new Map(await Promise.all(all));
}

/** Of one command: the others begin in the same way. */
const STATUS = { commands: ['status'] };

const shop = { name: 'shop', envId: 'shop-1g2h3j', providerId: 'apple' };

function expectJournalAlone(found: Awaited<ReturnType<typeof answers>>, stderr: RegExp): void {
  expect(found.get('status')?.json).toMatchObject({ targets: [{ ...shop, error: { code: 'ERR_CLOUDBASE_DENIED' } }] });
  for (const [command, { stderr: said }] of found)
    expect([command, said]).toEqual([command, expect.stringMatching(stderr)]);
}

describe('while the configuration is wrong', () => {
  test('the journal that it names is read alone; the first line says what is wrong, and the status is 2', async () => {
    const place = await recordedPlace();
    place.configure({ targets: [{ name: 'shop', envId: 'shop-1g2h3j', key: { from: 'file' } }], http: { prot: 1 } });
    const wrong =
      /^warning: configuration: \S+rotator\.yaml line \d+: http\.prot: found .* \(and 1 more\); read from the journal \.\/journal\.db alone\n/;
    const found = await answers(place, 2);
    expectJournalAlone(found, new RegExp(`${wrong.source}${RECORDED}$`));
    expect(found.get('history')?.json['rotations']).toMatchObject([{ outcome: 'failed' }, { outcome: 'succeeded' }]);
    // The channels that can be read of it are shown as they are.
    expect(found.get('alerts')?.json).toMatchObject({
      alerts: [{ cause: 'AccessDenied', channels: [{ name: 'ops', toldAt: expect.any(String), delivered: true }] }],
      channels: [{ name: 'ops', type: 'webhook', lastDeliveredAt: expect.any(String), waiting: 0 }],
    });
    const table = await place.run(['status']);
    expect([table.code, table.stdout.split('\n')[1]]).toEqual([2, expect.stringMatching(/^shop {2}failed /)]);
  });

  test('a file that is no YAML, a missing variable and a missing part do not keep the journal from being read', async () => {
    const place = await recordedPlace();
    const broken = 'journal: sqlite:./journal.db\ntargets: [ {\n';
    writeFileSync(place.configFile, broken);
    expectJournalAlone(
      await answers(place, 2, STATUS),
      /rotator\.yaml line \d+: .*read from the journal \.\/journal\.db alone\n/,
    );
    place.configure({ instance: `\${NOT_SET}` });
    expectJournalAlone(await answers(place, 2, STATUS), /NOT_SET.*read from the journal \.\/journal\.db alone\n/);
    place.configure({ include: ['parts/*.yaml'] });
    expectJournalAlone(await answers(place, 2, STATUS), /include\[0\].*read from the journal \.\/journal\.db alone\n/);
  });

  test('where it does not say which journal, that of ROTATOR_JOURNAL is read, else the default', async () => {
    const place = await recordedPlace();
    const env = { ROTATOR_JOURNAL: 'sqlite:./journal.db' };
    const alone = /read from the journal \.\/journal\.db alone\n/;
    place.configure({ journal: `sqlite:\${DATA}/journal.db` });
    expectJournalAlone(await answers(place, 2, { ...STATUS, env }), alone);
    rmSync(place.configFile);
    expectJournalAlone(await answers(place, 2, { ...STATUS, env }), /ROTATOR_CONFIG|rotator\.yaml/);
    expectJournalAlone(
      await answers(place, 2, { ...STATUS, env: { ...env, ROTATOR_CONFIG: '' } }),
      /found no configuration/,
    );
    const data = await place.run(['status'], { env: { ROTATOR_CONFIG: '' } });
    expect(data).toMatchObject({ code: 2, stdout: '' });
    expect(data.stderr).toMatch(
      /found no configuration[\s\S]*there is no journal to read instead: \.\/data\/journal\.db; --journal/,
    );
  });

  test('a file that may not be read', async () => {
    const place = await recordedPlace();
    rmSync(place.configFile);
    // Root may read everything, but nobody can read a folder as a file.
    const { code, stderr } = await place.run(['status'], {
      env: { ROTATOR_CONFIG: place.folder, ROTATOR_JOURNAL: 'sqlite:./journal.db' },
    });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^warning: .* directory.*read from the journal/)]);
  });

  test('a journal that cannot be read either: both are said, in full', async () => {
    const place = await recordedPlace();
    place.configure({ http: { prot: 1 } });
    for (const suffix of ['-wal', '-shm']) rmSync(`${place.journalFile}${suffix}`, { force: true });
    writeFileSync(place.journalFile, 'no database');
    const { code, stdout, stderr } = await place.run(['alerts']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /journal\.db is not a SQLite database[\s\S]*http\.prot[\s\S]*cannot be read instead: \.\/journal\.db/,
    );
    expect(stderr).not.toMatch(/no daemon|read from the journal/);
  });
});

describe('--journal FILE', () => {
  test('needs no configuration, reads none, and ends as what it shows', async () => {
    const place = await recordedPlace();
    writeFileSync(place.configFile, '[');
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await place.run([command, '--json', '--journal', 'journal.db']);
      expect([command, code]).toEqual([command, command === 'status' ? 1 : 0]);
      expect(JSON.parse(stdout)).not.toEqual({});
      expect(stderr).toBe(
        'read from the journal journal.db alone, without a configuration\n' +
          'no daemon runs on the journal journal.db: this is what was last recorded\n',
      );
    }
    const { stdout } = await place.run(['alerts', '--journal', `sqlite:${place.journalFile}`]);
    expect(stdout).toMatch(/^warning +shop +AccessDenied/m);
    expect(stdout).toMatch(/^ops +- +\d{4}/m);
    expect(await place.run(['history', '--target', 'shop', '--journal', 'journal.db'])).toMatchObject({ code: 0 });
  });

  test('a target that left the configuration is not among those of the journal', async () => {
    const place = await alertPlace({ targets: [{ name: 'shop' }, { name: 'web' }], settings: UNASKED, daysLeft: 150 });
    await place.run(['once']);
    const names = async () => {
      const { stdout } = await place.run(['status', '--json', '--journal', 'journal.db']);
      return (JSON.parse(stdout).targets as { name: string }[]).map(({ name }) => name);
    };
    expect(await names()).toEqual(['shop', 'web']);
    place.configure({ targets: [{ ...shop, key: { from: 'file', path: place.keyFile } }] });
    await place.run(['once']);
    expect(await names()).toEqual(['shop']);
  });

  test('that is not there, is no journal, or is of a newer program', async () => {
    const place = await recordedPlace();
    const read = async (file: string) => {
      const { code, stdout, stderr } = await place.run(['status', '--journal', file]);
      expect(stdout).toBe('');
      return [code, stderr.split('\n')[0]];
    };
    expect(await read('none.db')).toEqual([2, 'error: there is no journal at none.db (ERR_USAGE)']);
    expect(await read('')).toEqual([2, 'error: there is no journal at "" (ERR_USAGE)']);
    const unusable = (what: string) => [1, `error: journal ${what} (ERR_JOURNAL_UNWRITABLE)`];
    expect(await read('rotator.yaml')).toEqual(unusable('rotator.yaml is not a SQLite database'));
    expect(await read('.')).toEqual(unusable('. is a folder, not a file'));
    expect(await read('/dev/zero')).toEqual(unusable('/dev/zero is a device or a pipe, not a file'));
    const other = new DatabaseSync(join(place.folder, 'other.db'));
    other.exec('CREATE TABLE notes (text)');
    other.close();
    expect(await read('other.db')).toEqual(unusable('other.db is the database of another program'));
    const newer = new DatabaseSync(place.journalFile);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(await read('journal.db')).toEqual([1, expect.stringMatching(/ERR_JOURNAL_NEWER/)]);
  });

  test('is no option of a test of the channels', async () => {
    const { code, stderr } = await runProgram(['alerts', '--test', '--journal', 'x']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("'--journal <journal>' cannot be used with option '--test'"),
    ]);
  });
});

test('whether a daemon runs on the journal is said, for as long as it is so', async () => {
  const place = await alertPlace({ settings: UNASKED, daysLeft: 150 });
  const daemon = place.start(['run']);
  await daemon.waitFor(/"event":"pass\.healthy"/);
  for (const command of COMMANDS) {
    const { stderr } = await place.run([command]);
    expect([command, stderr]).toEqual([command, command === 'history' ? 'no rotation has been recorded yet\n' : '']);
  }
  await daemon.stop();
  expect((await place.run(['status'])).stderr).toBe(RECORDED);
  // The folder of a copy that is not ours to write.
  const copy = join(place.folder, 'copy');
  const second = await place.run(['journal', 'backup', 'copy.db']);
  expect(second.code).toBe(0);
  rmSync(`${place.journalFile}.lock`);
  renameSync(join(place.folder, 'copy.db'), copy);
  chmodSync(copy, 0o400);
  expect((await place.run(['status', '--journal', 'copy'])).stderr).toContain('no daemon runs on the journal copy:');
});
