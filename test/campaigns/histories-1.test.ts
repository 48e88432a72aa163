// Random histories against the real program: one half of them, because one file keeps only one core busy.
import { expect, test } from 'vitest';
import { campaign } from '../support/histories/campaign.ts';

test('no history breaks a law', async () => {
  const { broken, played } = await campaign({ lane: 0, lanes: 2 });
  process.stdout.write(`histories: ${played} played\n`);
  expect(broken).toBe('');
});
