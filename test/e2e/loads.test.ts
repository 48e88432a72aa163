// What the bundle loads for the commands that people and health checks wait for, and in the daemon: counted, not timed.
// Each further file costs a start 0.2 ms, 30 KB of it 1 ms, and a module of Node's up to 15 ms and 6 MB. What the journal
// on PostgreSQL shares with the rest lies in files of its own, a few for each command; nothing of PostgreSQL is loaded.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { IDS } from '../support/pass-rig.ts';
import { MAIN, ownWorkspace, runCommand } from '../support/program.ts';

const PROBE = `
const { registerHooks } = require('node:module');
const { writeFileSync } = require('node:fs');
const urls = [];
registerHooks({ load: (url, context, next) => (url.startsWith('file:') && urls.push(url), next(url, context)) });
process.on('exit', () => writeFileSync(process.env.LOADED, JSON.stringify({ urls, builtins: process.moduleLoadList })));
`;

interface Loaded {
  readonly code: number | null;
  /** The files of the bundle. */
  readonly files: number;
  readonly kilobytes: number;
  /** PostgreSQL's client is among them. */
  readonly database: boolean;
  /** Which of Node's own modules that are large; undici is what `fetch` and its classes are. */
  readonly large: readonly string[];
}

const LARGE = [
  'child_process',
  'crypto',
  'http',
  'http2',
  'internal/deps/undici/undici',
  'sqlite',
  'tls',
  'v8',
  'zlib',
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotator-loads-'));
  writeFileSync(join(folder, 'probe.cjs'), PROBE);
  return () => rmSync(folder, { recursive: true });
});

async function loadedBy(args: readonly string[], cwd = folder, env: Record<string, string> = {}): Promise<Loaded> {
  const LOADED = join(folder, 'loaded.json');
  const probed = ['--require', join(folder, 'probe.cjs'), MAIN, ...args];
  const { code } = await runCommand(process.execPath, probed, { cwd, env: { ...env, LOADED } });
  const { urls, builtins } = JSON.parse(readFileSync(LOADED, 'utf8')) as { urls: string[]; builtins: string[] };
  const files = [...new Set(urls)];
  const bytes = files.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0);
  const large = LARGE.filter((name) => builtins.includes(`NativeModule ${name}`));
  const database = files.some((url) => readFileSync(fileURLToPath(url), 'utf8').includes('pg_advisory_xact_lock'));
  return { code, database, files: files.length, kilobytes: Math.ceil(bytes / 1000), large };
}

test('generate loads no more than it needs', async () => {
  const place = await ownWorkspace();
  const { teamId, clientId, keyId } = IDS;
  const ids = ['--team-id', teamId, '--client-id', clientId, '--key-id', keyId];
  const loaded = await loadedBy(['generate', ...ids, '--key-file', place.keyFile]);
  expect(loaded).toMatchObject({ code: 0, large: ['crypto'] });
  expect(loaded.files).toBeLessThanOrEqual(17);
  expect(loaded.kilobytes).toBeLessThanOrEqual(207);
});

test('health, which is run every 30 s, loads no more than it needs', async () => {
  const server = createServer((_, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  writeFileSync(join(folder, 'rotator.yaml'), `http: { port: ${(server.address() as AddressInfo).port} }\n`);
  const loaded = await loadedBy(['health', '--config', 'rotator.yaml']);
  expect(loaded).toMatchObject({ code: 0, large: ['crypto', 'http', 'tls'] });
  expect(loaded.files).toBeLessThanOrEqual(16);
  expect(loaded.kilobytes).toBeLessThanOrEqual(241);
});

test('help loads nothing of any command', async () => {
  const loaded = await loadedBy(['--help']);
  expect(loaded).toMatchObject({ code: 0, large: [] });
  expect(loaded.files).toBeLessThanOrEqual(9);
  expect(loaded.kilobytes).toBeLessThanOrEqual(165);
});

test('status loads nothing that makes passes, serves HTTP or calls anybody', async () => {
  const place = await ownWorkspace();
  const loaded = await loadedBy(['status', '--config', place.configFile], place.folder);
  expect(loaded).toMatchObject({ database: false, large: ['crypto', 'http', 'sqlite', 'tls', 'v8'] });
  expect(loaded.files).toBeLessThanOrEqual(28);
  expect(loaded.kilobytes).toBeLessThanOrEqual(831);
});

test('a pass loads the client of CloudBase without the tables of its dependencies', async () => {
  const place = await ownWorkspace();
  const loaded = await loadedBy(['once', '--config', place.configFile], place.folder);
  expect(loaded).toMatchObject({ code: 0, database: false });
  expect(loaded.large).not.toContain('internal/deps/undici/undici');
  // With `check`, which comes in the same file.
  expect(loaded.kilobytes).toBeLessThanOrEqual(1047);
});
