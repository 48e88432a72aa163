// What the image is made of, and what goes to the builder for it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import pkg from '../../../package.json' with { type: 'json' };
import { command } from './command.ts';
import { evaluateIn, runImage } from './docker.ts';
import { ROOT } from './setup.ts';

const docker = (args: readonly string[], input = '') => command('docker', args, { env: inject('dockerEnv'), input });
const inspect = async (image: string) => JSON.parse(await docker(['image', 'inspect', image]))[0];

/** The most that it may add to its base, in bytes. */
const ALLOWANCE = 5_000_000;

test('adds the bundle to its base, and at most 5 MB', async () => {
  const [ours, base] = [await inspect(inject('image')), await inspect(inject('base'))];
  const added = ours.Size - base.Size;
  expect(added).toBeLessThanOrEqual(ALLOWANCE);
  expect(added).toBeGreaterThan(1_000_000);
  const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(2);
  process.stdout.write(
    `image: ${megabytes(ours.Size)} MB, ${megabytes(added)} MB more than its base${inject('isStandIn') ? ' (a stand-in)' : ''}\n`,
  );
});

const LISTING = `fs.readdirSync('/app', { recursive: true, withFileTypes: true })
  .map((entry) => ({ path: entry.parentPath + '/' + entry.name, mode: fs.statSync(entry.parentPath + '/' + entry.name).mode & 0o777, isFile: entry.isFile() }))`;

test('holds no package of npm, nothing native, and nothing that its user may write', async () => {
  const found = await evaluateIn<{ path: string; mode: number; isFile: boolean }[]>(inject('image'), LISTING);
  const files = found.filter(({ isFile }) => isFile).map(({ path }) => path.replace(/chunks\/.*\.js$/, 'chunks/…'));
  expect([...new Set(files)].sort()).toEqual(
    ['LICENSE', 'chunks/…', 'licences.txt', 'main.js', 'package.json', 'runbook.md', 'sbom.cdx.json'].map(
      (name) => `/app/${name}`,
    ),
  );
  expect(found.filter(({ mode }) => (mode & 0o022) !== 0 || (mode & 0o444) !== 0o444)).toEqual([]);
});

test('says what it is, who it runs as, and how it is stopped and looked after', async () => {
  const { Config, Architecture } = await inspect(inject('image'));
  expect(Config).toMatchObject({
    User: '10001:10001',
    WorkingDir: '/',
    StopSignal: 'SIGTERM',
    Entrypoint: ['node', '--disable-sigusr1', '--min-semi-space-size=4', '/app/main.js'],
    Cmd: ['run'],
    Volumes: { '/data': {} },
    Env: expect.arrayContaining([
      'ROTATOR_COMMAND=apple-secret-rotator',
      'MALLOC_ARENA_MAX=1',
      'MALLOC_MMAP_THRESHOLD_=16384',
    ]),
    Healthcheck: { Test: ['CMD', 'apple-secret-rotator', 'health'] },
    Labels: {
      'org.opencontainers.image.title': pkg.name,
      'org.opencontainers.image.description': pkg.description,
      'org.opencontainers.image.licenses': pkg.license,
      'org.opencontainers.image.version': pkg.version,
    },
  });
  expect(['amd64', 'arm64']).toContain(Architecture);
  expect((await runImage([], ['--version'])).stdout).toBe(`${pkg.version}\n`);
});

test('carries a CycloneDX list of the dependencies that are in the bundle, with their versions', async () => {
  const bom = await evaluateIn<{
    bomFormat: string;
    metadata: { component: { name: string; version: string } };
    components: { name: string; version: string }[];
  }>(inject('image'), `JSON.parse(fs.readFileSync('/app/sbom.cdx.json', 'utf8'))`);
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: pkg.name, version: pkg.version } },
  });
  const versions = new Map(bom.components.map(({ name, version }) => [name, version]));
  for (const [name, version] of Object.entries(pkg.dependencies))
    expect([name, versions.get(name)]).toEqual([name, version]);
  for (const name of Object.keys(pkg.devDependencies)) expect([name, versions.get(name)]).toEqual([name, undefined]);
});

test('carries the licences of what is in the bundle', async () => {
  const text = await evaluateIn<string>(inject('image'), `fs.readFileSync('/app/licences.txt', 'utf8')`);
  for (const [name, version] of Object.entries(pkg.dependencies)) expect(text).toContain(`${name} ${version} (`);
  for (const words of ['Permission is hereby granted, free of charge', 'Apache License']) expect(text).toContain(words);
});

/** What lies in checkouts and is nobody's business. */
const DECOYS = [
  '.env',
  '.npmrc',
  '.git/config',
  'AuthKey_A1B2C3D4E5.p8',
  'config/rotator.yaml',
  'config/AuthKey_A1B2C3D4E5.p8',
  'data/journal.db',
  'data/sandbox/credentials',
  'secrets/tencent_secret_key',
  'node_modules/left/pad.js',
  'dist/main.js',
  'docs/private.md',
  'src/.env',
  'src/cli/.env.production',
  'src/core/AuthKey_A1B2C3D4E5.p8',
  'src/journal.db',
  'src/journal.db-wal',
  'src/config/key.pem',
  'src/secrets/token',
  'src/node_modules/left/pad.js',
  'src/secret.jwt',
];

test('lets nothing to the builder but the sources that it is made from', async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'rotator-context-'));
  onTestFinished(() => rmSync(checkout, { recursive: true }));
  const tracked = (
    await command('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  ).split('\n');
  for (const path of tracked) cpSync(join(ROOT, path), join(checkout, path));
  for (const path of DECOYS) {
    mkdirSync(join(checkout, dirname(path)), { recursive: true });
    writeFileSync(join(checkout, path), 'private');
  }
  // Everything that a Dockerfile could copy, as the engine itself hands it over.
  const everything = `FROM ${inject('base')}\nCOPY . /context\n`;
  const built = await docker(['build', '--quiet', '--no-cache', '--file', '-', checkout], everything).catch(async () =>
    docker(['build', '--quiet', '--no-cache', '--file', await fileOf(everything), checkout]),
  );
  onTestFinished(async () => void (await docker(['image', 'rm', '--force', built])));
  const listing = `fs.readdirSync('/context', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => (entry.parentPath + '/' + entry.name).slice('/context/'.length))`;
  const sent = await evaluateIn<string[]>(built, listing);
  const wanted = tracked
    .filter((path) => path.startsWith('src/'))
    .concat([
      '.ci/build.ts',
      '.ci/sbom.ts',
      '.ci/licences.ts',
      'package.json',
      'package-lock.json',
      'LICENSE',
      'docs/runbook.md',
      'docs/zh-CN/runbook.md',
      'config/sandbox.yaml',
    ]);
  // The engine is always sent its own two files; they are in the context, and in no layer of ours.
  const own = ['Dockerfile', '.dockerignore'];
  expect(sent.filter((path) => !own.includes(path)).sort()).toEqual(wanted.sort());
  expect(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).not.toMatch(/^COPY (?:--\S+ )*\. /m);
});

async function fileOf(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-dockerfile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'Dockerfile');
  writeFileSync(path, text);
  return path;
}
