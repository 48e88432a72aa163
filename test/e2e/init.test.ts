// `init` without a terminal: every answer by an option. What it writes, what it refuses, and that it then writes nothing.
// test/system/terminal has the questions.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { newP8 } from '../support/keys.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace, type Result, runProgram } from '../support/program.ts';

const KEY_FILE = `AuthKey_${IDS.keyId}.p8`;

/** A folder with a key and nothing else. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-init-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, KEY_FILE), newP8(), { mode: 0o600 });
  return folder;
}

const GOOD = {
  'key-file': KEY_FILE,
  'key-id': IDS.keyId,
  'team-id': IDS.teamId,
  'client-id': IDS.clientId,
  env: envIdOf('shop'),
  alerts: 'wecom',
  'runs-with': 'docker',
};
type Options = Partial<Record<keyof typeof GOOD | 'config' | 'secrets' | 'name' | 'site', string | undefined>>;

function init(folder: string, options: Options = {}): Promise<Result> {
  const given = Object.entries({ ...GOOD, ...options }).filter(([, value]) => value !== undefined);
  return runProgram(['init', ...given.flatMap(([name, value]) => [`--${name}`, String(value)])], { cwd: folder });
}

const modeOf = (...path: string[]) => (statSync(join(...path)).mode & 0o777).toString(8);
/** Every file and folder, by its path. */
const all = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

test('writes a commented configuration, and empty files that nobody else may read', async () => {
  const folder = ownFolder();
  const { code, stdout, stderr } = await init(folder);
  expect([code, stderr]).toEqual([0, '']);
  expect(all(folder)).toEqual([
    KEY_FILE,
    'config',
    'config/rotator.yaml',
    'secrets',
    'secrets/alert_url',
    'secrets/tencent_secret_id',
    'secrets/tencent_secret_key',
  ]);
  expect(modeOf(folder, 'secrets')).toBe('700');
  for (const name of readdirSync(join(folder, 'secrets'))) {
    expect([modeOf(folder, 'secrets', name), readFileSync(join(folder, 'secrets', name), 'utf8')]).toEqual(['600', '']);
  }
  const text = readFileSync(join(folder, 'config/rotator.yaml'), 'utf8');
  expect(text).toMatch(/^# Configuration of apple-secret-rotator/);
  expect(text).toContain(`key: { from: file, path: "/run/secrets/${KEY_FILE}" }`);
  expect(text).toContain('http: { host: 0.0.0.0 } #');
  expect(stdout).toContain(`    cp ${KEY_FILE} secrets/\n`);
  expect(stdout).toMatch(/\n {4}docker compose run --rm rotator check\n$/);
});

test.each(['wecom', 'none'])(
  'with the channel %s its file is accepted by check, once the secrets are in',
  async (alerts) => {
    const place = await ownWorkspace({ daysLeft: 170 });
    const { folder, sandbox } = place;
    const file = join(folder, 'first', 'rotator.yaml');
    const options = { 'key-file': place.keyFile, alerts, 'runs-with': 'machine', config: file };
    const { code, stdout } = await init(folder, options);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`    apple-secret-rotator check --config ${file}`);
    const exported = /export (.*)/.exec(stdout)?.[1] ?? '';
    const env = Object.fromEntries(exported.split(' ').map((each) => each.split('=') as [string, string]));
    writeFileSync(join(folder, 'secrets/tencent_secret_id'), SANDBOX_CREDENTIALS.secretId);
    writeFileSync(join(folder, 'secrets/tencent_secret_key'), SANDBOX_CREDENTIALS.secretKey);
    if (alerts !== 'none') writeFileSync(join(folder, 'secrets/alert_url'), `${sandbox.url}/inbox/ops`);
    const text = readFileSync(file, 'utf8');
    const onSandbox = text.replace('cloudbase:\n', `cloudbase:\n  endpoint: ${sandbox.url}\n`);
    writeFileSync(file, `${onSandbox}\napple: { tokenUrl: "${sandbox.url}/auth/token" }\nhttp: { port: 0 }\n`);
    const checked = await runProgram(['check', '--config', file], { cwd: folder, env });
    expect([checked.code, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(/\n0 failed, /);
  },
);

test('names the options that are missing where nobody can be asked', async () => {
  const folder = ownFolder();
  const none = await runProgram(['init'], { cwd: folder });
  expect([none.code, none.stdout]).toEqual([2, '']);
  expect(none.stderr).toContain(
    '--key-file, --key-id, --team-id, --client-id, --env, --alerts, --runs-with are missing (ERR_USAGE)',
  );
  const one = await init(folder, { 'team-id': undefined });
  expect([one.code, one.stderr]).toEqual([2, expect.stringContaining('--team-id is missing')]);
  expect(all(folder)).toEqual([KEY_FILE]);
});

test.each<readonly [what: string, options: Options, says: RegExp]>([
  ['a Team ID that is too short', { 'team-id': 'A1B2C3' }, /Team ID is A1B2C3, wanted 10 upper-case/],
  ['a Team ID that a guide left', { 'team-id': 'YOUR_TEAM_ID' }, /Team ID YOUR_TEAM_ID is a placeholder/],
  ['a Team ID that is the Key ID', { 'team-id': IDS.keyId }, /Team ID and Key ID are the same/],
  ['a Key ID in lower case', { 'key-id': 'abcdefghij' }, /Key ID is abcdefghij, wanted 10 upper-case/],
  ['a Key ID that the key file contradicts', { 'key-id': 'ZZZZZ00000' }, new RegExp(`says Key ID ${IDS.keyId}`)],
  ['a Services ID with a team', { 'client-id': `${IDS.teamId}.com.example.shop` }, /begins with a team/],
  ['a Services ID that is no domain', { 'client-id': 'shop' }, /wanted a reverse domain/],
  ["the guide's Services ID", { 'client-id': 'com.yourcompany.service' }, /com\.yourcompany\.service is a placeholder/],
  ['an environment of another form', { env: 'shop prod' }, /environment is shop prod, wanted an id/],
  ['an environment that a guide left', { env: 'your-env-id' }, /environment is your-env-id/],
  ['a name of another form', { name: 'Shop' }, /the name is Shop, wanted/],
  ['a key file that is not there', { 'key-file': 'none.p8' }, /no key file none\.p8/],
  ['a key file that holds no key', { 'key-file': 'text.p8' }, /text\.p8/],
  ['another site', { site: 'lunar' }, /Allowed choices are domestic, international/],
  ['another channel', { alerts: 'pigeon' }, /Allowed choices are wecom/],
])('refuses %s, and writes nothing', async (_, options, says) => {
  const folder = ownFolder();
  writeFileSync(join(folder, 'text.p8'), 'no key at all');
  const before = all(folder);
  const { code, stdout, stderr } = await init(folder, options);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(says);
  // No echo of it.
  expect(stderr).not.toContain('missing');
  expect(all(folder)).toEqual(before);
});

test('names every problem at once', async () => {
  const { code, stderr } = await init(ownFolder(), {
    'team-id': 'x',
    'client-id': 'shop',
    env: '?',
    alerts: undefined,
  });
  expect([code, stderr.match(/^error: /gm)?.length]).toEqual([2, 4]);
});

test('the ids in a key that is JSON must agree', async () => {
  const folder = ownFolder();
  const key = { ...IDS, teamId: 'OTHERTEAM1', privateKey: newP8() };
  writeFileSync(join(folder, 'key.json'), JSON.stringify(key), { mode: 0o600 });
  const { code, stderr } = await init(folder, { 'key-file': 'key.json' });
  expect([code, stderr]).toEqual([2, expect.stringContaining('OTHERTEAM1')]);
});

test('overwrites nothing, and names what is there', async () => {
  const folder = ownFolder();
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'config/rotator.yaml'), 'mine');
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/alert_url'), 'mine too');
  const before = all(folder);
  const { code, stderr } = await init(folder);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('config/rotator.yaml and secrets/alert_url exist already, and nothing is overwritten'),
  ]);
  expect(all(folder)).toEqual(before);
  expect(readFileSync(join(folder, 'config/rotator.yaml'), 'utf8')).toBe('mine');
  // Nobody is notified, so that no URL is needed.
  const other = await init(folder, { alerts: 'none', config: 'other.yaml' });
  expect([other.code, readFileSync(join(folder, 'secrets/alert_url'), 'utf8')]).toEqual([0, 'mine too']);
});

