// `probe` finds, in each world of the sandbox, what that world is, and leaves nothing behind.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { probe } from '../../../src/adapters/provider/probe.ts';
import { createProbeNotes } from '../../../src/adapters/provider/probe-note.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { type ProbeReport, writeFor } from '../../../src/core/probe.ts';
import type { Behaviour } from '../../../src/sandbox/behaviour.ts';
import { startSandbox, type World } from '../../../src/sandbox/server.ts';
import { LeapingClock } from '../../support/pass-rig.ts';
import { tencentClient } from '../../support/tencent.ts';

const LAB = 'lab-1g2h3j';
const ID = 'probe0123456789';

let world: World;
let note: string;
let run: (providerId?: string) => Promise<ProbeReport>;

beforeEach(async () => {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const folder = mkdtempSync(join(tmpdir(), 'rotator-probe-'));
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  world = sandbox.world;
  world.providers.addEnvironment(LAB);
  note = join(folder, 'data', 'probe.json');
  const tools = { client: tencentClient(sandbox.url, { clock }), clock, notes: createProbeNotes(note) };
  run = (providerId = ID) =>
    probe({ endpoint: sandbox.url, envId: LAB, providerId }, { ...tools, signal: new AbortController().signal });
});

const USUAL: ProbeReport = {
  secretShown: 'clear',
  secretStored: 'as-sent',
  merge: 'top',
  rediscovery: 'never',
  undocumented: { top: 'shown', nested: 'shown' },
  emptyTexts: 'empty',
  lists: 'replaced',
  showsAfterMs: 0,
  errors: { existing: 'ResourceInUse', absentChange: 'ResourceNotFound', absentDelete: 'InvalidParameter' },
};

const WORLDS: readonly [Partial<Behaviour>, Partial<ProbeReport>][] = [
  [{}, {}],
  [{ showSecret: 'digest' }, { secretShown: 'digest' }],
  [{ showSecret: 'masked' }, { secretShown: 'masked', secretStored: 'unknown' }],
  [{ showSecret: 'varying' }, { secretShown: 'masked', secretStored: 'unknown' }],
  [{ showSecret: 'empty' }, { secretShown: 'empty', secretStored: 'unknown' }],
  [{ showSecret: 'null' }, { secretShown: 'null', secretStored: 'unknown' }],
  [{ showSecret: 'missing' }, { secretShown: 'missing', secretStored: 'unknown' }],
  [{ storeSecret: 'cut' }, { secretStored: 'otherwise' }],
  [{ configWrite: 'merge-deep' }, { merge: 'deep' }],
  [{ configWrite: 'replace' }, { merge: 'none' }],
  [
    { configWrite: 'replace-known' },
    { merge: 'none', undocumented: { top: 'not-shown', nested: 'not-shown' }, lists: 'not-shown' },
  ],
  [{ emptyTexts: 'ignored' }, { emptyTexts: 'before' }],
  [
    { emptyTexts: 'ignored', configWrite: 'replace' },
    { emptyTexts: 'nothing', merge: 'none' },
  ],
  [{ lists: 'append' }, { lists: 'appended' }],
  [
    { lists: 'append', configWrite: 'merge-deep' },
    { lists: 'appended', merge: 'deep' },
  ],
  [{ rediscovery: true }, { rediscovery: 'issuer' }],
  [{ rediscovery: 'once' }, { rediscovery: 'once' }],
  [
    { rediscovery: 'once', configWrite: 'replace' },
    { rediscovery: 'once', merge: 'none' },
  ],
  [
    { rediscovery: true, configWrite: 'replace' },
    { rediscovery: 'issuer', merge: 'none' },
  ],
  [{ rediscovery: 'every-write' }, { rediscovery: 'every-write' }],
  [
    { rediscovery: 'every-write', configWrite: 'replace' },
    { rediscovery: 'every-write', merge: 'none' },
  ],
  [{ hiddenKeys: 'top' }, { undocumented: { top: 'not-shown', nested: 'shown' }, lists: 'not-shown' }],
  [{ hiddenKeys: 'nested' }, { undocumented: { top: 'shown', nested: 'not-shown' } }],
  [{ hiddenKeys: 'both' }, { undocumented: { top: 'not-shown', nested: 'not-shown' }, lists: 'not-shown' }],
  [{ refusedKeys: 'top' }, { undocumented: { top: 'refused', nested: 'shown' }, lists: 'refused' }],
  [{ refusedKeys: 'nested' }, { undocumented: { top: 'shown', nested: 'refused' } }],
  [
    { refusedKeys: 'both', hiddenKeys: 'both' },
    { undocumented: { top: 'refused', nested: 'refused' }, lists: 'refused' },
  ],
  [{ staleReads: 2 }, { showsAfterMs: 1_000 }],
  [{ lateWriteSeconds: 20 }, { showsAfterMs: 32_000 }],
];

