// No secret gets out, whatever goes wrong: not to stdout or stderr, not into the log at its finest level, not into the
// journal, its copy or its lock. test/campaigns goes on with random sequences of bad answers.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  BAD_ANSWERS,
  disguises,
  expectNoLeak,
  type Inputs,
  leaks,
  meet,
  runOthers,
  secretsOf,
  spill,
  watched,
  written,
} from '../support/canaries.ts';
import { ownWorkspace, runProgram } from '../support/program.ts';

async function ownWatched(inputs: Inputs = {}) {
  const place = await watched(inputs);
  onTestFinished(() => place.dispose());
  return place;
}

describe('nothing secret gets out', () => {
  test('of a rotation that succeeds, followed at the finest level by the daemon and beside it', async () => {
    const place = await ownWatched();
    const daemon = await place.daemon(/rotation\.succeeded/);
    expect(daemon.log().map(({ level }) => level)).toContain('debug');
    await place.run(['once', '--force']);
    // Over HTTP the daemon was asked for a further one.
    expect(place.writes().length).toBeGreaterThanOrEqual(2);
    await runOthers(place);
    await expectNoLeak(place);
    expect([...secretsOf(place).keys()].filter((name) => name.startsWith('claims')).length).toBeGreaterThan(3);
  });

  test('of answers that are not what they should be', async () => {
    const place = await ownWatched();
    for (const answer of BAD_ANSWERS) await meet(place, answer);
    place.world.faults.add({
      service: 'tcb',
      action: 'GetProviders',
      kind: 'error',
      code: 'UnauthorizedOperation',
      message: spill(place),
    });
    await place.daemon(/pass\.failed/);
    await expectNoLeak(place);
  }, 180_000);

  test.each(['GetProviders', 'ModifyProvider'])(
    'of a denial of %s that repeats in disguise what it was sent',
    async (action) => {
      const place = await ownWatched({ credentials: 'a role' });
      let denials = 0;
      // Of a denied read, the deployed secret is one that the program has never held.
      place.world.requests.before('tcb', action, () => {
        const tokens = [...place.tape.text().matchAll(/x-tc-token\n(\S+)/gi)];
        const token = tokens.at(-1)?.[1] ?? expect.fail('no token was sent');
        const Message = `not authorized: ${spill(place)} ${disguises(String(place.secret()))} ${disguises(token)}`;
        const RequestId = [token.slice(0, 60), Buffer.from(token).toString('base64').slice(0, 60)][denials % 2];
        const body = { Response: { Error: { Code: 'UnauthorizedOperation', Message }, RequestId } };
        place.world.faults.add({ service: 'tcb', action, kind: 'body', times: 1, body: JSON.stringify(body) });
        denials += 1;
      });
      const ended = await place.run(['once', '--force', '--json']);
      expect([ended.code, ended.stdout]).toEqual([1, expect.stringContaining('"ERR_CLOUDBASE_DENIED"')]);
      const daemon = await place.daemon(/(?:pass|rotation)\.failed/);
      expect(daemon.stdout()).toContain('the other side said: ');
      expect(denials).toBeGreaterThan(1);
      await expectNoLeak(place);
    },
  );

  test('of temporary credentials, whether they are given or refused', async () => {
    const place = await ownWatched();
    const assumeRole = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator', endpoint: place.tape.url };
    const credentials = { from: 'profile', path: './credentials', assumeRole };
    place.configure({ cloudbase: { endpoint: place.tape.url, timeout: '1s', credentials } });
    await place.run(['once']);
    expect(place.tape.text()).toContain('"TmpSecretKey"');
    place.world.faults.add({ service: 'sts', kind: 'error', code: 'InternalError', message: spill(place) });
    await place.run(['once', '--force', '--json']);
    place.world.faults.clear();
    place.world.faults.add({ service: 'sts', kind: 'body', body: spill(place) });
    await place.run(['once', '--force', '--json']);
    await expectNoLeak(place);
    expect([...secretsOf(place).keys()]).toContainEqual(expect.stringMatching(/^temporary Token/));
  });

  test('of a deployed secret that is no JWT, and of a key that cannot be read as one', async () => {
    const place = await ownWatched();
    const foreign = 'someone-elses-plain-client-secret';
    place.place(foreign);
    await place.run(['once', '--json']);
    expect(place.writes()).toHaveLength(1);
    place.place(foreign);
    const pem = readFileSync(place.keyFile, 'utf8');
    writeFileSync(place.keyFile, pem.replace('-----END PRIVATE KEY-----', '').replace('BEGIN', 'BEGlN'));
    await place.run(['once', '--force', '--json']);
    writeFileSync(place.keyFile, `{"privateKey": "${pem.replaceAll('\n', '\\n')}", "keyId": "KEY"}`);
    await place.run(['once', '--force', '--json']);
    writeFileSync(place.keyFile, pem);
    await expectNoLeak(place);
    expect(leaks(new Map([['foreign secret', foreign]]), written(place))).toEqual([]);
  });
});

