// `once` and `plan` as processes: what a person and a script see, how they end, and what they leave alone.
import { readdirSync, readFileSync, rmSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { fingerprint } from '../../src/core/client-secret.ts';
import { DAY } from '../../src/core/time.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import { systemClock } from '../../src/service/system-clock.ts';
import { IDS } from '../support/pass-rig.ts';
import { ownWorkspace, type Result, type Workspace } from '../support/program.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Apple asks for a second between questions; tests that do not need its opinion do without. */
const UNASKED = { apple: { check: 'off' } };

const TARGET_KEYS = [
  'name',
  'envId',
  'providerId',
  'state',
  'reason',
  'keyId',
  'expiresAt',
  'renewalAt',
  'lastRotationAt',
  'consecutiveFailures',
  'nextAttemptAt',
  'logins',
  'error',
];

type Row = Record<string, unknown> & { state: string; error: { code: string; message: string; hint: string } | null };

/** The targets of a `--json`, each held to the contract: every key there, in order, absent values null. */
function rows({ stdout }: Result): Row[] {
  const document = JSON.parse(stdout) as { targets: Row[] };
  expect(Object.keys(document)).toEqual(['targets']);
  expect(stdout.endsWith('}\n')).toBe(true);
  for (const row of document.targets) {
    expect(Object.keys(row)).toEqual(TARGET_KEYS);
    expect(Object.values(row)).not.toContain(undefined);
    for (const key of ['expiresAt', 'renewalAt', 'lastRotationAt', 'nextAttemptAt'])
      expect(row[key] ?? '2026-11-22T00:00:00.000Z', key).toMatch(ISO);
    if (row.error !== null) expect(Object.keys(row.error)).toEqual(['code', 'message', 'hint']);
  }
  return document.targets;
}

const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

async function readJournal(place: Workspace) {
  const journal = await openJournal({ path: place.journalFile }, { mode: 'read', clock: systemClock });
  onTestFinished(() => journal.close());
  return journal;
}

/** The digest of every file in the folder, but for the two that SQLite makes for each reader of a journal. */
function filesOf({ folder }: Workspace): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(?:wal|shm)$/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [name, fingerprint(readFileSync(join(folder, name), 'latin1'))]),
  );
}

/** A provider but for its secret and for nulls, which stand for nothing (and Tencent's SDK sends none). */
function withoutSecret(provider: unknown): unknown {
  return JSON.parse(JSON.stringify(provider), (name, value) =>
    name === 'ClientSecret' || value === null ? undefined : value,
  );
}

