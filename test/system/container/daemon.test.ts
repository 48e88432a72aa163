// The daemon in its container: it rotates against the sandbox with nothing but what it needs, lives through being
// killed and stopped, and says what is wrong with what it was given.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, inject, test } from 'vitest';
import { fingerprint } from '../../../src/core/client-secret.ts';
import type { Program } from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { command } from './command.ts';
import { container, ownPlace, runImage, volume, waiting } from './docker.ts';

const { SIGTERM } = constants.signals;

/** The log lines of one event. */
const lines = (program: Program, event: string) => program.log().filter((line) => line.event === event);
const seen =
  (event: string, times = 1) =>
  (program: Program) =>
    lines(program, event).length >= times;

describe('the first rotation', () => {
  test('comes by itself; status, history and once work beside it', async () => {
    const place = await ownPlace();
    const { program, run, stop, evaluate, ...daemon } = container([...place.mount, '--memory', '256m']);
    await program.waitFor(seen('rotation.succeeded'));
    expect(lines(program, 'rotation.succeeded')[0]).toMatchObject({
      target: 'shop',
      fingerprint: fingerprint(place.secret() as string),
    });
    expect((await run(['status'])).stdout).toMatch(/shop +(?:healthy|rotated)/);
    expect((await run(['history', '--json'])).stdout).toContain('"outcome":"succeeded"');
    expect(await run(['once', '--json'])).toMatchObject({ code: 0 });

    // Nobody special, in a place where nothing can be written but the journal.
    expect(await evaluate('[process.getuid(), process.getgid()]')).toEqual([10_001, 10_001]);
    const status = await evaluate<string>(`fs.readFileSync('/proc/1/status', 'utf8')`);
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
    expect(status).toMatch(/^Cap(?:Eff|Prm|Inh|Bnd):\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(await evaluate<string>(`fs.readFileSync('/proc/1/limits', 'utf8')`)).toMatch(/^Max core file size +0 +0 /m);
    const attempt = (path: string) =>
      evaluate<string>(
        `(() => { try { fs.writeFileSync('${path}', ''); return 'written' } catch ({ code }) { return code } })()`,
      );
    for (const path of ['/x', '/app/main.js', '/config/rotator.yaml', '/tmp/x'])
      expect([path, await attempt(path)]).toEqual([path, 'EROFS']);
    expect(await attempt('/data/x')).toBe('written');

    expect(await stop()).toBe(0);
    expect(program.log().at(-1)?.event).toBe('daemon.stopped');
    expect(await daemon.state()).toMatchObject({ OOMKilled: false });
  });

  test('needs no shell and no time zone files', async () => {
    const place = await ownPlace({ settings: { schedule: { cron: '0 4 * * *', timezone: 'Asia/Shanghai' } } });
    const withoutShells = ['/usr/bin/dash', '/usr/bin/bash'].flatMap((shell) => ['--volume', `/dev/null:${shell}:ro`]);
    const { program } = container([...place.mount, ...withoutShells, '--tmpfs', '/usr/share/zoneinfo']);
    await program.waitFor(seen('rotation.succeeded'));
    expect(lines(program, 'daemon.started')[0]?.['nextTickAt']).toMatch(/T20:00:00/);
  });
});

test('the demo runs in the image as well, and one signal ends both of its processes', async () => {
  const port = ['--env', `ROTATOR_HTTP_PORT=${await closedPort()}`];
  const { program, stop, evaluate } = container(port, ['sandbox', '--demo', '--port', '0']);
  await program.waitFor(/"event":"rotation.succeeded"/);
  expect(await evaluate(`fs.readFileSync('/proc/1/cmdline', 'utf8').split('\\0').slice(-6, -1)`)).toEqual([
    '/app/main.js',
    'sandbox',
    '--demo',
    '--port',
    '0',
  ]);
  expect(await stop()).toBe(0);
  expect(program.stdout()).toContain('"event":"daemon.stopped"');
});

describe('restarted in mid-rotation', () => {
  test.each([
    ['after the write arrived', 'reset-after', 'rotation.succeeded', 1],
    ['before the write arrived', 'reset-before', 'rotation.failed', 2],
  ] as const)('killed %s: the next life settles it by reading', async (_name, kind, event, writes) => {
    const place = await ownPlace();
    const daemon = container(place.mount);
    const first = daemon.program;
    place.world.requests.before('tcb', 'ModifyProvider', async () => {
      if (place.writes().length > 1) return;
      await daemon.kill('KILL');
      await first.exited;
    });
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind, times: 1 });
    await first.exited;
    expect((await daemon.state()).ExitCode).toBe(137);
    const second = daemon.start();
    await second.waitFor((program) => program.log().some((line) => line['resumed'] === true));
    expect(second.log().find((line) => line['resumed'] === true)?.event).toBe(event);
    await second.waitFor(seen('pass.healthy'));
    expect(place.writes()).toHaveLength(writes);
  });

  test('stopped while it writes: it ends the rotation first, and with 0', async () => {
    const place = await ownPlace();
    const daemon = container(place.mount);
    const stopped = Promise.withResolvers<number>();
    place.world.requests.before('tcb', 'ModifyProvider', async () => {
      daemon.stop().then(stopped.resolve, stopped.reject);
      await daemon.program.waitFor(/stopping: /);
    });
    expect(await stopped.promise).toBe(0);
    expect(lines(daemon.program, 'rotation.succeeded')).toHaveLength(1);
    expect(daemon.program.log().at(-1)?.event).toBe('daemon.stopped');
  });
});

