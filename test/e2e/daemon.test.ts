// The daemon as a real process against the sandbox: the story that this program exists for, and its ends.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { canonical } from '../../src/core/json.ts';
import { EVENT_NAMES } from '../support/events.ts';
import { envIdOf, type Program, type Workspace, type WorkspaceOptions, workspace } from '../support/program.ts';

/** Every second, so that a tick is never far. */
const SECONDLY = { schedule: { cron: '* * * * * *' } };

let place: Workspace;
afterEach(() => place.dispose());

async function start(options: WorkspaceOptions = {}): Promise<Program> {
  place = await workspace({ ...options, settings: { ...SECONDLY, ...options.settings } });
  return place.start(['run']);
}

/** The log lines of one event. */
const lines = (program: Program, event: string) => program.log().filter((line) => line.event === event);
const seen =
  (event: string, times = 1) =>
  (program: Program) =>
    lines(program, event).length >= times;

test('finds a secret with five days left, rotates it, does so again with the next one, and stops by SIGTERM with 0', async () => {
  const daemon = await start();
  const before = place.provider();
  await daemon.waitFor(seen('rotation.succeeded'));
  const first = place.secret() as string;
  expect(canonical(place.provider() ?? null)).toBe(
    canonical({ ...before, Config: { ...before?.Config, ClientSecret: first } }),
  );
  expect(lines(daemon, 'rotation.succeeded')[0]).toMatchObject({
    target: 'shop',
    envId: envIdOf('shop'),
    reason: 'RenewalDue',
    outcome: 'succeeded',
    fingerprint: fingerprint(first),
    nextCheckAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  await daemon.waitFor(seen('pass.healthy'));

  place.world.patchConfig(envIdOf('shop'), 'apple', { ClientSecret: place.mint(-1) });
  // By itself the daemon may use a reading for half a minute.
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('rotation.succeeded', 2));
  expect(place.secret()).not.toBe(first);

  const history = await place.run(['history', '--json']);
  const { rotations } = JSON.parse(history.stdout) as { rotations: { outcome: string; fingerprint: string }[] };
  expect(rotations.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
  expect(rotations[0]?.fingerprint).toBe(fingerprint(place.secret() as string));
  expect((await place.run(['status'])).stdout).toMatch(/shop +(?:healthy|rotated)/);

  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  expect(daemon.log().at(-1)?.event).toBe('daemon.stopped');
  expect(daemon.log().every(({ event }) => (EVENT_NAMES as readonly string[]).includes(event))).toBe(true);
  expect(daemon.stderr()).toMatch(/^stopping: /);
});

describe('a second daemon on one journal', () => {
  test('names the first, and takes over when that one was killed', async () => {
    const first = await start();
    await first.waitFor(seen('rotation.succeeded'));
    const second = place.start(['run']);
    await second.waitFor(seen('start.refused'));
    expect(lines(second, 'start.refused')).toMatchObject([
      { code: 'ERR_DAEMON_RUNNING', msg: expect.stringContaining(`pid ${first.pid} `) },
    ]);
    first.signal('SIGKILL');
    await first.exited;
    // Rather than wait for the minute.
    second.signal('SIGHUP');
    await second.waitFor(seen('pass.healthy'));
  });
});

describe('killed in the middle of a write', () => {
  // The same with a write that never arrived: test/pass/cut-off.test.ts.
  test('that arrived: the next life resolves it by reading, at once', async () => {
    place = await workspace({ settings: SECONDLY });
    const first = place.start(['run']);
    place.world.requests.before('tcb', 'ModifyProvider', async () => {
      first.signal('SIGKILL');
      await first.exited;
    });
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-after', times: 1 });
    await first.exited;
    const second = place.start(['run']);
    await second.waitFor((program) => program.log().some((line) => line['resumed'] === true));
    expect(second.log().find((line) => line['resumed'] === true)?.event).toBe('rotation.succeeded');
    await second.waitFor(seen('pass.healthy'));
    expect(place.writes()).toHaveLength(1);
  });
});

describe('a stop', () => {
  test('in the middle of a write lets it finish, and ends with 0', async () => {
    place = await workspace({ settings: SECONDLY });
    const daemon = place.start(['run']);
    place.world.requests.before('tcb', 'ModifyProvider', async () => daemon.signal('SIGTERM'));
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(lines(daemon, 'rotation.succeeded')).toHaveLength(1);
    expect((await place.run(['history', '--json'])).stdout).toContain('"succeeded"');
  });

  test('by SIGINT while nothing is written drops the pass and ends with 0', async () => {
    place = await workspace({ settings: SECONDLY });
    const daemon = place.start(['run']);
    // The control and the deployed secret are asked about before anything is wanted.
    let questions = 0;
    place.world.requests.before('apple', 'token', async () => {
      questions += 1;
      if (questions !== 3) return;
      daemon.signal('SIGINT');
      await daemon.waitFor(/stopping: /);
    });
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(place.writes()).toHaveLength(0);
    expect(lines(daemon, 'rotation.failed')).toMatchObject([{ code: 'ERR_INTERRUPTED' }]);
  });

  test('said twice ends at once with 1', async () => {
    place = await workspace({ settings: SECONDLY });
    const daemon = place.start(['run']);
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'hang' });
    await daemon.waitFor(seen('rotation.started'));
    place.world.requests.before('tcb', 'ModifyProvider', async () => daemon.signal('SIGTERM'));
    await daemon.waitFor(/stopping/);
    daemon.signal('SIGTERM');
    expect(await daemon.exited).toEqual({ code: 1, signal: null });
  });
});

