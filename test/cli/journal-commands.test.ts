// `status`, `history` and `journal backup` as a person and a program see them.
import { describe, expect, test } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { history } from '../../src/cli/history.ts';
import { journalBackup } from '../../src/cli/journal-backup.ts';
import { status } from '../../src/cli/status.ts';
import { terminalOutput } from '../../src/cli/terminal.ts';
import { deployedRecord } from '../../src/core/deployed.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import type { TargetState } from '../../src/core/records.ts';
import { DAY } from '../../src/core/time.ts';
import { aDeployed, asked } from '../support/builders.ts';
import { aRotation, aTarget, finished, MovableClock, NOW, ownJournal } from '../support/journal.ts';

interface Terminal {
  readonly context: CliContext;
  out: string;
  err: string;
}

function terminal(color = false): Terminal {
  const seen = { out: '', err: '' };
  const clock = {
    ...new MovableClock(),
    now: () => NOW,
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
    every: () => () => undefined,
  };
  const write = (to: 'out' | 'err') => (text: string) => {
    seen[to] += text;
  };
  const context: CliContext = {
    stdout: terminalOutput(write('out'), color),
    stderr: terminalOutput(write('err'), color),
    readStdin: () => Promise.resolve(undefined),
    env: {},
    clock,
  };
  return Object.assign(seen, { context });
}

async function journalOf(...targets: TargetState[]): Promise<Journal> {
  const journal = await ownJournal();
  for (const target of targets) await journal.commit({ target });
  return journal;
}

const deployed = (expiresAt: number): TargetState['deployed'] =>
  deployedRecord(aDeployed({ issuedAt: NOW - DAY, expiresAt }));

const healthy = aTarget({
  name: 'shop-prod',
  state: 'healthy',
  deployed: deployed(Date.UTC(2027, 4, 20)),
  renewalAt: Date.UTC(2027, 2, 21),
  lastRotationAt: NOW - 2 * DAY,
  lastPassAt: NOW - 60_000,
  lastGatherAt: NOW - 60_000,
  apple: asked({ verdict: 'accepted', rejectedSince: null }),
});
const failing = aTarget({
  name: 'app-with-a-name-that-is-much-longer-than-any-table-has-room-for',
  state: 'failed',
  reason: 'RenewalDue',
  deployed: deployed(NOW + 5 * DAY),
  renewalAt: NOW - DAY,
  retry: { failures: 12, nextAttemptAt: NOW + 25 * 60_000 },
  lastPassAt: NOW - 60_000,
  error: {
    code: 'ERR_CLOUDBASE_DENIED',
    message: 'the credentials may not read providers of app-1 (UnauthorizedOperation)',
    hint: 'Grant tcb:GetProviders and tcb:ModifyProvider on qcs::tcb:ap-shanghai:uin/100000000001:env/app-with-a-name to the user.',
  },
});

