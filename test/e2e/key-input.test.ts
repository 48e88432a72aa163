// Keys from a pipe, for the commands that a person types: `--key-file /dev/stdin`, and /dev/fd/N, which is what `<(…)` of
// a shell stands for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IDS } from '../support/pass-rig.ts';
import { MAIN, ownWorkspace, runCommand } from '../support/program.ts';

const WAYS: readonly (readonly [way: string, script: (program: string) => string])[] = [
  ['/dev/stdin, a file', (program) => `${program} --key-file /dev/stdin < key.p8`],
  ['/dev/stdin, a pipe', (program) => `cat key.p8 | ${program} --key-file /dev/stdin`],
  ['/dev/fd/3, a pipe', (program) => `cat key.p8 | ${program} --key-file /dev/fd/3 3<&0 < /dev/null`],
  ['-', (program) => `cat key.p8 | ${program} --key-file -`],
];

test.each(WAYS)('%s', async (_, script) => {
  const place = await ownWorkspace();
  const cwd = place.folder;
  writeFileSync(join(cwd, 'key.p8'), readFileSync(place.keyFile), { mode: 0o600 });
  writeFileSync(join(cwd, 'secret.jwt'), String(place.secret()));
  const sh = (command: string) =>
    runCommand('sh', ['-c', script(`"${process.execPath}" "${MAIN}" ${command}`)], { cwd });
  const ids = `--team-id ${IDS.teamId} --client-id ${IDS.clientId} --key-id ${IDS.keyId}`;
  expect(await sh(`generate ${ids}`)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^eyJ[\w.-]+\n$/) });
  const inspected = await sh('inspect --file secret.jwt --json');
  expect(inspected).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(inspected.stdout)).toMatchObject({ signature: { fits: true } });
});
