// Delivery as the outside sees it: what arrives, when, how often; and what the journal keeps while it does not.
import { describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import type { Channel } from '../../src/core/ports.ts';
import { MINUTE, SECOND } from '../../src/core/time.ts';
import { failing, stalled } from '../support/alert-life.ts';
import { startDelivery, VOICE } from './rig.ts';

/** `raised shop, cleared web` of a message that a webhook got. */
function items(message: { readonly body: unknown } | undefined): string {
  const { items = [] } = (message?.body ?? {}) as { items?: { status: string; target: string | null }[] };
  return items.map(({ status, target }) => `${status} ${target}`).join(', ');
}

const FAULT = { service: 'inbox', action: 'ops' } as const;

describe('what waits', () => {
  test('goes out after two seconds, in one message with what came meanwhile', async () => {
    const rig = await startDelivery();
    await rig.look([failing('shop')]);
    expect(await rig.round()).toBe(2 * SECOND);
    expect(rig.inbox()).toEqual([]);
    rig.clock.pass(SECOND);
    await rig.look([failing('shop'), failing('web')]);
    rig.clock.pass(SECOND);
    await rig.round();
    expect(rig.inbox().map(items)).toEqual(['raised shop, raised web']);
    expect(await rig.waiting()).toEqual([]);
    expect(rig.told('alert.sent')).toMatchObject([{ channel: 'ops', alerts: 2, kind: 'alert' }]);
  });

  test('goes out at once when there is no time for company', async () => {
    const rig = await startDelivery();
    await rig.look([failing('shop')]);
    await rig.round(true);
    expect(rig.inbox().map(items)).toEqual(['raised shop']);
  });

  test('keeps the pace of its channel', async () => {
    const rig = await startDelivery();
    const gap = rig.channels[0]?.gapMs ?? 0;
    expect(gap).toBeGreaterThan(2 * SECOND);
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    await rig.look([]);
    expect(await rig.round()).toBe(gap);
    rig.clock.pass(gap - 1);
    expect(await rig.round()).toBe(1);
    rig.clock.pass(1);
    await rig.round();
    expect(rig.inbox().map(items)).toEqual(['raised shop', 'cleared shop']);
  });

  test('goes out although the clock that dated it was ahead', async () => {
    const rig = await startDelivery();
    await rig.look([failing('shop')]);
    rig.clock.wall -= 365 * 86_400_000;
    await rig.look([failing('shop')]);
    expect(await rig.round()).toBe(2 * SECOND);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(rig.inbox().map(items)).toEqual(['raised shop']);
    rig.clock.wall -= 365 * 86_400_000;
    await rig.round(true);
    expect(rig.inbox().map(items)).toEqual(['raised shop', 'repeated shop']);
  });
});

describe('a channel that fails', () => {
  test('is tried again with growing waits, and never given up while the condition lasts', async () => {
    const rig = await startDelivery();
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'status', status: 503 });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await rig.round();
      const wait = await rig.round();
      waits.push(wait / SECOND);
      rig.clock.pass(wait);
    }
    expect(waits).toEqual([10, 30, 60, 120, 300, 600, 900, 900, 900]);
    expect(rig.told('alert.failed').map(({ attempt, error }) => `${attempt} ${error.code}`)).toContain(
      '9 ERR_CHANNEL_UNAVAILABLE',
    );
    expect(await rig.channel()).toMatchObject({ failures: 9, error: { code: 'ERR_CHANNEL_UNAVAILABLE' } });
    rig.clock.pass(60 * 86_400_000);
    await rig.round();
    rig.sandbox.world.faults.clear();
    rig.clock.pass(900 * SECOND);
    await rig.round();
    expect(rig.inbox().map(items)).toEqual(['raised shop']);
    expect(await rig.channel()).toMatchObject({ failures: 0, error: null, failingSince: null });
  });

  test('because its message cannot be composed is tried again later, too, and not without a pause', async () => {
    const rig = await startDelivery();
    const { channels, policy } = rig;
    rig.deliverer.configure({ channels, voice: { ...VOICE, language: 'none' as 'en' }, policy });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(await rig.channel()).toMatchObject({ failures: 1, error: { code: 'ERR_INTERNAL' } });
    expect(await rig.round()).toBe(10 * SECOND);
  });

  test('is left alone for as long as it asks', async () => {
    const rig = await startDelivery();
    const fault = { ...FAULT, kind: 'status', status: 429, headers: { 'retry-after': '120' }, times: 1 } as const;
    rig.sandbox.world.faults.add(fault);
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(await rig.round()).toBe(120 * SECOND);
    expect(await rig.channel()).toMatchObject({ error: { code: 'ERR_CHANNEL_THROTTLED' } });
  });

  test('is tried at once by another life of the program, or with another configuration: it may be mended', async () => {
    const rig = await startDelivery();
    const { deliverer, journal, channels } = rig;
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'status', status: 404, times: 3 });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    const restarted = rig.newDeliverer();
    for (const each of [deliverer, restarted]) {
      each.start(await journal.alertBook(), () => undefined);
      await each.settled();
    }
    expect(await rig.channel()).toMatchObject({ failures: 2, error: { code: 'ERR_CHANNEL_REFUSED' } });
    rig.clock.pass(channels[0]?.gapMs ?? 0);
    expect(await rig.round()).toBeGreaterThan(20 * SECOND);
    deliverer.configure({ channels, voice: VOICE, policy: rig.policy });
    await rig.round();
    expect(await rig.channel()).toMatchObject({ failures: 3 });
    expect(await rig.round()).toBe(MINUTE);
  });

  test('is not, where it asked to be left alone', async () => {
    const rig = await startDelivery();
    const fault = { ...FAULT, kind: 'status', status: 429, headers: { 'retry-after': '120' }, times: 1 } as const;
    rig.sandbox.world.faults.add(fault);
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(rig.newDeliverer().start(await rig.journal.alertBook(), () => undefined).wait).toBe(120 * SECOND);
  });

  test('does not keep another one waiting', async () => {
    const rig = await startDelivery([
      { name: 'ops', type: 'webhook' },
      { name: 'mail', type: 'webhook' },
    ]);
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'status', status: 500 });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(rig.inbox('mail').map(items)).toEqual(['raised shop']);
    expect([await rig.waiting('ops'), await rig.waiting('mail')]).toMatchObject([[{ status: 'raised' }], []]);
  });

  test('hears of what ended before it could be told as one message: from … to …', async () => {
    const rig = await startDelivery();
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'status', status: 500, times: 1 });
    await rig.look([failing('shop')]);
    const began = new Date(rig.clock.now()).toISOString();
    rig.clock.pass(2 * SECOND);
    await rig.round();
    rig.clock.pass(MINUTE);
    await rig.look([]);
    const ended = new Date(rig.clock.now()).toISOString();
    rig.clock.pass(2 * SECOND);
    await rig.round();
    expect(rig.inbox().map(items)).toEqual(['ended shop']);
    expect(rig.inbox()[0]?.body).toMatchObject({ items: [{ since: began, until: ended }] });
  });

  test('gives up after a week what tells of nothing that lasts', async () => {
    const rig = await startDelivery();
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'status', status: 500 });
    await rig.look([failing('shop')]);
    await rig.look([]);
    expect(await rig.waiting()).toHaveLength(1);
    rig.clock.pass(7 * 86_400_000 + 1);
    await rig.look([]);
    expect(await rig.waiting()).toEqual([]);
  });
});

