// A sample of test/campaigns/canary-places.test.ts: each secret and each command once, in a place of its own.
import { expect, test } from 'vitest';
import { allCases, COMMANDS, FORMS, findings, leaksOf, leaksOverHttp, SECRETS } from '../support/canary-table.ts';

test('no secret in a wrong place is shown', async () => {
  const all = allCases();
  // Steps that share no factor with the rows of the table, so that places, secrets and commands all change.
  const sample = COMMANDS.map((_, index) => all[(index * 29) % all.length] ?? expect.fail('the table is empty'));
  expect(await leaksOf(sample)).toEqual([]);
});

test('no secret in a wrong place of a request is shown', async () => {
  expect(await leaksOverHttp()).toEqual([]);
});

test.each(Object.entries(FORMS))('the search finds what is there as %s, with white space in it', (form, formsOf) => {
  for (const [what, secret] of Object.entries(SECRETS)) {
    const bare = secret.replace(/-----[A-Z ]+-----|\\n|\s/g, '');
    const [text = ''] = formsOf(bare);
    const spaced = text.replace(/.{7}/g, '$& \u200b\n');
    expect(findings({ [what]: secret }, new Map([['a log', `before ${spaced} after`]]))).toContain(
      `${what} as ${form} in a log`,
    );
  }
});
