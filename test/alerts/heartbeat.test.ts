// The heartbeat as the dead man's switch hears it: pings while all is well, failures with a reason, nothing of ours in
// a log when it cannot be reached.
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { failUrl, Heartbeat } from '../../src/alerts/heartbeat.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import { eventText } from '../../src/core/texts/en/events.ts';
import { MINUTE } from '../../src/core/time.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { LeapingClock } from '../support/pass-rig.ts';

const WELL = { troubles: [], critical: [] };

async function startHeartbeat({ healthUrl = true } = {}) {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  onTestFinished(() => sandbox.close());
  const events: RotatorEvent[] = [];
  const options = {
    url: `${sandbox.url}/inbox/ping-secret-token`,
    healthUrl: healthUrl ? `${sandbox.url}/inbox/health?key=secret-token` : undefined,
    everyMs: 5 * MINUTE,
  };
  const heartbeat = new Heartbeat(options, { clock, env: {}, emit: (event) => void events.push(event) });
  return {
    clock,
    sandbox,
    events,
    heartbeat,
    options,
    /** One beat, and what it told: `ping-secret-token`, `health /fail: why`. */
    async beat(wellbeing: Parameters<Heartbeat['beat']>[0]): Promise<string[]> {
      const before = sandbox.world.inbox.length;
      heartbeat.beat(wellbeing);
      await heartbeat.settled();
      return sandbox.world.inbox
        .slice(before)
        .map(({ name, rest, body }) => [name, rest.split('?')[0], body].filter((part) => part !== '').join(' '))
        .sort();
    },
  };
}

describe('while all is well', () => {
  test('both are called at once, and then every five minutes', async () => {
    const { beat, clock } = await startHeartbeat();
    expect(await beat(WELL)).toEqual(['health ok', 'ping-secret-token ok']);
    clock.pass(5 * MINUTE - 1);
    expect(await beat(WELL)).toEqual([]);
    clock.pass(1);
    expect(await beat(WELL)).toHaveLength(2);
  });

  test('it says for how long nothing is due', async () => {
    const { heartbeat, clock } = await startHeartbeat();
    expect(heartbeat.beat(WELL)).toBe(5 * MINUTE);
    await heartbeat.settled();
    clock.pass(MINUTE);
    expect(heartbeat.beat(WELL)).toBe(4 * MINUTE);
  });

  test('without a URL nothing is ever due', () => {
    const options = { url: undefined, healthUrl: undefined, everyMs: MINUTE };
    const heartbeat = new Heartbeat(options, { clock: new LeapingClock(), env: {}, emit: () => undefined });
    expect(heartbeat.beat(WELL)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('when something is wrong', () => {
  test('with the service itself, the heartbeat is told of a failure with its reason, at once', async () => {
    const { beat, clock } = await startHeartbeat();
    await beat(WELL);
    clock.pass(1);
    const troubles = ['the journal cannot be written'];
    expect(await beat({ troubles, critical: [] })).toEqual([
      'health ok',
      'ping-secret-token /fail the journal cannot be written',
    ]);
    clock.pass(1);
    expect(await beat({ troubles, critical: [] })).toEqual([]);
    expect(await beat(WELL)).toEqual(['health ok', 'ping-secret-token ok']);
  });

  test('with one app alone, healthUrl fails and the heartbeat goes on', async () => {
    const { beat } = await startHeartbeat();
    expect(await beat({ troubles: [], critical: ['SecretExpired shop'] })).toEqual([
      'health /fail SecretExpired shop',
      'ping-secret-token ok',
    ]);
  });

  test('a change is said again after a minute, as the other side may have dropped it', async () => {
    const { beat, clock, heartbeat } = await startHeartbeat({ healthUrl: false });
    await beat(WELL);
    clock.pass(1);
    const ill = { troubles: ['the journal cannot be written'], critical: [] };
    expect(heartbeat.beat(ill)).toBe(MINUTE);
    await heartbeat.settled();
    clock.pass(MINUTE - 1);
    expect(await beat(ill)).toEqual([]);
    clock.pass(1);
    expect(await beat(ill)).toHaveLength(1);
    clock.pass(5 * MINUTE - 1);
    expect(await beat(ill)).toEqual([]);
    clock.pass(1);
    expect(await beat(ill)).toHaveLength(1);
  });

  test('many reasons are cut to a length that the other side takes', async () => {
    const { beat } = await startHeartbeat({ healthUrl: false });
    const troubles = Array.from({ length: 500 }, (_, index) => `an alert has waited 15 minutes for channel c-${index}`);
    const [told = ''] = await beat({ troubles, critical: [] });
    expect(told.length).toBeLessThan(1_100);
  });
});

describe('a URL that cannot be reached', () => {
  test('is tried again after a minute, told once in the log, and never shown', async () => {
    const { beat, clock, sandbox, events, options } = await startHeartbeat({ healthUrl: false });
    sandbox.world.faults.add({ service: 'inbox', action: 'ping-secret-token', kind: 'status', status: 500, times: 2 });
    expect(await beat(WELL)).toEqual([]);
    clock.pass(MINUTE);
    expect(await beat(WELL)).toEqual([]);
    clock.pass(MINUTE);
    expect(await beat(WELL)).toEqual(['ping-secret-token ok']);
    expect(events.map((event) => `${event.event}: ${eventText(event, 0)}`)).toEqual([
      'warning: channel heartbeat.url (heartbeat) cannot be used now: HTTP 500',
    ]);
    expect(inspect(events)).not.toContain('secret-token');
    expect(inspect(events)).not.toContain(options.url);
  });

  test('does not hold up the end of the program', async () => {
    const { heartbeat, sandbox, events } = await startHeartbeat({ healthUrl: false });
    sandbox.world.faults.add({ service: 'inbox', kind: 'hang' });
    const asked = Promise.withResolvers<void>();
    sandbox.world.requests.onRequest(() => asked.resolve());
    heartbeat.beat(WELL);
    await asked.promise;
    heartbeat.abort();
    await heartbeat.settled();
    expect(events).toEqual([]);
  });
});

test.each([
  ['https://hc.example/ping/uuid', 'https://hc.example/ping/uuid/fail'],
  ['https://hc.example/ping/uuid/', 'https://hc.example/ping/uuid/fail'],
  ['https://hc.example/ping?key=a%2Fb', 'https://hc.example/ping/fail?key=a%2Fb'],
  ['https://hc.example', 'https://hc.example/fail'],
])('the URL for failures of %s is %s', (url, fail) => {
  expect(failUrl(url)).toBe(fail);
});