test('what is over is not refreshed in the same breath', async () => {
  const rig = await startDelivery([{ name: 'ops', type: 'alertmanager' }]);
  await rig.look([failing('shop')]);
  rig.clock.pass(2 * SECOND);
  await rig.round();
  const before = rig.inbox().length;
  rig.clock.pass(2 * MINUTE);
  await rig.look([]);
  rig.clock.pass(2 * SECOND);
  await rig.round();
  const posts = rig.inbox().slice(before) as { readonly body: unknown }[];
  const ends = posts.flatMap(({ body }) => (body as { endsAt: string }[]).map(({ endsAt }) => Date.parse(endsAt)));
  expect(ends.length).toBeGreaterThan(0);
  expect(ends.filter((at) => at > rig.clock.now())).toEqual([]);
});

describe('a process that dies', () => {
  test('before the journal knows of a delivery sends it once more, under the same id', async () => {
    const rig = await startDelivery();
    // The answer is lost: to the sender this is the same as dying before it arrives.
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'reset-after', times: 1 });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    rig.clock.pass(MINUTE);
    const next = rig.newDeliverer();
    next.start(await rig.journal.alertBook(), () => undefined);
    await next.settled();
    expect(rig.inbox().map(items)).toEqual(['raised shop', 'raised shop']);
    const ids = rig.inbox().map(({ body }) => (body as { id?: string }).id);
    expect(ids[0]).toBe(ids[1]);
    expect(await rig.waiting()).toEqual([]);
  });

  test('in the middle of sending is stopped: the message stays in the outbox, and it is no failure', async () => {
    const rig = await startDelivery();
    rig.sandbox.world.faults.add({ ...FAULT, kind: 'hang', times: 1 });
    await rig.look([failing('shop')]);
    rig.clock.pass(2 * SECOND);
    const asked = Promise.withResolvers<void>();
    rig.sandbox.world.requests.onRequest(() => asked.resolve());
    const round = rig.round();
    await asked.promise;
    rig.deliverer.abort();
    await round;
    expect(await rig.waiting()).toHaveLength(1);
    expect(await rig.channel()).toBeUndefined();
    expect(rig.told('alert.failed')).toEqual([]);
  });
});

