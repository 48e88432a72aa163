// `status`, `history` and `journal backup` as processes: beside a daemon, after one, and without a journal.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { fingerprint } from '../../src/core/client-secret.ts';
import { targetKey } from '../../src/core/records.ts';
import { DAY } from '../../src/core/time.ts';
import { systemClock } from '../../src/service/system-clock.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace, type Workspace } from '../support/program.ts';

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const UUID_V7 = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const NO_DAEMON = 'no daemon runs on the journal ./journal.db';
const RECORDED = `${NO_DAEMON}: this is what was last recorded\n`;
const UNASKED = { apple: { check: 'off' } };

const ROTATION_KEYS = [
  'id',
  'target',
  'envId',
  'reason',
  'trigger',
  'requestedBy',
  'keyId',
  'fingerprint',
  'issuedAt',
  'expiresAt',
  'previousFingerprint',
  'previousExpiresAt',
  'startedAt',
  'finishedAt',
  'outcome',
  'appleCheck',
  'requestIds',
  'proof',
  'settles',
  'error',
];

async function journalOf(path: string, mode: 'read' | 'write') {
  const journal = await openJournal({ path }, { mode, clock: systemClock });
  onTestFinished(() => journal.close());
  return journal;
}

function keyOf({ sandbox }: Workspace, name: string): string {
  return targetKey({ endpoint: sandbox.url, envId: envIdOf(name), providerId: 'apple' });
}

/** A daemon that has done its first checks. */
async function startDaemon(place: Workspace) {
  const daemon = place.start(['run']);
  await daemon.waitFor(/"event":"(?:rotation\.succeeded|pass\.healthy)"/);
  return daemon;
}

describe('status', () => {
  test('before anything was recorded every target is unknown, which is not well', async () => {
    const place = await ownWorkspace();
    const { code, stdout, stderr } = await place.run(['status']);
    expect(code).toBe(1);
    expect(stdout).toBe(
      'NAME  STATE    LOGINS   EXPIRES  RENEWAL DUE  LAST ROTATION  FAILURES\n' +
        'shop  unknown  unknown  -        -            -              0\n',
    );
    expect(stderr).toBe(
      `${NO_DAEMON}\nnot checked yet: \`apple-secret-rotator once\` or the daemon checks the targets and starts the journal\n`,
    );
    expect(place.world.requests.log).toEqual([]);
  });

  test('shows what the journal knows, also beside a running daemon, and asks nobody', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    const daemon = await startDaemon(place);
    place.world.requests.clearLog();
    const { code, stdout, stderr } = await place.run(['status', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      targets: [
        {
          name: 'shop',
          envId: 'shop-1g2h3j',
          providerId: 'apple',
          // `rotated` is what `once` alone says.
          state: 'healthy',
          reason: null,
          keyId: IDS.keyId,
          expiresAt: ISO,
          renewalAt: ISO,
          lastRotationAt: ISO,
          consecutiveFailures: 0,
          nextAttemptAt: null,
          logins: {
            state: 'unknown',
            until: ISO,
            because: null,
            evidence: [{ kind: 'secret', verdict: 'unknown', at: ISO, detail: 'valid' }],
          },
          error: null,
        },
      ],
    });
    expect(place.world.requests.log).toEqual([]);
    daemon.signal('SIGTERM');
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
  });

  test('ends with 1 once the secret has expired, whatever the last pass said', async () => {
    const place = await ownWorkspace({ daysLeft: 175 });
    expect((await place.run(['once'])).code).toBe(0);
    expect((await place.run(['status'])).code).toBe(0);
    const journal = await journalOf(place.journalFile, 'write');
    const state = await journal.target(keyOf(place, 'shop'));
    if (state?.deployed == null) throw new Error('nothing was recorded');
    await journal.commit({ target: { ...state, deployed: { ...state.deployed, expiresAt: Date.now() - 2 * DAY } } });
    const { code, stdout } = await place.run(['status']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^shop {2}failed {2}fails .* 2 d ago/m);
  });
});