describe('signals', () => {
  test('end process 1 also where a command listens for none itself', async () => {
    // Waits for its standard input, and for nothing else.
    const { evaluate, stop } = await waiting(['inspect']);
    const listens = async () => {
      const status = await evaluate<string>(`fs.readFileSync('/proc/1/status', 'utf8')`);
      const caught = Number.parseInt(/^SigCgt:\t\w*(\w{4})$/m.exec(status)?.[1] ?? '', 16);
      return (caught & (1 << (SIGTERM - 1))) !== 0;
    };
    while (!(await listens()));
    expect(await stop()).toBe(128 + SIGTERM);
  });

  test('HUP applies a changed configuration, USR1 opens no inspector', async () => {
    const place = await ownPlace();
    const { program, kill } = container(place.mount);
    await program.waitFor(seen('rotation.succeeded'));
    await kill('USR1');
    place.configure({ schedule: { cron: '0 0 * * *' } });
    await kill('HUP');
    await program.waitFor(seen('config.reloaded'));
    writeFileSync(place.configFile, 'targets: []\n');
    await kill('HUP');
    await program.waitFor(seen('config.rejected'));
    expect(program.stderr()).not.toContain('Debugger');
  });
});

/** Health checks that show a change at once. */
const OFTEN = ['interval=1s', 'timeout=3s', 'retries=1', 'start-period=0s'].map((option) => `--health-${option}`);

describe('health', () => {
  test('is asked by the program itself, turns when the daemon hangs, and back when it goes on', async () => {
    const place = await ownPlace();
    const { program, kill, health, evaluate } = container([...place.mount, ...OFTEN]);
    await program.waitFor(seen('rotation.succeeded'));
    await health('healthy');
    await kill('STOP');
    await health('unhealthy');
    await kill('CONT');
    await health('healthy');
    // What asked has gone without a trace.
    const states = `fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).flatMap((pid) => {
      try { return /State:\\t(.)/.exec(fs.readFileSync('/proc/' + pid + '/status', 'utf8')) ?? [] } catch { return [] } })`;
    expect(await evaluate<string[]>(states)).not.toContain('Z');
  });
});

