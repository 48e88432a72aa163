// One call for many callers, each of whom may leave.
import { expect, test } from 'vitest';
import { shareCall } from '../../src/net/shared-call.ts';

function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let signal: AbortSignal | undefined;
  const shared = shareCall((given) => {
    signal = given;
    return promise;
  });
  return { shared, resolve, reject, aborted: () => signal?.aborted };
}

test('all who join get the one result', async () => {
  const { shared, resolve } = pending();
  const signal = new AbortController().signal;
  const both = Promise.all([shared.join(signal), shared.join(signal)]);
  expect(shared.open).toBe(true);
  resolve('result');
  expect(await both).toEqual(['result', 'result']);
  expect(shared.open).toBe(false);
});

test('one who aborts leaves alone; the call goes on for the others', async () => {
  const { shared, resolve, aborted } = pending();
  const leaver = new AbortController();
  const left = shared.join(leaver.signal);
  const stayed = shared.join(new AbortController().signal);
  const reason = new Error('stopping');
  leaver.abort(reason);
  await expect(left).rejects.toBe(reason);
  expect(aborted()).toBe(false);
  resolve('result');
  expect(await stayed).toBe('result');
});

test('the call is aborted, and closed to newcomers, when the last has left', async () => {
  const { shared, aborted } = pending();
  const leavers = [new AbortController(), new AbortController()];
  const joined = leavers.map(({ signal }) => shared.join(signal));
  for (const leaver of leavers) leaver.abort(new Error('stopping'));
  await Promise.all(joined.map((join) => expect(join).rejects.toThrow('stopping')));
  expect(aborted()).toBe(true);
  expect(shared.open).toBe(false);
});

test('a failure reaches all who joined', async () => {
  const { shared, reject } = pending();
  const signal = new AbortController().signal;
  const both = [shared.join(signal), shared.join(signal)];
  reject(new Error('no'));
  await Promise.all(both.map((join) => expect(join).rejects.toThrow('no')));
  expect(shared.open).toBe(false);
});
