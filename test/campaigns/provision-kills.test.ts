// `provision` is killed at each of its calls, and at each write before and after it arrives, and started again.
import { expect, test } from 'vitest';
import { secretFault } from '../../src/sandbox/apple.ts';
import { IDS } from '../support/pass-rig.ts';
import { emptyWorkspace, writes } from '../support/provision-place.ts';

const CALLS = [
  'GetProviders',
  'AddProvider',
  'GetProviders',
  'ModifyProvider',
  'GetProviders',
  'token',
  'token',
  'ModifyProvider',
  'GetProviders',
];

test('these are its calls', async () => {
  const place = await emptyWorkspace();
  await place.run(['provision', '--yes']);
  expect(place.world.requests.log.map(({ action }) => action)).toEqual(CALLS);
});

test.each(
  CALLS.flatMap((action, at) =>
    (/^[AM]/.test(action) ? [true, false] : [true]).map((arrives) => [at, action, arrives] as const),
  ),
)('call %i, %s, arrives: %s', async (at, action, arrives) => {
  const place = await emptyWorkspace();
  const { requests, faults } = place.world;
  const program = place.start(['provision', '--yes']);
  let seen = 0;
  const meet = async ({ service }: { readonly service: string }) => {
    seen += 1;
    if (seen !== at + 1) return;
    program.signal('SIGKILL');
    await program.exited;
    if (!arrives) faults.add({ service: service as 'tcb', action, kind: 'reset-before', times: 1 });
  };
  const ends = [
    ...(['GetProviders', 'AddProvider', 'ModifyProvider'] as const).map((name) => requests.before('tcb', name, meet)),
    requests.before('apple', 'token', meet),
  ];
  await program.exited;
  for (const end of ends) end();
  const { code, stderr } = await place.run(['provision', '--yes']);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  expect(place.provider()).toMatchObject({ On: 'TRUE', Description: { Message: 'Sign in with Apple' } });
  expect(place.provider()?.Config['AuthorizationEndpoint']).toContain('?response_mode=form_post');
  expect(secretFault(place.world, IDS.clientId, String(place.secret()))).toBe(undefined);
  expect(writes(place).filter((each) => each.action === 'AddProvider').length).toBeLessThanOrEqual(2);
});
