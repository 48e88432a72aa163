// `once` beside a daemon: an alert and its end are sent once, whoever is quicker.
import { expect, test, vi } from 'vitest';
import { alertPlace } from '../../support/alert-place.ts';

const UNASKED = { apple: { check: 'off' } };
const DENIED = { service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' } as const;

/** Waits until something that other processes bring about is so. */
const eventually = (look: () => void) => vi.waitFor(look, { timeout: 20_000, interval: 50 });

test('once beside a daemon says nothing twice, whoever is quicker', async () => {
  const place = await alertPlace({
    targets: [{ name: 'shop' }, { name: 'web' }],
    settings: { ...UNASKED, schedule: { cron: '* * * * * *' } },
  });
  place.world.faults.add({ ...DENIED, message: 'not authorized' });
  const daemon = place.start(['run']);
  await Promise.all([place.run(['once']), place.run(['once'])]);
  const told = () => place.items().map((item) => `${item.status} ${item.cause}`);
  await eventually(() => expect(told()).toEqual(['raised AccessDenied']));
  await place.run(['once']);
  place.world.faults.clear();
  await Promise.all([place.run(['once']), place.run(['once'])]);
  const all = ['raised AccessDenied', 'cleared AccessDenied'];
  await vi.waitFor(() => expect(told()).toEqual(all), { timeout: 200_000, interval: 100 });
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
  expect(told()).toEqual(all);
}, 300_000);