describe('status', () => {
  test('shows a row a target, the error with its next step below it, within 100 columns', async () => {
    const seen = terminal();
    const journal = await journalOf(healthy, failing);
    expect(await status({ json: false }, { context: seen.context, journal, targets: [healthy, failing] })).toBe(1);
    expect(seen.out).toBe(
      [
        'NAME       STATE    LOGINS   EXPIRES              RENEWAL DUE  LAST ROTATION  FAILURES',
        'shop-prod  healthy  works    2027-05-20 in 178 d  2027-03-21   2026-11-20     0',
        'app-with-a-name-that-is-much-longer-than-any-table-has-room-for',
        '           failed   unknown  2026-11-27 in 5 d    2026-11-21   -              12, retry in 25 min',
        '    ERR_CLOUDBASE_DENIED: the credentials may not read providers of app-1 (UnauthorizedOperation)',
        '    Grant tcb:GetProviders and tcb:ModifyProvider on',
        '    qcs::tcb:ap-shanghai:uin/100000000001:env/app-with-a-name to the user.',
        '',
        'Key K1L2M3N4O5 signs the deployed secret of shop-prod,',
        'app-with-a-name-that-is-much-longer-than-any-table-has-room-for.',
        'Any other key of this team may be revoked, unless something else uses it.',
        '',
      ].join('\n'),
    );
    expect(seen.err).toBe('');
  });

  test('is 0 and silent on stderr when all is well', async () => {
    const seen = terminal();
    const journal = await journalOf(healthy);
    expect(await status({ json: false }, { context: seen.context, journal, targets: [healthy] })).toBe(0);
    expect(seen.err).toBe('');
  });

  test('--json prints exactly the contract, absent values as null', async () => {
    const seen = terminal();
    const journal = await journalOf(healthy);
    const nobody = { name: 'new', envId: 'new-1', providerId: 'apple', key: 'none' };
    expect(await status({ json: true }, { context: seen.context, journal, targets: [healthy, nobody] })).toBe(1);
    expect(JSON.parse(seen.out)).toEqual({
      targets: [
        {
          name: 'shop-prod',
          envId: 'shop-prod-1g2h3j',
          providerId: 'apple',
          state: 'healthy',
          reason: null,
          keyId: 'K1L2M3N4O5',
          expiresAt: '2027-05-20T00:00:00.000Z',
          renewalAt: '2027-03-21T00:00:00.000Z',
          lastRotationAt: '2026-11-20T10:00:00.000Z',
          consecutiveFailures: 0,
          nextAttemptAt: null,
          logins: {
            state: 'works',
            until: '2027-05-20T00:00:00.000Z',
            because: null,
            evidence: [
              { kind: 'apple', verdict: 'works', at: '2026-11-22T09:59:00.000Z', detail: 'accepted' },
              { kind: 'secret', verdict: 'unknown', at: '2026-11-22T09:59:00.000Z', detail: 'valid' },
            ],
          },
          error: null,
        },
        {
          name: 'new',
          envId: 'new-1',
          providerId: 'apple',
          state: 'unknown',
          reason: null,
          keyId: null,
          expiresAt: null,
          renewalAt: null,
          lastRotationAt: null,
          consecutiveFailures: 0,
          nextAttemptAt: null,
          logins: { state: 'unknown', until: null, because: null, evidence: [] },
          error: null,
        },
      ],
    });
  });

  test('before anything was recorded says so kindly, with unknown rows and status 1', async () => {
    const seen = terminal();
    const deps = { context: seen.context, journal: await journalOf(), targets: [healthy] };
    expect(await status({ json: false }, deps)).toBe(1);
    expect(seen.out.split('\n')[1]).toBe('shop-prod  unknown  unknown  -        -            -              0');
    expect(seen.err).toBe(
      'not checked yet: `apple-secret-rotator once` or the daemon checks the targets and starts the journal\n',
    );
  });

  test('a secret that has expired is 1 although its last pass was healthy, and is red', async () => {
    const seen = terminal(true);
    const expired = { ...healthy, deployed: deployed(NOW - 3 * DAY) };
    const deps = { context: seen.context, journal: await journalOf(expired), targets: [expired] };
    expect(await status({ json: false }, deps)).toBe(1);
    expect(seen.out).toContain('\u001b[31m2026-11-19 3 d ago\u001b[0m');
  });

  test('says what a healthy state would hide', async () => {
    const seen = terminal();
    const quiet: TargetState = {
      ...healthy,
      lastPassAt: NOW - 3 * DAY,
      provider: { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW },
      providerChanges: [
        { path: 'Config.AuthorizationEndpoint', by: 'our-write', at: NOW - DAY },
        { path: 'On', by: 'somebody-else', at: NOW - 3 * DAY },
      ],
    };
    const journal = await journalOf(quiet);
    expect(await status({ json: false }, { context: seen.context, journal, targets: [quiet] })).toBe(0);
    expect(seen.out.split('\n').slice(2)).toEqual([
      '    logins: the Apple login method is switched off',
      '    last checked 2026-11-19 10:00Z, 3 d ago',
      '    Config.AuthorizationEndpoint was changed by a rotation and could not be restored, 24 h ago',
      '    On was changed by somebody else during a rotation, 3 d ago',
      '',
      'Key K1L2M3N4O5 signs the deployed secret of shop-prod.',
      'Any other key of this team may be revoked, unless something else uses it.',
      '',
    ]);
    expect(seen.err).toBe('');
  });

  test('logins that fail are 1, red, and say by which evidence; a doubt is yellow and 0', async () => {
    const seen = terminal(true);
    const rejected = { ...healthy, apple: asked() };
    const deps = { context: seen.context, journal: await journalOf(rejected), targets: [rejected] };
    expect(await status({ json: false }, deps)).toBe(1);
    expect(seen.out).toContain('\u001b[31mfailed\u001b[0m');
    expect(seen.out).toContain('\u001b[31mfails\u001b[0m');
    expect(seen.out).toContain('\u001b[31mlogins: Apple rejects the client secret\u001b[0m');
    const doubtful = { ...healthy, apple: asked({ counts: false, rejectedSince: null }) };
    const other = terminal(true);
    const doubt = { context: other.context, journal: await journalOf(doubtful), targets: [doubtful] };
    expect(await status({ json: false }, doubt)).toBe(0);
    expect(other.out).toContain('\u001b[33munknown\u001b[0m');
    expect(other.out).toContain('\u001b[33mlogins: Apple rejected the client secret, but has accepted no other one');
  });

  test('a provider that is switched off is 0, but where the configuration wants it on', async () => {
    const provider = { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW };
    const off = { ...healthy, provider };
    const journal = await journalOf(off);
    const exits = [undefined, false, true].map((enabled) =>
      status({ json: true }, { context: terminal().context, journal, targets: [{ ...off, stated: { enabled } }] }),
    );
    expect(await Promise.all(exits)).toEqual([0, 0, 1]);
  });

  test('the expiry is judged by the clock of CloudBase, as a daemon compared it lately', async () => {
    const expiring = { ...healthy, deployed: deployed(NOW + 5 * 60_000) };
    const journal = await journalOf(expiring);
    const run = () => status({ json: true }, { context: terminal().context, journal, targets: [expiring] });
    const compared = (skewMs: number, at: number) =>
      journal.updateFleet((fleet) => ({ ...fleet, skew: { skewMs, at } }));
    await compared(-10 * 60_000, NOW - DAY);
    expect(await run()).toBe(1);
    await compared(-10 * 60_000, NOW - 3 * DAY);
    expect(await run()).toBe(0);
  });

  test('a failure whose attempt is due, or waits for a tick, says so', async () => {
    const seen = terminal();
    const due = aTarget({ name: 'a', state: 'failed', retry: { failures: 1, nextAttemptAt: NOW - 1 } });
    const waiting = aTarget({ name: 'b', state: 'failed', retry: { failures: 2, nextAttemptAt: null } });
    const deps = { context: seen.context, journal: await journalOf(due, waiting), targets: [due, waiting] };
    await status({ json: false }, deps);
    expect(seen.out).toContain('1, retry due\n');
    expect(seen.out).toContain('2, retry at the next tick\n');
  });
});

