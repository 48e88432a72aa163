// Figures of commands that run to their end: `generate`, a rotation by `once`, `status`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, type Took } from './command.ts';
import { IDS, KEY_FILE } from './fleet.ts';
import { farAway, type Place } from './place.ts';
import type { Build } from './revision.ts';
import { columnOf, ONE } from './tables.ts';
import { median } from './window.ts';

/** What `generate` does at the least: JavaScript in one file, an ES module as the program is. */
const BARE_SCRIPT = `import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
const [file, iss, sub, kid] = process.argv.slice(2);
const iat = Math.floor(Date.now() / 1000);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { iss, iat, exp: iat + 180 * 86400, aud: 'https://appleid.apple.com', sub };
const text = part({ alg: 'ES256', kid }) + '.' + part(claims);
const key = { key: createPrivateKey(readFileSync(file)), dsaEncoding: 'ieee-p1363' };
console.log(text + '.' + sign('sha256', Buffer.from(text), key).toString('base64url'));
`;

/** `generate` beside an empty Node and a bare script. */
export async function generate(place: Place, runs: number): Promise<void> {
  const { folder, key, builds, note } = place.options;
  const [keyFile, script] = [join(folder, KEY_FILE), join(folder, 'bare.mjs')];
  writeFileSync(keyFile, key.pem, { mode: 0o600 });
  writeFileSync(script, BARE_SCRIPT);
  const { teamId, clientId, keyId } = IDS;
  const ids = ['--team-id', teamId, '--client-id', clientId, '--key-id', keyId];
  const programs = new Map<string, readonly string[]>([
    ['node', ['-e', '0']],
    ['bare', [script, keyFile, teamId, clientId, keyId]],
    ...builds.map(({ prefix, main }) => [prefix, [main, 'generate', ...ids, '--key-file', keyFile]] as const),
  ]);
  const took = new Map<string, Took[]>();
  for (let i = 0; i < runs; i += 1)
    for (const [name, args] of programs) took.set(name, [...(took.get(name) ?? []), await run(args)]);
  const of = (name: string) => {
    const all = took.get(name) ?? [];
    const cpu = all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length;
    return { cpu, time: Math.min(...all.map(({ wallMs }) => wallMs)) };
  };
  const [node, bare] = [of('node'), of('bare')];
  for (const build of builds) {
    const own = of(build.prefix);
    note('node', ONE, build, node.cpu);
    note('bare', ONE, build, bare.cpu);
    note('generate', ONE, build, own.cpu);
    note('generate-cpu', ONE, build, own.cpu / bare.cpu);
    note('generate-time', ONE, build, own.time / bare.time);
  }
}

const BARE_ROTATION = fileURLToPath(new URL('bare-rotation.ts', import.meta.url));

/** Rotations of `targets` beside their calls alone. */
export async function rotation(place: Place, targets: number, rounds: number): Promise<void> {
  const { builds, server, key, note } = place.options;
  const bareOnce = async (many: number) => (await run([BARE_ROTATION, server.url, String(many), 'bare'])).cpuMs;
  const bare: number[] = [];
  const own = new Map<Build, number[]>();
  const rows = ['rotation', 'rotation-over', 'rotation-calls'] as const;
  for (let round = 0; round < rounds; round += 1) {
    bare.push(((await bareOnce(targets)) - (await bareOnce(1))) / (targets - 1));
    await place.forEach(rows, ONE, async (build) => {
      const folder = place.fresh(build, 'rotation', { targets, lanes: Math.ceil(targets / 10), cron: farAway() });
      const rotate = async (...names: readonly string[]) =>
        (await place.command(build, folder, 'once', '--force', '--no-apple-check', ...names)).cpuMs;
      await server.give({ order: 'count' });
      const all = await rotate();
      const { actions } = await server.arrivals();
      own.set(build, [...(own.get(build) ?? []), (all - (await rotate('--target', 't0'))) / (targets - 1)]);
      const each = Object.entries(actions).map(
        ([action, calls]) => `${action} ${Number((calls / targets).toFixed(2))}`,
      );
      note('rotation-calls', ONE, build, each.join(', '));
    });
  }
  for (const build of builds) {
    note('bare-calls', ONE, build, median(bare));
    const values = own.get(build);
    if (values === undefined) continue;
    note('rotation', ONE, build, median(values));
    note('rotation-over', ONE, build, median(values) / median(bare));
  }
  // What was written is forgotten.
  await server.give({ order: 'seed', provider: key.provider, publicJwk: key.publicJwk });
}

/** `status` with the journal of each fleet. */
export async function status(place: Place): Promise<void> {
  for (const targets of place.options.sizes) {
    const column = columnOf(targets);
    await place.forEach(['status-cpu', 'status-peak'], column, async (build) => {
      const folder = await place.fleet(build, { targets, lanes: 1, cron: farAway() });
      const took = await place.command(build, folder, 'status');
      place.options.note('status-cpu', column, build, took.cpuMs / 1_000);
      place.options.note('status-peak', column, build, took.peakMb);
    });
  }
}