describe('SIGHUP', () => {
  test('applies a new configuration and checks everything at once', async () => {
    const daemon = await start({ targets: [{ name: 'shop' }, { name: 'late' }] });
    await daemon.waitFor(seen('rotation.succeeded', 2));
    place.configure({ schedule: { cron: '0 0 * * *' } });
    daemon.signal('SIGHUP');
    await daemon.waitFor(seen('config.reloaded'));
    const healthy = lines(daemon, 'pass.healthy').length;
    await daemon.waitFor(seen('pass.healthy', healthy + 2));
    const next = lines(daemon, 'pass.healthy').at(-1)?.['nextCheckAt'] as string;
    expect(Date.parse(next) - Date.now()).toBeGreaterThan(1_000);
  });

  test('refuses a wrong one, says so, and goes on with the old one', async () => {
    const daemon = await start();
    await daemon.waitFor(seen('rotation.succeeded'));
    writeFileSync(place.configFile, 'targets: []\n');
    daemon.signal('SIGHUP');
    await daemon.waitFor(seen('config.rejected'));
    expect(lines(daemon, 'config.rejected')[0]).toMatchObject({ code: 'ERR_CONFIG' });
    const before = lines(daemon, 'pass.healthy').length;
    await daemon.waitFor(seen('pass.healthy', before + 2));
  });

  test('refuses one by which nobody would be called', async () => {
    const daemon = await start();
    await daemon.waitFor(seen('rotation.succeeded'));
    place.configure({ ...SECONDLY, alerts: { none: '' } });
    daemon.signal('SIGHUP');
    await daemon.waitFor(() => [...lines(daemon, 'config.rejected'), ...lines(daemon, 'config.reloaded')].length > 0);
    expect(lines(daemon, 'config.rejected')).toMatchObject([
      {
        code: 'ERR_CONFIG',
        msg: expect.stringContaining('no channel carries these alerts: warning of the service itself'),
      },
    ]);
  });

  test('applies another level of the log', async () => {
    const daemon = await start({ settings: { log: { level: 'error', format: 'json' } } });
    await vi.waitUntil(() => place.writes().length > 0, { timeout: 30_000 });
    place.configure({ ...SECONDLY, log: { level: 'info', format: 'json' } });
    daemon.signal('SIGHUP');
    await daemon.waitFor(seen('config.reloaded'));
    expect(lines(daemon, 'daemon.started')).toEqual([]);
  });

  test('does not move the journal, and says so', async () => {
    const daemon = await start();
    await daemon.waitFor(seen('rotation.succeeded'));
    place.configure({ ...SECONDLY, journal: 'sqlite:./elsewhere.db' });
    daemon.signal('SIGHUP');
    await daemon.waitFor(seen('config.reloaded'));
    expect(lines(daemon, 'warning').map(({ msg }) => msg)).toContainEqual(expect.stringContaining('journal'));
  });
});

