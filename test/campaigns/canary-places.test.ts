// Every secret in every wrong place, with every command: nothing that leaves the program holds it in any form.
import { expect, test } from 'vitest';
import { allCases, FORMS, LANES, leaksOf, PLACES, SECRETS } from '../support/canary-table.ts';

test('no secret in a wrong place is shown', async () => {
  const cases = allCases();
  const lanes = Array.from({ length: LANES }, (_, lane) => cases.filter((_case, index) => index % LANES === lane));
  const found = (await Promise.all(lanes.map(leaksOf))).flat();
  const sizes = [SECRETS, PLACES, FORMS].map((table) => Object.keys(table).length);
  process.stdout.write(
    `canaries: ${sizes.join(' × ')} inputs × places × forms (${cases.length} runs), ${found.length} found\n`,
  );
  expect(found).toEqual([]);
});