test('writes all or nothing: what was made before a failure goes again', async () => {
  const folder = ownFolder();
  const before = all(folder);
  const { code, stderr } = await init(folder, { config: `deep/er/${'x'.repeat(300)}.yaml`, secrets: 'in/secrets' });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/cannot be written \(ENAMETOOLONG\), so nothing was/)]);
  expect(all(folder)).toEqual(before);
});

test('says so where the folder cannot be looked into', async () => {
  const folder = ownFolder();
  symlinkSync('secrets', join(folder, 'secrets'));
  const { code, stderr } = await init(folder);
  expect([code, stderr]).toEqual([2, expect.stringContaining('secrets/tencent_secret_id cannot be written (ELOOP)')]);
  expect(all(folder)).toEqual([KEY_FILE, 'secrets']);
});

test('a path with what YAML or the configuration would read otherwise is written as it is', async () => {
  const folder = ownFolder();
  const odd = `it's "odd" \${HOME} # ${KEY_FILE}`;
  writeFileSync(join(folder, odd), newP8());
  chmodSync(join(folder, odd), 0o600);
  const { code } = await init(folder, { 'key-file': odd, alerts: 'none', 'runs-with': 'machine' });
  expect(code).toBe(0);
  const files = ['id', 'key'].map((name) => [`TENCENTCLOUD_SECRET_${name.toUpperCase()}`, 'AKIDnobody'] as const);
  const { stderr, stdout } = await runProgram(['status', '--json'], { cwd: folder, env: Object.fromEntries(files) });
  expect([stderr, JSON.parse(stdout)]).toMatchObject([expect.not.stringContaining('ERR_CONFIG'), { targets: [{}] }]);
});
