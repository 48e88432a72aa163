// Whoever has much to do lets others have their turn: many that begin together do not hold one turn of the loop together.
import { expect, test } from 'vitest';
import { giveWay } from '../../src/net/event-loop.ts';
import { turnsDuring } from '../support/turns.ts';

function workFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('of many that wait only as many work in one turn as have time, in the order in which they came', async () => {
  const order: number[] = [];
  const all = async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await giveWay();
        workFor(5);
        order.push(i);
      }),
    );
  };
  workFor(25);
  // A turn lasts 20 ms: at most five of them have begun by then.
  expect(await turnsDuring(all)).toBeGreaterThanOrEqual(10);
  expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('one that waits for another, which gives way too, goes on', async () => {
  workFor(25);
  await giveWay();
  workFor(25);
  await Promise.all([giveWay(), giveWay().then(giveWay)]);
});
