// docs/setup.md in each language, word by word: every command of it in its order, as somebody types it who has Docker alone;
// and then the README's sections about a changed key, tokens and an upgrade. The sandbox stands for Apple, CloudBase and CAM, and the
// test for what a person does in their consoles and in an editor.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { type Policy, policySchema } from '../../../src/sandbox/cam.ts';
import { startSandbox } from '../../../src/sandbox/server.ts';
import { newKey, pemOf } from '../../support/keys.ts';
import { type Result, runCommand, startCommand } from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { succeeds } from './command.ts';
import { ROOT } from './setup.ts';

interface Guide {
  readonly setup: string;
  readonly readme: string;
}

const ENGLISH: Guide = { setup: 'docs/setup.md', readme: 'README.md' };
const CHINESE: Guide = { setup: 'docs/zh-CN/setup.md', readme: 'README.zh-CN.md' };

/** The sections of a document, in its order. */
function sectionsOf(name: string): string[] {
  return readFileSync(join(ROOT, name), 'utf8').split(/^#+ /m);
}

/** The blocks in a language, by the English heading of the section that they stand in. */
function blocksOf(guide: Guide, language: 'sh' | 'yaml'): Map<string, string[]> {
  const named = (part: keyof Guide) => {
    const headings = sectionsOf(ENGLISH[part]).map((section) => section.split('\n')[0] ?? '');
    return sectionsOf(guide[part]).map((section, index): [string, string[]] => [
      headings[index] ?? '',
      [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, text = '']) => (of === language ? [text] : [])),
    ]);
  };
  return new Map([...named('setup'), ...named('readme')]);
}

const IDS = { teamId: 'A1B2C3D4E5', keyId: 'K1L2M3N4O5' };
const BUNDLE_ID = 'com.example.shop';
const SERVICES_ID = 'com.example.shop.web';
const ENV_ID = 'shop-prod-1g2h3j';

const WHAT = 'the set-up of %s, from an empty account to a daemon that is healthy, and what is done with that later';