test('two processes over one journal send a message once', async () => {
  const rig = await startDelivery();
  const other = rig.newDeliverer('once:');
  await rig.look([failing('shop')]);
  rig.clock.pass(2 * SECOND);
  const book = await rig.journal.alertBook();
  rig.deliverer.start(book, () => undefined);
  other.start(book, () => undefined);
  await Promise.all([rig.deliverer.settled(), other.settled()]);
  expect(rig.inbox().map(items)).toEqual(['raised shop']);
});

test('a message that only some of its readers got is sent, and somebody is warned', async () => {
  const rig = await startDelivery();
  const [channel] = rig.channels;
  const PARTLY = new RotatorError('ERR_CHANNEL_REFUSED', {
    problem: 'partly',
    channel: 'ops',
    type: 'email',
    refused: 1,
    recipients: 2,
  });
  const half = {
    ...channel,
    send: async () => ({ detail: 'SMTP refused 1 of 2', warning: PARTLY }),
  };
  rig.deliverer.configure({ channels: [half as Channel], voice: VOICE, policy: rig.policy });
  await rig.look([failing('shop')]);
  await rig.round(true);
  expect(await rig.waiting()).toEqual([]);
  expect(rig.told('warning')).toMatchObject([{ error: PARTLY, channel: 'ops' }]);
});

describe('a channel that forgets what it is not told again', () => {
  const alertmanager = [{ name: 'alertmanager', type: 'alertmanager' }];
  const firing = (body: unknown) =>
    (body as { labels: Record<string, string>; endsAt: string }[]).map(({ labels, endsAt }) => [
      labels['alertname'],
      endsAt,
    ]);

  test('is told every two minutes of what is open, and no more when it is over', async () => {
    const rig = await startDelivery(alertmanager);
    await rig.look([stalled()]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    const arrived = () => rig.inbox('alertmanager').length;
    const first = arrived();
    expect(await rig.round()).toBe(2 * MINUTE);
    rig.clock.pass(2 * MINUTE);
    await rig.round();
    expect(arrived()).toBe(first + 1);
    const last = firing(rig.inbox('alertmanager').at(-1)?.body);
    expect(last).toEqual([['SchedulerStalled', new Date(rig.clock.now() + 10 * MINUTE).toISOString()]]);
    await rig.look([]);
    rig.clock.pass(MINUTE);
    await rig.round();
    expect(await rig.round()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is told of what is open when a new life of the program begins', async () => {
    const rig = await startDelivery(alertmanager);
    await rig.look([stalled()]);
    rig.clock.pass(2 * SECOND);
    await rig.round();
    const before = rig.inbox('alertmanager').length;
    const next = rig.newDeliverer();
    next.start(await rig.journal.alertBook(), () => undefined);
    await next.settled();
    expect(rig.inbox('alertmanager').length).toBe(before + 1);
  });
});