test.each(WORLDS)('%o', async (behaviour, found) => {
  Object.assign(world.behaviour, behaviour);
  const report = await run();
  expect(report).toEqual({ ...USUAL, ...found });
  expect(writeFor(report)).toBe(report.merge === 'none' ? 'whole' : 'secret');
  expect(world.providers.list(LAB)).toEqual([]);
  expect(existsSync(note)).toBe(false);
});

test('what it makes is noted first, marked, switched off, and linked with no account', async () => {
  let noted = '';
  const end = world.requests.before('tcb', 'AddProvider', async () => {
    noted = readFileSync(note, 'utf8');
  });
  await run();
  end();
  expect(JSON.parse(noted)).toMatchObject({ envId: LAB, providerId: ID });
  const [made] = world.requests.log
    .filter(({ action }) => action === 'AddProvider')
    .map(({ body }) => body as JsonObject);
  expect(made).toMatchObject({
    Id: ID,
    On: 'FALSE',
    AutoSignInWhenEmailMatch: 'FALSE',
    AutoSignInWhenPhoneNumberMatch: 'FALSE',
    Description: { Message: 'made by apple-secret-rotator probe, to be deleted' },
  });
  const touched = world.requests.log
    .filter(({ action }) => action === 'ModifyProvider')
    .map(({ body }) => body as JsonObject);
  expect(touched.filter((body) => 'On' in body)).toEqual([]);
});

describe('it is removed', () => {
  test('also where the measuring failed', async () => {
    world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'OperationDenied' });
    await expect(run()).rejects.toMatchObject({ remoteCode: 'OperationDenied' });
    expect([world.providers.list(LAB), existsSync(note)]).toEqual([[], false]);
  });

  test('by the next probe, by its id, where one was interrupted', async () => {
    world.faults.add({ service: 'tcb', action: 'DeleteProvider', kind: 'reset-before' });
    await expect(run()).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_NETWORK' });
    expect(world.providers.list(LAB).map(({ Id }) => Id)).toEqual([ID]);
    world.faults.clear();
    await run('probe9876543210');
    expect([world.providers.list(LAB), existsSync(note)]).toEqual([[], false]);
  });

  test('never without its mark', async () => {
    world.faults.add({ service: 'tcb', action: 'DeleteProvider', kind: 'reset-before' });
    await expect(run()).rejects.toThrow();
    world.faults.clear();
    world.providers.put(LAB, { Id: ID, Config: {}, Description: { Message: 'ours' } });
    await expect(run('probe9876543210')).rejects.toMatchObject({ code: 'ERR_PROBE' });
    expect(world.providers.list(LAB).map(({ Id }) => Id)).toEqual([ID]);
  });

  test('where it was made: a probe elsewhere does not forget it', async () => {
    world.providers.addEnvironment('other-lab');
    await run();
    writeFileSync(
      note,
      JSON.stringify({ endpoint: 'http://127.0.0.1:1', envId: 'other-lab', providerId: 'probeother' }),
    );
    await expect(run()).rejects.toThrow('an interrupted probe has left provider probeother in environment other-lab');
    expect(existsSync(note)).toBe(true);
  });
});

test.each([
  [16, true],
  [17, false],
])('beside %i providers and the two that CloudBase adds: %s', async (count, fits) => {
  for (let at = 0; at < count; at += 1) world.providers.put(LAB, { Id: `p${at}`, Config: {} });
  if (fits) await run();
  else await expect(run()).rejects.toThrow('the environment has 19 of at most 20 providers');
  expect(world.providers.list(LAB)).toHaveLength(count);
  expect(existsSync(note)).toBe(false);
});

test('a creation that never shows ends it, and is not forgotten', async () => {
  world.behaviour.staleReads = 1_000;
  await expect(run()).rejects.toThrow(`provider ${ID} of environment ${LAB} is not known to be gone`);
  expect(existsSync(note)).toBe(true);
  world.behaviour.staleReads = 0;
  await run('probe9876543210');
  expect([world.providers.list(LAB), existsSync(note)]).toEqual([[], false]);
});