test.each([
  ['docs/setup.md', ENGLISH],
  ['docs/zh-CN/setup.md', CHINESE],
] as const)(WHAT, { timeout: 600_000 }, async (_name, guide) => {
  const { world, url, close } = await startSandbox({ port: 0 });
  onTestFinished(close);
  const port = await closedPort();
  const place = await newcomer();
  const sections = blocksOf(guide, 'sh');
  for (const other of ['See it work', 'Deploy', 'Development']) sections.delete(other);

  /** Types a block, in which `instead` says what is otherwise here; what it names must stand there. */
  async function typed(
    section: string,
    index: number,
    instead: Readonly<Record<string, string>> = {},
  ): Promise<Result> {
    let block = sections.get(section)?.[index];
    if (block === undefined) throw new Error(`no block ${index} in ${section}`);
    for (const [theirs, ours] of Object.entries(instead)) {
      expect(block).toContain(theirs);
      block = block.replaceAll(theirs, ours);
    }
    sections.get(section)?.splice(index, 1, '');
    return place.type(block);
  }
  const apple = { 'https://appleid.apple.com/auth/token': `${url}/auth/token` };
  const lines = ({ stdout }: Result) =>
    [...stdout.matchAll(/^ {2}\S (ok|warning|failed) +(\S+(?: \S+)*?) {2,}/gm)].map(
      ([, mark, part]) => `${part} ${mark}`,
    );

  // The image is the one that was built before all tests.
  expect(await typed('What you need', 0, { 'docker compose build': ':' })).toMatchObject({ code: 0 });
  expect((await typed('What you need', 1)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

  expect((await typed('1. Team ID', 0)).stdout).toBe(`${IDS.teamId}\n`);
  expect((await typed('2. App ID', 0)).stdout).toBe(`${BUNDLE_ID}\n`);
  const { publicJwk, pem } = await place.download(`AuthKey_${IDS.keyId}.p8`);
  world.appleKeys.register({ ...IDS, clientIds: [BUNDLE_ID], publicJwk });
  expect((await typed('3. Key', 0)).code).toBe(0);
  expect((await typed('3. Key', 1)).stdout).toMatch(/\nApple has nothing to object to\.\n$/);
  expect(await typed('3. Key', 2, apple)).toMatchObject({ stdout: expect.stringContaining('"invalid_grant"') });
  const callback = { 'https://…/auth/v1/callback': `${url}/auth/v1/callback` };
  expect((await typed('4. Callback URL', 0, callback)).stdout).toMatch(/^[1-5]\d\d\n$/);
  const unregistered = sections.get('5. Services ID')?.[0] ?? '';
  expect((await place.type(unregistered.replaceAll(...(Object.entries(apple)[0] ?? ['', ''])))).stdout).toContain(
    '"invalid_client"',
  );
  world.appleKeys.register({ ...IDS, clientIds: [BUNDLE_ID, SERVICES_ID], publicJwk });
  expect((await typed('5. Services ID', 0, apple)).stdout).toContain('"invalid_grant"');
  const address = new URL((await typed('5. Services ID', 1, callback)).stdout);
  expect(Object.fromEntries(address.searchParams)).toMatchObject({
    client_id: SERVICES_ID,
    redirect_uri: `${url}/auth/v1/callback`,
  });

  const answers = `--key-file secrets/AuthKey_${IDS.keyId}.p8 --key-id ${IDS.keyId} --team-id ${IDS.teamId} --client-id ${SERVICES_ID} --env ${ENV_ID} --name shop-prod --alerts wecom --runs-with docker`;
  const made = await typed('The configuration', 0, { 'run --rm -it': 'run --rm', ' init\n': ` init ${answers}\n` });
  expect([made.code, made.stderr]).toEqual([0, '']);
  place.callSandbox(url, port);
  expect((await typed('The configuration', 1, { 'https://…': `${url}/inbox/wecom` })).code).toBe(0);
  const first = await typed('The configuration', 2);
  expect(first.code).toBe(1);
  expect(lines(first)).toEqual(
    expect.arrayContaining(['configuration ok', 'channel ok', 'key ok', 'apple ok', 'credentials failed']),
  );
  expect(await typed('The configuration', 3)).toMatchObject({ code: 0 });
  expect(world.inbox).toHaveLength(1);

  const allow = (policy: Policy) => world.credentials.set('AKIDrotator', { secretKey: 'its-key', policy });
  world.providers.addEnvironment(ENV_ID);
  allow({ statement: [] });
  const credential = { 'YOUR-SECRET-ID': 'AKIDrotator', 'YOUR-SECRET-KEY': 'its-key' };
  expect((await typed('1. Sub-account', 0, credential)).code).toBe(0);
  const denied = await typed('1. Sub-account', 1);
  expect(lines(denied)).toEqual(expect.arrayContaining(['credentials ok', 'read failed']));
  allow(policySchema.parse(JSON.parse(/^\s*(\{"version".*\})$/m.exec(denied.stdout)?.[1] ?? '')));
  expect(lines(await typed('2. Policy', 0))).toEqual(expect.arrayContaining(['read ok', 'provider failed']));

  expect(lines(await typed('CloudBase console', 0))).toContain('provider failed');
  world.credentials.set('AKIDadministrator', { secretKey: 'every-key' });
  const administrator = {
    'AN-ADMINISTRATORS-SECRET-ID': 'AKIDadministrator',
    'AN-ADMINISTRATORS-SECRET-KEY': 'every-key',
    ' provision ': ' provision --yes ',
  };
  expect(await typed('CloudBase console', 1, administrator)).toMatchObject({ code: 0 });
  expect(await typed('CloudBase console', 2)).toMatchObject({ code: 0 });
  const proof = ['client id ok', 'secret ok', 'logins ok', 'settings ok', 'linking ok', 'provider ok'];
  expect(lines(await place.type('apple-secret-rotator check --target shop-prod\n'))).toEqual(
    expect.arrayContaining(proof),
  );

  expect((await typed('The rotator', 0)).stdout).toMatch(/^shop-prod +rotated +works /m);
  const rotated = await typed('The rotator', 1);
  expect(rotated.stdout).toMatch(/^shop-prod +healthy +works /m);
  expect(lines(rotated)).toContain('write ok');
  expect(await typed('The rotator', 2)).toMatchObject({ code: 0 });
  await place.healthy();
  place.workInside();
  const last = await typed('The rotator', 3);
  expect([last.code, last.stdout]).toEqual([0, expect.stringContaining('(healthy)')]);

  const next = 'NEWKEYID00';
  const { publicJwk: nextJwk } = await place.download(`AuthKey_${next}.p8`);
  world.appleKeys.register({ ...IDS, keyId: next, clientIds: [SERVICES_ID], publicJwk: nextJwk });
  place.edit('config/rotator.yaml', (text) => text.replaceAll(IDS.keyId, next));
  const changed = await typed('Change a key', 0);
  expect([changed.code, changed.stdout]).toEqual([
    0,
    expect.stringContaining(`\nKey ${next} signs the deployed secret of`),
  ]);

  expect(await typed('Use the HTTP interface', 0)).toMatchObject({ code: 0 });
  const [override = '', tokens = ''] = blocksOf(guide, 'yaml').get('Use the HTTP interface') ?? [];
  place.edit('docker-compose.override.yml', () => override);
  place.edit('config/rotator.yaml', (text) =>
    text.replace(/^http: .*$/m, tokens.trim().replace('host: 0.0.0.0', `host: 127.0.0.1, port: ${port}`)),
  );
  const read = await typed('Use the HTTP interface', 1, {
    '127.0.0.1:8080': `127.0.0.1:${port}`,
    'curl -H': 'curl -sS --retry 9 --retry-connrefused -H',
  });
  expect(JSON.parse(read.stdout).targets).toMatchObject([{ name: 'shop-prod', keyId: next }]);

  const upgraded = await typed('Upgrade', 0, { 'git pull': ':', 'docker compose build': ':' });
  expect([upgraded.code, upgraded.stdout]).toEqual([0, expect.stringMatching(/^shop-prod +healthy /m)]);

  // Nothing was left out.
  expect([...sections.values()].flat().filter((block) => block !== '')).toEqual([]);
  expect([first, denied, rotated, last].map(({ stdout }) => stdout).join('')).not.toContain(pem.split('\n')[1]);
  // A minute on an idle machine, and three beside other work.
});

/** A folder as a fresh checkout is, and a shell in it. */
async function newcomer() {
  const home = mkdtempSync(join(tmpdir(), 'rotator-guide-'));
  const folder = join(home, 'checkout');
  const project = `rotator-test-${process.pid}-${home.slice(-6).toLowerCase()}`;
  for (const brought of ['docker-compose.yml', 'config'])
    cpSync(join(ROOT, brought), join(folder, brought), { recursive: true });
  rmSync(join(folder, 'config/rotator.yaml'), { force: true });
  for (const open of [home, folder]) chmodSync(open, 0o755);
  // The rotator shares the network of the sandbox, which is that of this machine.
  const compose = join(folder, 'docker-compose.yml');
  writeFileSync(
    compose,
    readFileSync(compose, 'utf8').replace(/^ {4}ports: \["127\.0\.0\.1:\$\{ROTATOR_PORT.*$/m, '    network_mode: host'),
  );
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const isV2 = await succeeds('docker', ['compose', 'version']);
  const own = `--project-name ${project} --project-directory '${folder}'`;
  const composed = `exec ${isV2 ? 'docker compose' : 'docker-compose'} ${own} "$@"`;
  const tool = (name: string, text: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  tool('docker', `PATH="\${PATH#*:}"\nif [ "$1" = compose ]; then shift; ${composed}; fi\nexec docker "$@"`);
  // These tests are root already, and a minimal machine has no sudo.
  tool('sudo', 'exec "$@"');
  const env = { ...inject('dockerEnv'), HOME: home, PATH: `${bin}:${process.env['PATH']}` };
  let aliases = '';
  const type = async (block: string): Promise<Result> => {
    // One shell, as far as a person notices.
    aliases += block.match(/^alias .*\n/gm)?.join('') ?? '';
    const text = `set -e -o pipefail; shopt -s expand_aliases\n${aliases}${block}`;
    return runCommand('bash', ['-c', text], { cwd: folder, env });
  };
  onTestFinished(async () => {
    await runCommand('docker', ['compose', 'down', '--volumes'], { cwd: folder, env });
    rmSync(home, { recursive: true });
  });
  const edit = (name: string, change: (text: string) => string) => {
    const file = join(folder, name);
    writeFileSync(file, change(existsSync(file) ? readFileSync(file, 'utf8') : ''));
  };
  return {
    type,
    edit,
    /** Puts a key where a browser does. */
    async download(name: string) {
      const key = await newKey();
      const pem = pemOf(key);
      mkdirSync(join(home, 'Downloads'), { recursive: true });
      writeFileSync(join(home, 'Downloads', name), pem);
      return { publicJwk: key.publicKey.export({ format: 'jwk' }), pem };
    },
    /** What the sandbox stands for is called there, and the port of the page is one that is free here. */
    callSandbox(url: string, port: number) {
      edit('config/rotator.yaml', (text) =>
        text
          .replace('http: { host: 0.0.0.0 }', `http: { host: 127.0.0.1, port: ${port} }`)
          .replace('\ncloudbase:\n', `\napple: { tokenUrl: "${url}/auth/token" }\ncloudbase:\n  endpoint: "${url}"\n`),
      );
    },
    healthy: async () => {
      const filters = ['event=health_status', `label=com.docker.compose.project=${project}`];
      const args = ['events', '--since', '1h', ...filters.flatMap((filter) => ['--filter', filter])];
      const events = startCommand('docker', args, { cwd: folder, env });
      await events.waitFor(/health_status: healthy/).finally(() => events.stop());
    },
    /** Compose v1 starts no second container beside one that shares the network of its machine. */
    workInside() {
      aliases += "alias apple-secret-rotator='docker compose exec -T rotator apple-secret-rotator'\n";
    },
  };
}
