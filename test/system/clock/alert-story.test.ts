// The story that alerts exist for, with the real daemon: CloudBase takes our permission away, somebody hears of it in
// words that help, is reminded a day later, and hears when it is over; whoever kills the daemon at the worst moments
// loses nothing, and doubles one message at most.
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { HOUR } from '../../../src/core/time.ts';
import { type Program, type Workspace, workspace } from '../../support/program.ts';
import { aheadBy, removeShared } from './faketime.ts';

let place: Workspace;
afterEach(() => place.dispose());

interface Item {
  readonly cause: string;
  readonly status: string;
  readonly targets: readonly { readonly name: string }[];
  readonly what: string;
  readonly next: string | null;
  readonly since: string;
  readonly until: string | null;
}

/** What the channel was told of AccessDenied, a line a message: its id, and what it said. */
function heard(): { id: string; item: Item }[] {
  return place.world.inbox
    .map(({ body }) => body as unknown as { id: string; items: Item[] })
    .flatMap(({ id, items }) => items.filter(({ cause }) => cause === 'AccessDenied').map((item) => ({ id, item })));
}

const told = () =>
  heard().map(({ item: { status, targets } }) => `${status} ${targets.map(({ name }) => name).join()}`);

test('permission denied, one alert, one reminder a day later, one all-clear; kill -9 in between', async () => {
  let ahead = 0;
  place = await workspace({
    daysLeft: 50,
    clock: { now: () => Date.now() + ahead },
    settings: {
      alerts: {
        none: '',
        digest: 'off',
        channels: [{ name: 'ops', type: 'webhook', url: '' }],
      },
    },
  });
  const { world, sandbox } = place;
  place.configure({
    alerts: { none: '', digest: 'off', channels: [{ name: 'ops', type: 'webhook', url: `${sandbox.url}/inbox/ops` }] },
  });
  const live = () => {
    const daemon = place.start(['run'], { env: aheadBy(ahead) });
    onTestFinished(() => removeShared(daemon.pid));
    return daemon;
  };
  /** Kills a life of the daemon as soon as its message has reached the other side. */
  const killWhenAsked = async (daemon: Program): Promise<void> => {
    const asked = Promise.withResolvers<void>();
    const stop = world.requests.onRequest(({ service }) => service === 'inbox' && asked.resolve());
    await asked.promise;
    stop();
    daemon.signal('SIGKILL');
    await daemon.exited;
  };

  const resource = 'qcs::tcb:ap-shanghai:uin/100000000001:env/shop-1g2h3j';
  const deny = () => {
    world.faults.clear();
    world.faults.add({
      service: 'tcb',
      action: 'ModifyProvider',
      kind: 'error',
      code: 'UnauthorizedOperation',
      message: `[request id:x]you are not authorized to perform operation (tcb:ModifyProvider)\nresource (${resource}) has no permission`,
    });
  };
  deny();

  // The channel does not answer, and the daemon dies while it waits: nothing was told, and nothing is lost.
  world.faults.add({ service: 'inbox', kind: 'hang' });
  await killWhenAsked(live());
  expect(told()).toEqual([]);
  deny();

  const second = live();
  await second.waitFor(() => told().length > 0);
  await second.waitFor((program) => program.log().some(({ event }) => event === 'alert.sent'));
  second.signal('SIGKILL');
  await second.exited;
  expect(told()).toEqual(['raised shop']);
  const [first] = heard();
  expect(first?.item.what).toContain('tcb:ModifyProvider');
  expect(first?.item.what).toContain(resource);
  expect(first?.item.next).toMatch(/^[A-Z]/);

  // A day later: one reminder. It arrives, its answer is lost, and the daemon dies: it comes a second time, as itself.
  ahead = 24 * HOUR + 60_000;
  world.faults.add({ service: 'inbox', kind: 'reset-after' });
  await killWhenAsked(live());
  deny();
  const last = live();
  await last.waitFor(() => told().length > 2);
  expect(told()).toEqual(['raised shop', 'repeated shop', 'repeated shop']);
  expect(heard()[1]?.id).toBe(heard()[2]?.id);

  world.faults.clear();
  last.signal('SIGHUP');
  await last.waitFor(() => told().length > 3);
  expect(told().at(-1)).toBe('cleared shop');
  expect(heard().at(-1)?.item).toMatchObject({ since: first?.item.since, next: null });
  last.signal('SIGTERM');
  expect(await last.exited).toEqual({ code: 0, signal: null });
  expect(told()).toHaveLength(4);
}, 300_000);
