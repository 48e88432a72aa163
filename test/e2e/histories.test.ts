// A sample of the random histories; test/campaigns plays thousands.
import { expect, test } from 'vitest';
import { campaign } from '../support/histories/campaign.ts';

test('no history breaks a law', async () => {
  const { broken } = await campaign({ lane: 0, lanes: 1 });
  expect(broken).toBe('');
}, 180_000);