describe('once', () => {
  test('rotates, and prints how it went on stderr and the table alone on stdout', async () => {
    const place = await ownWorkspace();
    const before = place.provider();
    const { code, stdout, stderr } = await place.run(['once']);
    expect(code).toBe(0);
    const [header, row, end, ...rest] = stdout.split('\n');
    expect(header).toBe('NAME  STATE    LOGINS  EXPIRES              RENEWAL DUE  LAST ROTATION  FAILURES');
    expect(row).toMatch(
      new RegExp(
        `^shop  rotated  works   ${day(Date.now() + 180 * DAY)} in 179 d  \\d{4}-\\d\\d-\\d\\d   ${day(Date.now())}     0$`,
      ),
    );
    expect([end, rest]).toEqual(['', []]);
    expect(
      stderr.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'T'),
    ).toBe(`shop: Apple rejected the control signed with a throwaway key, as it should (invalid_client)
shop: Apple accepted the deployed secret (invalid_grant)
shop: rotation started: RenewalDue
shop: found: renewal is due; the deployed secret expires in 5.0 days (T)
shop: candidate minted, valid until T
shop: candidate checked claim by claim, its signature with the key's public half
shop: Apple accepted the candidate (invalid_grant)
shop: intent recorded in the journal
shop: candidate sent to CloudBase
shop: read back: the candidate is there
shop: outcome recorded in the journal
shop: the new client secret is in place
`);
    const after = place.provider();
    expect(secretFault(place.world, IDS.clientId, String(place.secret()))).toBeUndefined();
    expect(place.secret()).not.toBe(before?.Config['ClientSecret']);
    expect(withoutSecret(after)).toEqual(withoutSecret(before));
  });

  test('--json prints exactly the contract, and a second time that nothing was to do', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    const first = await place.run(['once', '--json']);
    expect(first.code).toBe(0);
    expect(rows(first)).toEqual([
      {
        name: 'shop',
        envId: 'shop-1g2h3j',
        providerId: 'apple',
        state: 'rotated',
        reason: 'RenewalDue',
        keyId: IDS.keyId,
        expiresAt: expect.any(String),
        renewalAt: expect.any(String),
        lastRotationAt: expect.any(String),
        consecutiveFailures: 0,
        nextAttemptAt: null,
        logins: {
          state: 'unknown',
          until: expect.any(String),
          because: null,
          evidence: [{ kind: 'secret', verdict: 'unknown', at: expect.any(String), detail: 'valid' }],
        },
        error: null,
      },
    ]);
    const second = await place.run(['once', '--json']);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(rows(second)).toEqual([{ ...rows(first)[0], state: 'healthy', reason: null, logins: expect.anything() }]);
    expect(place.writes()).toHaveLength(1);
  });

  test('ends with 1 where a target fails; the others are rotated all the same', async () => {
    const place = await ownWorkspace({ targets: [{ name: 'gone' }, { name: 'shop' }], settings: UNASKED });
    place.world.providers.delete('gone-1g2h3j', 'apple');
    const result = await place.run(['once', '--json']);
    expect(result.code).toBe(1);
    const [gone, shop] = rows(result);
    expect(gone).toMatchObject({
      state: 'failed',
      expiresAt: null,
      consecutiveFailures: 1,
      error: { code: 'ERR_PROVIDER_NOT_FOUND', message: 'environment gone-1g2h3j has no provider apple' },
    });
    expect(shop).toMatchObject({ state: 'rotated', error: null });
    expect(result.stderr).toContain('gone: failed (ERR_PROVIDER_NOT_FOUND)\n');
    expect(result.stderr).not.toContain('has no provider');
    expect(result.stderr).not.toContain('    at ');
    const table = await place.run(['once', '--target', 'gone']);
    expect(table.code).toBe(1);
    expect(table.stdout).toMatch(
      /^gone +failed .* 2, retry in \d min\n {4}logins: the login method or its environment was not found.*\n {4}ERR_PROVIDER_NOT_FOUND: environment/m,
    );
  });

  test('a good secret is left alone, whoever made it', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    place.useKey('OTHERKEY01', join(place.folder, 'other.p8'));
    place.place(place.mint(90, 'OTHERKEY01'));
    const result = await place.run(['once', '--json']);
    expect([result.code, rows(result)[0]]).toMatchObject([0, { state: 'healthy', reason: null, error: null }]);
    expect(place.writes()).toEqual([]);
  });

  test('where Apple is not asked, another key waits for consent, which is no failure; --force gives it', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    place.useKey('OTHERKEY01', join(place.folder, 'other.p8'));
    place.place(place.mint(30, 'OTHERKEY01'));
    const pending = await place.run(['once', '--json']);
    expect(pending.code).toBe(0);
    expect(rows(pending)[0]).toMatchObject({ state: 'pending', error: { code: 'ERR_CONSENT_REQUIRED' } });
    expect(place.writes()).toEqual([]);
    const forced = await place.run(['once', '--force', '--json']);
    expect(forced.code).toBe(0);
    expect(rows(forced)[0]).toMatchObject({ state: 'rotated', reason: 'RenewalDue', error: null });
  });

  test('a window that is closed holds a renewal back, which is no failure', async () => {
    const hour = (new Date().getUTCHours() + 12) % 24;
    const policy = { window: { cron: `0 ${hour} * * *`, duration: '1h' } };
    const place = await ownWorkspace({ daysLeft: 30, settings: { ...UNASKED, policy } });
    const result = await place.run(['once', '--json']);
    expect(result.code).toBe(0);
    expect(rows(result)[0]).toMatchObject({ state: 'due', reason: 'RenewalDue', consecutiveFailures: 0, error: null });
    expect(place.writes()).toEqual([]);
  });

  test('--target may be repeated, and the other targets are not even read', async () => {
    const place = await ownWorkspace({ targets: ['a', 'b', 'c'].map((name) => ({ name })), settings: UNASKED });
    const result = await place.run(['once', '--target', 'a', '-t', 'c', '--json']);
    expect([result.code, rows(result).map(({ name }) => name)]).toEqual([0, ['a', 'c']]);
    expect(new Set(place.world.requests.log.map(({ envId }) => envId))).toEqual(new Set(['a-1g2h3j', 'c-1g2h3j']));
  });

  test('a target that does not exist is an error of usage, and nothing happens', async () => {
    const place = await ownWorkspace({ targets: [{ name: 'a' }, { name: 'b' }] });
    expect(await place.run(['once', '--target', 'a', '--target', 'nope'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: no target is named nope; the known ones are a and b (ERR_USAGE)\n' +
        '  Correct the name in the command, or --config if you meant another configuration.\n',
    });
    expect(place.world.requests.log).toEqual([]);
    expect(readdirSync(place.folder)).not.toContain('journal.db');
  });

  test('--force rotates a secret with nothing wrong, and says who wanted it', async () => {
    const place = await ownWorkspace({ daysLeft: 175, settings: UNASKED });
    expect(rows(await place.run(['once', '--json']))[0]?.state).toBe('healthy');
    const result = await place.run(['once', '--force', '--json']);
    expect([result.code, rows(result)[0]]).toMatchObject([0, { state: 'rotated', reason: 'Requested' }]);
    const [row] = await (await readJournal(place)).rotations({ limit: 10 });
    expect(row).toMatchObject({
      reason: 'Requested',
      trigger: 'cli',
      requestedBy: 'cli',
      fingerprint: fingerprint(String(place.secret())),
    });
  });

  test('--no-apple-check goes over a rejection, which --force does not, and the journal says so', async () => {
    const place = await ownWorkspace({ daysLeft: 90, settings: { apple: { check: 'require' } } });
    place.world.behaviour.apple = 'invalid_client';
    const blocked = await place.run(['once', '--force', '--json']);
    expect([blocked.code, rows(blocked)[0]]).toMatchObject([
      1,
      { state: 'failed', error: { code: 'ERR_APPLE_REJECTED_ONCE' } },
    ]);
    expect(place.writes()).toEqual([]);
    place.world.requests.clearLog();
    const waived = await place.run(['once', '--force', '--no-apple-check', '--json']);
    expect([waived.code, rows(waived)[0]?.state]).toEqual([0, 'rotated']);
    expect(place.world.requests.log.filter(({ service }) => service === 'apple')).toEqual([]);
    const [row] = await (await readJournal(place)).rotations({ limit: 1 });
    expect(row).toMatchObject({ appleCheckWaived: true, appleCheck: { candidate: 'not-asked' } });
  });

  test('two at the same time on one journal write once: the second waits for the lease and finds nothing to do', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    const release = Promise.withResolvers<void>();
    const pushing = Promise.withResolvers<void>();
    place.world.requests.before('tcb', 'ModifyProvider', () => {
      pushing.resolve();
      return release.promise;
    });
    const first = place.start(['once', '--json']);
    await pushing.promise;
    // The first one is in the middle of its push and writes nothing: what changes now is the second, opening the journal.
    const opened = Promise.withResolvers<void>();
    const watcher = watch(place.folder, (_, name) => name?.startsWith('journal.db') && opened.resolve());
    const second = place.run(['once', '--json']);
    await opened.promise;
    watcher.close();
    release.resolve();
    const results = [await first.exited, await second];
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(JSON.parse(first.stdout()).targets[0].state).toBe('rotated');
    expect(rows(await second)[0]?.state).toBe('healthy');
    expect(place.writes()).toHaveLength(1);
    expect(await (await readJournal(place)).rotations({ limit: 10 })).toHaveLength(1);
  });
});