describe('a configuration', () => {
  test('that reaches nobody is refused, unless that is accepted', async () => {
    place = await workspace();
    writeFileSync(place.configFile, readFileSync(place.configFile, 'utf8').replace('none: accepted', 'channels: []'));
    const { code, stderr } = await place.run(['run', '--exit-when-refused']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /no channel carries these alerts: warning of the service itself[\s\S]*alerts: \{ none: accepted \}/,
    );
  });

  test('with an error in one target runs the others, loudly', async () => {
    const daemon = await start({ targets: [{ name: 'shop' }, { name: 'broken', keyId: 'nonsense' }] });
    await daemon.waitFor(seen('rotation.succeeded'));
    expect(lines(daemon, 'warning')[0]?.['msg']).toMatch(/target broken is left out/);
    expect((await place.run(['status'])).code).toBe(2);
  });
});

describe('one target’s trouble', () => {
  test('does not keep another from its rotation', async () => {
    place = await workspace({ targets: [{ name: 'hangs' }, { name: 'shop' }], settings: SECONDLY });
    place.world.requests.before('tcb', 'GetProviders', async (request) => {
      if (request.envId === envIdOf('hangs')) await new Promise(() => undefined);
    });
    const daemon = place.start(['run']);
    await daemon.waitFor(seen('rotation.succeeded'));
    expect(lines(daemon, 'rotation.succeeded')[0]).toMatchObject({ target: 'shop' });
    expect(lines(daemon, 'pass.failed')).toEqual([]);
  });

  test('is told with a next attempt, and ends when the trouble ends', async () => {
    place = await workspace({ settings: SECONDLY });
    const key = readFileSync(place.keyFile);
    rmSync(place.keyFile);
    const daemon = place.start(['run']);
    await daemon.waitFor(seen('pass.failed', 2));
    expect(lines(daemon, 'pass.failed')[0]).toMatchObject({ code: 'ERR_KEY_NOT_FOUND', hint: expect.any(String) });
    writeFileSync(place.keyFile, key);
    await daemon.waitFor(seen('rotation.succeeded'));
  });
});

describe('a journal that cannot be written', () => {
  beforeEach(async () => {
    place = await workspace({ settings: SECONDLY });
    // A folder in the place of the journal: nobody, root included, can write that file.
    mkdirSync(join(place.folder, 'journal.db'));
    mkdirSync(join(place.folder, 'journal.db.lock'));
  });

  test('does not stop the daemon: it says so, and rotates in an emergency', async () => {
    const daemon = place.start(['run']);
    await daemon.waitFor(seen('journal.degraded'));
    await daemon.waitFor(seen('rotation.succeeded'));
    expect(lines(daemon, 'journal.degraded')[0]).toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE', degraded: true });
    daemon.signal('SIGTERM');
    expect(await daemon.exited).toMatchObject({ code: 0 });
  });

  test('holds back what is no emergency', async () => {
    place.place(place.mint(50));
    const daemon = place.start(['run']);
    await daemon.waitFor(seen('pass.deferred'));
    expect(lines(daemon, 'pass.deferred')[0]).toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE' });
    expect(place.writes()).toHaveLength(0);
  });
});

test('the demo shows a rotation on one terminal, and ends by one signal', async () => {
  place = await workspace();
  mkdirSync(join(place.folder, 'config'));
  copyFileSync(new URL('../../config/sandbox.yaml', import.meta.url), join(place.folder, 'config', 'sandbox.yaml'));
  const demo = place.start(['sandbox', '--demo', '--port', '0']);
  await demo.waitFor(/"event":"rotation.succeeded"/);
  for (const words of [
    'expires in 5.0 days',
    'candidate minted',
    'candidate checked',
    'accepted the candidate',
    'sent to CloudBase',
    'read back',
    'outcome recorded',
    'nextCheckAt',
  ]) {
    expect(demo.stdout()).toContain(words);
  }
  // Another port than the configuration's default: the demo says which variable tells the commands.
  const [, name = '', url = ''] = /(ROTATOR_SANDBOX_URL)=(http:\/\/127\.0\.0\.1:\d+)/.exec(demo.stdout()) ?? [];
  const beside = await place.run(['status', '--config', 'config/sandbox.yaml'], { env: { [name]: url } });
  expect([beside.code, beside.stdout]).toEqual([0, expect.stringMatching(/shop-demo +(?:rotated|healthy)/)]);
  demo.signal('SIGINT');
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  expect(demo.stdout()).toContain('"event":"daemon.stopped"');
});