describe('history', () => {
  test('shows rotations newest first, failed ones included, as a table of at most 100 columns', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    await place.run(['once']);
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' });
    await place.run(['once', '--force']);
    const { code, stdout, stderr } = await place.run(['history']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: RECORDED });
    const [header, failed, message, ...rest] = stdout.trimEnd().split('\n');
    expect(header).toBe('STARTED            TARGET  REASON      TRIGGER  OUTCOME    KEY         EXPIRES');
    expect(failed).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\dZ {2}shop {4}Requested {3}cli {6}failed {5}KEYAAAAAAA {2}\d{4}-\d\d-\d\d$/,
    );
    expect(message).toMatch(/^ {4}ERR_CLOUDBASE_DENIED: .*UnauthorizedOperation/);
    expect(rest.at(-1)).toMatch(/ shop {4}RenewalDue {2}cli {6}succeeded {2}KEYAAAAAAA /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const last = await place.run(['history', '--limit', '1', '--json']);
    expect(JSON.parse(last.stdout).rotations).toMatchObject([{ reason: 'Requested', outcome: 'failed' }]);
  });

  test('--json prints exactly the contract', async () => {
    const place = await ownWorkspace();
    const previous = fingerprint(String(place.secret()));
    await place.run(['once']);
    const { code, stdout, stderr } = await place.run(['history', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: RECORDED });
    const document = JSON.parse(stdout) as { rotations: object[] };
    expect(document.rotations.map((row) => Object.keys(row))).toEqual([ROTATION_KEYS]);
    expect(document).toEqual({
      rotations: [
        {
          id: UUID_V7,
          target: 'shop',
          envId: 'shop-1g2h3j',
          reason: 'RenewalDue',
          trigger: 'cli',
          requestedBy: null,
          keyId: 'KEYAAAAAAA',
          fingerprint: fingerprint(String(place.secret())),
          issuedAt: ISO,
          expiresAt: ISO,
          previousFingerprint: previous,
          previousExpiresAt: ISO,
          startedAt: ISO,
          finishedAt: ISO,
          outcome: 'succeeded',
          appleCheck: { candidate: 'accepted', deployed: 'accepted' },
          requestIds: [expect.stringMatching(/^[0-9a-f-]{36}$/)],
          proof: { readBack: 'seen', apple: 'accepted', loginCheck: 'not-asked' },
          settles: null,
          error: null,
        },
      ],
    });
  });

  test('a rotation that failed before anything was minted has nulls, and none of its keys is left out', async () => {
    const place = await ownWorkspace();
    writeFileSync(place.keyFile, 'no key', { mode: 0o600 });
    await place.run(['once', '--force']);
    const { stdout } = await place.run(['history', '--json']);
    const { rotations } = JSON.parse(stdout) as { rotations: Record<string, unknown>[] };
    expect(rotations.map((row) => Object.keys(row))).toEqual([ROTATION_KEYS]);
    expect(rotations[0]).toMatchObject({
      requestedBy: 'cli',
      keyId: null,
      fingerprint: null,
      issuedAt: null,
      expiresAt: null,
      previousFingerprint: null,
      outcome: 'failed',
      appleCheck: { candidate: 'not-asked', deployed: 'not-asked' },
      requestIds: [],
      proof: null,
      settles: null,
      error: { code: 'ERR_KEY_INVALID', message: expect.any(String), hint: expect.any(String) },
    });
  });

  test('--target shows one, also by a name that has left the configuration', async () => {
    const place = await ownWorkspace({ targets: [{ name: 'a' }, { name: 'b' }], settings: UNASKED });
    await place.run(['once']);
    place.configure({ targets: [{ name: 'c', envId: 'c-1', key: { from: 'file', path: './none.p8' } }] });
    const { stdout } = await place.run(['history', '--target', 'b', '--json']);
    expect(JSON.parse(stdout).rotations.map(({ target }: { target: string }) => target)).toEqual(['b']);
    const nobody = await place.run(['history', '--target', 'nobody']);
    expect(nobody).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no target is named nobody') });
  });
});

describe('journal backup', () => {
  test('copies the journal while a daemon holds it, and the copy opens with all that was recorded', async () => {
    const place = await ownWorkspace({ settings: UNASKED });
    const daemon = await startDaemon(place);
    const copy = join(place.folder, 'copy.db');
    const { code, stdout, stderr } = await place.run(['journal', 'backup', copy]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^journal copied and checked: ${copy} \\(\\d+ bytes\\)\\n$`));
    const journal = await journalOf(copy, 'read');
    expect(await journal.rotations({ limit: 10 })).toMatchObject([
      { outcome: 'succeeded', fingerprint: fingerprint(String(place.secret())) },
    ]);
    expect(await place.run(['journal', 'backup', copy])).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${copy} exists, and a copy overwrites nothing (ERR_USAGE)\n  Name a file that does not exist yet.\n`,
    });
    daemon.signal('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
  });

  test('without a journal there is nothing to copy', async () => {
    const place = await ownWorkspace();
    const { code, stdout, stderr } = await place.run(['journal', 'backup', 'copy.db']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: there is no journal at .*journal\.db, so there is nothing to copy \(ERR_USAGE\)\n/);
  });
});