describe('what it was given', () => {
  test('without a configuration it says so in one line, is unhealthy, and starts when it gets one', async () => {
    const place = await ownPlace();
    const wanted = readFileSync(place.configFile);
    writeFileSync(place.configFile, `http: { port: ${place.port} }\n`);
    const { program, health, stop } = container([...place.mount, ...OFTEN]);
    await program.waitFor(seen('start.refused'));
    expect(program.stdout()).toMatch(
      /^{"level":"fatal",[^\n]*"problems":\["config\/rotator\.yaml[^\n]*targets[^\n]*}\n$/,
    );
    await health('unhealthy');
    writeFileSync(place.configFile, wanted);
    await program.waitFor(seen('rotation.succeeded'));
    await health('healthy');
    expect(await stop()).toBe(0);
  });

  test.each([
    ['nothing at all', [], /no configuration/],
    ['a file that is not there', ['--env', 'ROTATOR_CONFIG=/config/none.yaml'], /none\.yaml: found no such file/],
  ])('with %s it waits; with --exit-when-refused it ends with 2', async (_what, options, why) => {
    const { program, stop } = container(options);
    await program.waitFor(seen('start.refused'));
    expect(program.stdout()).toMatch(why);
    expect(await stop()).toBe(0);
    const { code, stderr } = await runImage(options, ['run', '--exit-when-refused']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^error: .*${why.source}`))]);
  });

  test('a file that it may not read is the reason', async () => {
    const place = await ownPlace();
    await command('chmod', ['600', place.configFile]);
    const { code, stderr } = await runImage(place.mount, ['run', '--exit-when-refused']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: configuration: config\/rotator\.yaml: found a file that may not be read/),
    ]);
  });

  test('the environment will do for one target', async () => {
    const variables = {
      CLOUDBASE_ENV_ID: 'shop-1g2h3j',
      CLOUDBASE_REGION: 'ap-shanghai',
      APPLE_TEAM_ID: 'A1B2C3D4E5',
      APPLE_CLIENT_ID: 'com.example.shop',
      APPLE_KEY_ID: 'K1L2M3N4O5',
      APPLE_PRIVATE_KEY_FILE: '/run/secrets/key.p8',
      ROTATOR_ALERTS: 'none',
    };
    const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const { code, stdout } = await runImage(env, ['status']);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/shop-1g2h3j +unknown/)]);
  });

  test('a missing key is the failure of its target, until it is there', async () => {
    const place = await ownPlace();
    const key = readFileSync(place.keyFile);
    rmSync(place.keyFile);
    const { program } = container(place.mount);
    await program.waitFor(seen('pass.failed'));
    expect(lines(program, 'pass.failed')[0]).toMatchObject({ code: 'ERR_KEY_NOT_FOUND', target: 'shop' });
    writeFileSync(place.keyFile, key, { mode: 0o644 });
    await program.waitFor(seen('rotation.succeeded'));
  });

  test('a volume that it may not write leaves it running, and is mended by the command it names', async () => {
    const place = await ownPlace();
    const data = await volume();
    const asRoot = ['run', '--rm', '--user', '0', '--volume', `${data}:/data`, '--entrypoint'];
    const docker = (...args: readonly string[]) => command('docker', args, { env: inject('dockerEnv') });
    // An empty volume would be given the owner of the image's folder at each start.
    await docker(...asRoot, 'touch', inject('image'), '/data/kept');
    await docker(...asRoot, 'chown', inject('image'), '0:0', '/data');
    const { program } = container([...place.mount, '--volume', `${data}:/data`]);
    await program.waitFor(seen('journal.degraded'));
    const [told] = lines(program, 'journal.degraded');
    expect(told).toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      degraded: true,
      hint: expect.stringContaining('chown -R 10001 /data'),
    });
    await program.waitFor(seen('rotation.succeeded'));
    await docker(...asRoot, 'chown', inject('image'), '-R', '10001', '/data');
    await program.waitFor(seen('journal.degraded', 2));
    expect(lines(program, 'journal.degraded')[1]).toMatchObject({ degraded: false });
  });
});