describe('history', () => {
  const failed = finished(aRotation({ startedAt: NOW - DAY, fingerprint: null, expiresAt: null }), {
    outcome: 'rolled-back',
    error: { code: 'ERR_ROLLED_BACK', message: 'the new secret was not shown', hint: 'Wait.' },
  });
  const done = finished(aRotation({ startedAt: NOW, trigger: 'retry' }));
  const elsewhere = aRotation({ startedAt: NOW, target: 'other', targetKey: 'other', keyId: null });

  async function recorded(): Promise<Journal> {
    const journal = await ownJournal();
    for (const rotation of [failed, done, elsewhere]) await journal.commit({ rotation });
    return journal;
  }

  test('lists rotations, newest first, open ones too', async () => {
    const seen = terminal();
    const deps = { context: seen.context, journal: await recorded(), targets: [] };
    expect(await history({ limit: 10, json: false }, deps)).toBe(0);
    expect(seen.out).toBe(
      [
        'STARTED            TARGET     REASON      TRIGGER   OUTCOME      KEY         EXPIRES',
        '2026-11-22 10:00Z  other      RenewalDue  schedule  open         -           2027-05-21',
        '2026-11-22 10:00Z  shop-prod  RenewalDue  retry     succeeded    K1L2M3N4O5  2027-05-21',
        '2026-11-21 10:00Z  shop-prod  RenewalDue  schedule  rolled-back  K1L2M3N4O5  -',
        '    ERR_ROLLED_BACK: the new secret was not shown',
        '',
      ].join('\n'),
    );
  });

  test('--json prints the rotations of the contract', async () => {
    const seen = terminal();
    const deps = { context: seen.context, journal: await recorded(), targets: [] };
    await history({ limit: 2, json: true }, deps);
    const { rotations } = JSON.parse(seen.out) as { rotations: Record<string, unknown>[] };
    expect(rotations.map(({ id }) => id)).toEqual([elsewhere.id, done.id]);
    expect(rotations[0]).toMatchObject({ outcome: null, finishedAt: null, keyId: null, error: null });
    expect(Object.keys(rotations[1] ?? {}).join()).toBe(
      'id,target,envId,reason,trigger,requestedBy,keyId,fingerprint,issuedAt,expiresAt,previousFingerprint,previousExpiresAt,startedAt,finishedAt,outcome,appleCheck,requestIds,proof,settles,error',
    );
  });

  test('of a target that was renamed holds what happened under the older name', async () => {
    const seen = terminal();
    const targets = [{ name: 'new-name', key: done.targetKey }];
    const deps = { context: seen.context, journal: await recorded(), targets };
    await history({ target: 'new-name', limit: 10, json: true }, deps);
    const { rotations } = JSON.parse(seen.out) as { rotations: Record<string, unknown>[] };
    expect(rotations.map(({ id, target }) => [id, target])).toEqual([
      [done.id, 'shop-prod'],
      [failed.id, 'shop-prod'],
    ]);
  });

  test('without a rotation says so, and is 0', async () => {
    const seen = terminal();
    const deps = { context: seen.context, journal: await ownJournal(), targets: [] };
    expect(await history({ limit: 10, json: false }, deps)).toBe(0);
    expect(
      await history({ target: 'x', limit: 10, json: false }, { ...deps, targets: [{ name: 'x', key: 'x' }] }),
    ).toBe(0);
    expect([seen.out, seen.err]).toEqual([
      '',
      'no rotation has been recorded yet\nno rotation of x has been recorded yet\n',
    ]);
    await history({ limit: 10, json: true }, deps);
    expect(seen.out).toBe('{"rotations":[]}\n');
  });

  test('of a name that neither the configuration nor the journal knows is an error of usage', async () => {
    const journal = await journalOf(aTarget({ name: 'gone' }));
    const deps = { context: terminal().context, journal, targets: [{ name: 'shop-prod', key: 'x' }] };
    expect(await history({ target: 'gone', limit: 10, json: false }, deps)).toBe(0);
    await expect(history({ target: 'shop-prd', limit: 10, json: false }, deps)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: 'no target is named shop-prd; did you mean shop-prod?',
    });
  });
});

test('journal backup says where the copy is', async () => {
  const seen = terminal();
  const backup = async (file: string): Promise<{ file: string; bytes: number }> => ({ file, bytes: 4096 });
  expect(await journalBackup({ file: '/b/copy.db' }, { context: seen.context, backup })).toBe(0);
  expect(seen.out).toBe('journal copied and checked: /b/copy.db (4096 bytes)\n');
});