describe('an error of the configuration or the command line shows no secret', () => {
  const SECRET = `eyJhbGciOiJFUzI1NiJ9.${Buffer.from('{"iss":"TEAM123456"}').toString('base64url')}.${'s1gnature'.repeat(9)}`;
  const PLAIN = 'plain-secret-of-an-environment-variable';
  const hidden = new Map([
    ['signature', 's1gnature'.repeat(2)],
    ['claims', SECRET.split('.')[1] ?? ''],
    ['plain', PLAIN.slice(0, 20)],
  ]);

  test('that an environment variable brought in, wherever it stands', async () => {
    const place = await ownWorkspace();
    const yaml = `
journal: "\${SECRET}"
log: { level: "\${PLAIN}" }
http: { port: "\${SECRET}", token: short }
schedule: { cron: "\${SECRET}", timezone: "\${PLAIN}" }
policy: { lifetime: "\${PLAIN}" }
apple: { tokenUrl: "http://\${PLAIN}.example/\${SECRET}" }
cloudbase: { endpoint: "https://\${PLAIN}/", region: "\${SECRET}" }
targets:
  - { name: "\${SECRET}", envId: "\${PLAIN}", keyId: "\${SECRET}", provider: { enabled: "\${PLAIN}" }, key: { from: "\${SECRET}" } }
  - { name: ok, envId: "${SECRET}", key: { from: file, path: x } }
alerts:
  channels:
    - { name: a, type: "\${SECRET}" }
    - { name: b, type: wecom, url: "\${PLAIN}" }
    - { name: c, type: dingtalk, url: "http://${PLAIN}@far.example/" }
`;
    writeFileSync(place.configFile, yaml);
    for (const command of [['once'], ['run', '--exit-when-refused'], ['status']]) {
      const { code, stdout, stderr } = await place.run(command, { env: { SECRET, PLAIN } });
      expect(code).toBe(2);
      expect(stderr).toMatch(/\d\d problems/);
      expect(leaks(hidden, new Map(Object.entries({ stdout, stderr })))).toEqual([]);
    }
  });

  test('in the form without a file', async () => {
    const env = { CLOUDBASE_ENV_ID: SECRET, APPLE_KEY_ID: PLAIN, ALERT_TYPE: SECRET, ALERT_URL: PLAIN };
    const place = await ownWorkspace();
    const { code, stdout, stderr } = await runProgram(['once'], { cwd: place.folder, env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('APPLE_KEY_ID');
    expect(leaks(hidden, new Map([['stderr', stderr]]))).toEqual([]);
  });

  test('on the command line, where it was pasted in the wrong place', async () => {
    for (const args of [[SECRET], ['once', SECRET], ['history', '--limit', SECRET], ['sandbox', '-p', SECRET]]) {
      const { code, stdout, stderr } = await runProgram(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/\[redacted JWT\]|text of \d+ characters|=…/);
      expect(leaks(hidden, new Map([['stderr', stderr]]))).toEqual([]);
    }
  });
});
