// Who may rotate, by itself: what a fleet test cannot arrange.
import { expect, test } from 'vitest';
import { createMemoryJournal } from '../../src/adapters/journal/memory.ts';
import { Admissions } from '../../src/daemon/admission.ts';
import type { Want } from '../../src/pass/pass.ts';
import { HandClock } from '../support/clock.ts';

const want = (targetKey: string): Want => ({ targetKey, reason: 'KeyChanged', emergency: false });

test('targets that left the configuration keep nobody waiting for a first one', async () => {
  const admissions = new Admissions({
    clock: new HandClock(Date.UTC(2026, 10, 22)),
    journal: createMemoryJournal(),
    isDegraded: () => false,
    maxRotationsPerHour: () => 100,
  });
  admissions.beginCensus();
  for (const key of ['a', 'b', 'c', 'd']) expect(await admissions.admit(want(key))).toMatchObject({ go: false });
  admissions.endCensus();
  expect([admissions.wantsFirst(), admissions.waiting()]).toEqual([true, ['a', 'b', 'c', 'd']]);

  expect(await admissions.admit(want('a'))).toEqual({ go: true });
  admissions.retain(new Set(['c']));
  // The one that rotates at the moment ends first.
  expect([admissions.wantsFirst(), admissions.waiting()]).toEqual([false, ['c']]);
  expect(await admissions.admit(want('c'))).toEqual({ go: true });
});
