// `probe` as a process: the report that a person sees, what it refuses, and what an interrupted one leaves.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { envIdOf, ownWorkspace } from '../support/program.ts';

const LAB = 'lab-1g2h3j';
const CREDENTIALS = ['--credentials', '{ from: profile, path: ./credentials }'];
const PROBE = ['probe', '--env', LAB, ...CREDENTIALS];

async function lab() {
  const place = await ownWorkspace();
  place.world.providers.addEnvironment(LAB);
  return place;
}

test('it prints a report and the line that follows from it, and changes no configuration', async () => {
  const place = await lab();
  const configuration = readFileSync(place.configFile, 'utf8');
  const { code, stdout, stderr } = await place.run(PROBE, { env: { COLUMNS: '160' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^How does a reading show the client secret\? +in clear$/m);
  expect(stdout).toMatch(/^How deep does a write merge\? +by the top keys: a map is replaced$/m);
  expect(stdout).toMatch(/^Is an unchanged issuer discovered again\? +no$/m);
  expect(stdout).toMatch(/^An empty text that is sent +is stored$/m);
  expect(stdout).toMatch(/^A list that is sent again +replaces the one before$/m);
  expect(stdout).toMatch(/^How late does a write show\? +after \d+ ms at most$/m);
  expect(stdout).toMatch(/^A second creation +ResourceInUse$/m);
  expect(stdout).toContain('    cloudbase: { write: secret }\n');
  expect(stderr).toContain('"tcb:DeleteProvider"');
  expect(place.world.providers.list(LAB)).toEqual([]);
  expect(readFileSync(place.configFile, 'utf8')).toBe(configuration);
  expect(place.world.requests.log.filter(({ envId }) => envId !== LAB)).toEqual([]);
});

test('the same as JSON', async () => {
  const place = await lab();
  place.world.behaviour.configWrite = 'replace';
  const { code, stdout } = await place.run([...PROBE, '--json']);
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      envId: LAB,
      providerId: expect.stringMatching(/^probe[0-9a-f]{19}$/),
      secretShown: 'clear',
      secretStored: 'as-sent',
      merge: 'none',
      rediscovery: 'never',
      undocumented: { top: 'shown', nested: 'shown' },
      emptyTexts: 'empty',
      lists: 'replaced',
      showsAfterMs: expect.any(Number),
      errors: { existing: 'ResourceInUse', absentChange: 'ResourceNotFound', absentDelete: 'InvalidParameter' },
      line: 'cloudbase: { write: whole }',
    },
  ]);
});

test('one that is killed leaves a note, by which the next one removes what it left', async () => {
  const place = await lab();
  const program = place.start(PROBE);
  const killed = Promise.withResolvers<void>();
  const end = place.world.requests.before('tcb', 'ModifyProvider', async () => {
    program.signal('SIGKILL');
    await program.exited;
    killed.resolve();
  });
  await killed.promise;
  end();
  const [left] = place.world.providers.list(LAB);
  const note = join(place.folder, 'probe.json');
  expect(JSON.parse(readFileSync(note, 'utf8'))).toMatchObject({ envId: LAB, providerId: left?.Id });
  expect((await place.run(PROBE)).code).toBe(0);
  expect([place.world.providers.list(LAB), existsSync(note)]).toEqual([[], false]);
});

test.each([
  [
    'the environment of a target',
    ['--env', envIdOf('shop'), ...CREDENTIALS],
    'environment shop-1g2h3j is that of target shop',
  ],
  ['no environment', CREDENTIALS, "required option '--env <id>' not specified"],
  ['no credentials of its own', ['--env', LAB], "required option '--credentials <source>' not specified"],
  ['credentials that are none', ['--env', LAB, '--credentials', 'vault'], '--credentials is wrong at from'],
])('%s is a mistake of the command line', async (_, args, message) => {
  const place = await lab();
  const { code, stderr } = await place.run(['probe', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(place.world.requests.log).toEqual([]);
});