describe('plan', () => {
  test('says what would happen, and why, and writes nothing: not the provider, not the journal', async () => {
    const place = await ownWorkspace({ daysLeft: 175 });
    await place.run(['once']);
    place.place(place.mint(5));
    place.world.requests.clearLog();
    const [provider, files] = [place.provider(), filesOf(place)];
    const result = await place.run(['plan', '--json']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(rows(result)[0]).toMatchObject({ state: 'due', reason: 'RenewalDue', error: null });
    const table = await place.run(['plan']);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(
      /^shop {2}due .*\nshop: would rotate: renewal is due\nNot tried: [^`]*`apple-secret-rotator check`/m,
    );
    expect(place.provider()).toEqual(provider);
    expect(filesOf(place)).toEqual(files);
    // Nothing waits to be written into it either.
    expect(statSync(`${place.journalFile}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    expect(place.world.requests.log.map(({ action }) => action)).toEqual(['GetProviders', 'GetProviders']);
  });

  test('says what a bad write holds back, and until when', async () => {
    const place = await ownWorkspace({ targets: [{ name: 'shop' }, { name: 'late' }], daysLeft: 50 });
    // A refusal for want of permission, which is known at once to have written nothing.
    const denied = { kind: 'error', code: 'UnauthorizedOperation', times: 1 } as const;
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', ...denied });
    expect((await place.run(['once', '--target', 'shop'])).code).toBe(1);
    const { code, stdout } = await place.run(['plan', '--target', 'late']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/pause until 20[\d-]+ \d\d:\d\d UTC,\s+because the last write ended badly: /);
    expect(stdout).toMatch(/^late: would wait: renewal is due; ERR_LANE_CLOSED$/m);
    const again = await place.run(['once', '--json']);
    expect(rows(again)).toMatchObject([
      { name: 'shop', state: 'failed', error: { code: expect.not.stringContaining('LANE') } },
      { name: 'late', state: 'due', error: { code: 'ERR_LANE_CLOSED' } },
    ]);
  });

  test('says a next step of several targets once, with their names, and nothing of progress in a pipe', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `shop-${i}`);
    const place = await ownWorkspace({ targets: names.map((name) => ({ name })), daysLeft: 170 });
    rmSync(place.keyFile);
    const { code, stdout, stderr } = await place.run(['plan']);
    expect([code, stderr]).toEqual([1, '']);
    const [, listed = '', step = ''] = /^Next, for ([^:]*):\n((?: {4}.*\n)+)/m.exec(stdout) ?? [];
    expect(listed.split(/,\s/)).toEqual(names);
    expect(stdout.match(/ {4}ERR_KEY_NOT_FOUND: /g)).toHaveLength(60);
    expect(step).not.toBe('');
    expect(stdout.split(step)).toHaveLength(2);
  });

  test('works without a journal, and makes none', async () => {
    const place = await ownWorkspace();
    const names = readdirSync(place.folder);
    expect(await place.run(['plan'])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(place.folder)).toEqual(names);
  });

  test('an expired secret ends it with 1 although it would be rotated', async () => {
    const place = await ownWorkspace({ daysLeft: -1 });
    const result = await place.run(['plan', '--json']);
    expect([result.code, rows(result)[0]]).toMatchObject([1, { state: 'due', reason: 'SecretExpired', error: null }]);
  });

  test('a target that cannot be looked at ends it with 1, and the others are told', async () => {
    const place = await ownWorkspace({
      targets: [{ name: 'keyless', key: { from: 'file', path: './nothing.p8' } }, { name: 'shop' }],
    });
    const { code, stdout } = await place.run(['plan']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^keyless: could not be looked at: ERR_KEY_NOT_FOUND$/m);
    expect(stdout).toMatch(/^shop: would rotate: /m);
  });

  test('a refusal ends it with 1: the client id of the provider is another', async () => {
    const place = await ownWorkspace();
    place.world.patchConfig('shop-1g2h3j', 'apple', { ClientId: 'com.example.other' });
    const { code, stdout } = await place.run(['plan', '--target', 'shop']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^shop: would refuse: ERR_CLIENT_ID_MISMATCH$/m);
  });
});
