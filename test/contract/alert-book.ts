// The contract of the Journal port for alerts (src/core/ports.ts, alertBook and updateAlerts), run against every adapter.
// `alertBookContract` holds for all of them, `sharedAlertBookContract` for those that several processes use at once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONDITIONS } from '../../src/core/alerts/conditions.ts';
import { EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import type { Journal } from '../../src/core/ports.ts';
import { EMPTY_FLEET } from '../../src/core/records.ts';
import { aChannel, aCondition, aDelivery, aFinding } from '../support/alert-rows.ts';
import { anyChannel, anyCondition, anyDelivery, anyMemo, everyFinding } from '../support/any-record.ts';
import { tries } from '../support/campaign.ts';
import { aTarget, child, NOW } from '../support/journal.ts';

const RUNS = { numRuns: tries(60) };

/** `open` gives a journal with nothing in it, closed by the opener after the test. */
export function alertBookContract(name: string, open: () => Promise<Journal>): void {
  describe(`${name} keeps the contract of the alert book`, () => {
    test('knows nothing at first', async () => {
      expect(await (await open()).alertBook()).toEqual(EMPTY_BOOK);
    });

    test('gives back every field of every condition', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(everyFinding, anyCondition, async (findings, like) => {
          const putConditions = findings.map((finding) => ({ ...like, finding }));
          const removeConditions = (await journal.alertBook()).conditions.map(({ finding }) => finding.id);
          expect(await journal.updateAlerts(() => ({ putConditions, removeConditions }))).toEqual({
            putConditions,
            removeConditions,
          });
          const { conditions } = await journal.alertBook();
          expect(conditions.map(({ finding }) => finding.condition)).toEqual(CONDITIONS);
          expect(conditions).toEqual(putConditions);
        }),
        RUNS,
      );
    });

    test('gives back every field of deliveries, channels and the memo', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(anyDelivery, anyChannel, anyMemo, async (delivery, channel, memo) => {
          const { deliveries } = await journal.alertBook();
          const removeDeliveries = deliveries.map(({ id }) => id);
          await journal.updateAlerts(() => ({ addDeliveries: [delivery], removeDeliveries }));
          await journal.updateAlerts(() => ({ putChannels: [channel], memo }));
          const book = await journal.alertBook();
          expect(book.deliveries).toEqual([delivery]);
          expect(book.channels).toContainEqual(channel);
          expect(book.memo).toEqual(memo);
        }),
        RUNS,
      );
    });

    test('changes what is named and nothing else', async () => {
      const journal = await open();
      const [first, second] = [aDelivery(), aDelivery()];
      const memo = { digestAt: NOW, watchedSince: { k: NOW } };
      const begun = {
        putConditions: [aCondition('a'), aCondition('b')],
        addDeliveries: [first, second],
        putChannels: [aChannel('ops'), aChannel('boss')],
        memo,
      };
      await journal.updateAlerts(() => begun);
      const failing = aChannel('ops', { failures: 2, failingSince: NOW });
      const told = aCondition('b', { toldAt: NOW + 1 });
      await journal.updateAlerts(() => ({
        putConditions: [told],
        removeDeliveries: [first.id],
        putChannels: [failing],
      }));
      const changed = {
        conditions: [aCondition('a'), told],
        deliveries: [second],
        channels: [failing, aChannel('boss')],
        memo,
      };
      expect(await journal.alertBook()).toEqual(changed);
      expect(await journal.updateAlerts(() => ({}))).toEqual({});
      expect(await journal.alertBook()).toEqual(changed);
      await journal.updateAlerts(() => ({ removeConditions: ['a'], removeChannels: ['ops'] }));
      expect(await journal.alertBook()).toEqual({ ...changed, conditions: [told], channels: [aChannel('boss')] });
    });

    test('keeps deliveries in the order in which they were added, whatever their ids and instants say', async () => {
      const journal = await open();
      const [a, b, c] = [aDelivery({ at: 2 }), aDelivery({ at: 1 }), aDelivery({ at: 3 })];
      await journal.updateAlerts(() => ({ addDeliveries: [c, b] }));
      await journal.updateAlerts(() => ({ addDeliveries: [a], removeDeliveries: [b.id] }));
      await journal.updateAlerts(() => ({ addDeliveries: [b] }));
      expect((await journal.alertBook()).deliveries).toEqual([c, a, b]);
    });

    test('takes removing what is not there, and adding what is, for done', async () => {
      const journal = await open();
      const delivery = aDelivery();
      await journal.updateAlerts(() => ({ addDeliveries: [delivery] }));
      await journal.updateAlerts(() => ({
        removeConditions: ['none'],
        removeDeliveries: ['none'],
        removeChannels: ['none'],
        addDeliveries: [{ ...delivery, at: NOW + 1 }, aDelivery({ ...delivery, channel: 'boss' })],
      }));
      expect(await journal.alertBook()).toEqual({ ...EMPTY_BOOK, deliveries: [delivery] });
    });

    test('removes before it puts', async () => {
      const journal = await open();
      await journal.updateAlerts(() => ({ putConditions: [aCondition('a'), aCondition('b')] }));
      await journal.updateAlerts(() => ({
        removeConditions: ['a'],
        putConditions: [aCondition('a', { toldAt: null })],
      }));
      const { conditions } = await journal.alertBook();
      expect(conditions).toEqual([aCondition('b'), aCondition('a', { toldAt: null })]);
    });

    test('an update that throws, or that cannot be kept, changes nothing', async () => {
      const journal = await open();
      await journal.updateAlerts(() => ({ putConditions: [aCondition('a')] }));
      const before = await journal.alertBook();
      const fault = new Error('not this time');
      const failing = (): never => {
        throw fault;
      };
      await expect(journal.updateAlerts(failing)).rejects.toBe(fault);
      const unfit = aDelivery({ at: Number.NaN });
      await expect(
        journal.updateAlerts(() => ({ removeConditions: ['a'], addDeliveries: [aDelivery(), unfit] })),
      ).rejects.toThrow(/^the journal cannot keep this change of alerts: addDeliveries\.1\.at: /);
      expect(await journal.alertBook()).toEqual(before);
    });

    test('what it took in is a copy, and what it gives out cannot be changed', async () => {
      const journal = await open();
      const closes = ['a'];
      const subject = {
        kind: 'condition',
        status: 'cleared',
        finding: aFinding(),
        since: NOW,
        until: NOW,
        thread: 'a',
        closes,
      } as const;
      const delivery = aDelivery({ subject });
      const update = await journal.updateAlerts(() => ({ addDeliveries: [delivery] }));
      const before = await journal.alertBook();
      closes.push('changed by the caller');
      expect(() => (before.deliveries as unknown[]).push(1)).toThrow(TypeError);
      expect(() => Object.assign(update.addDeliveries?.[0] ?? {}, { at: 1 })).toThrow(TypeError);
      await journal.updateAlerts((book) => {
        expect(() => (book.conditions as unknown[]).push(1)).toThrow(TypeError);
        return { addDeliveries: [aDelivery()] };
      });
      expect(before.deliveries).toEqual([{ ...delivery, subject: { ...subject, closes: ['a'] } }]);
      expect((await journal.alertBook()).deliveries).toHaveLength(2);
    });

    test('updates at one time all count', async () => {
      const journal = await open();
      const count = journal.updateAlerts.bind(journal, ({ memo }) => ({
        memo: { ...memo, digestAt: (memo.digestAt ?? 0) + 1 },
        addDeliveries: [aDelivery()],
      }));
      await Promise.all(Array.from({ length: 30 }, count));
      const { memo, deliveries } = await journal.alertBook();
      expect([memo.digestAt, deliveries.length]).toEqual([30, 30]);
    });

    test('keeps no secret that a message carries, nor one inside a name', async () => {
      const journal = await open();
      const jwt = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(86)}`;
      const error = { code: 'ERR_INTERNAL', message: `unexpected: ${jwt}`, hint: jwt } as const;
      const finding = aFinding({ id: `ChannelFailing/${jwt}`, error });
      await journal.updateAlerts(() => ({
        putConditions: [aCondition('a', { finding, told: { [jwt]: `thread ${jwt}` } })],
        putChannels: [aChannel('AKIDabcdefghijklmnop', { error })],
        memo: { digestAt: null, watchedSince: { [jwt]: NOW } },
      }));
      const book = await journal.alertBook();
      expect(JSON.stringify(book)).not.toContain(jwt.slice(0, 20));
      expect(book.conditions[0]?.finding.id).toBe('ChannelFailing/[redacted JWT]');
      expect(book.conditions[0]?.told).toEqual({ '[redacted JWT]': 'thread [redacted JWT]' });
      expect(book.channels[0]?.name).toBe('[redacted access key id]');
      await journal.updateAlerts(() => ({ removeConditions: [finding.id] }));
      expect((await journal.alertBook()).conditions).toEqual([]);
    });
  });
}

/** `open` opens the same file again and again. */
export function sharedAlertBookContract(
  name: string,
  place: () => { path: string; open: () => Promise<Journal> },
): void {
  describe(`${name}, its alert book shared by processes`, () => {
    test('updates of two processes all count, from a file that neither had made', async () => {
      const { path, open } = place();
      const children = ['a', 'b'].map((token) => child('alerts', path, token, '60', JSON.stringify(aCondition(token))));
      for (const each of children) expect(await each.line()).toBe('ready');
      for (const each of children) each.go();
      for (const { lines, stderr } of await Promise.all(children.map((each) => each.end()))) {
        expect([stderr, lines.at(-1)]).toEqual(['', 'done']);
      }
      const { conditions, memo } = await (await open()).alertBook();
      expect(memo.digestAt).toBe(120);
      expect(new Set(conditions.map(({ finding }) => finding.id)).size).toBe(120);
    });

    test('an update sees what passes have recorded by then, over another connection too', async () => {
      const { open } = place();
      const [one, other] = [await open(), await open()];
      const state = aTarget();
      await other.commit({ target: state });
      await one.updateAlerts((_, recorded) => {
        expect(recorded.target(state.key)).toEqual(state);
        expect(recorded.named(state.name)).toEqual(state);
        expect(recorded.named('another')).toBeUndefined();
        expect(recorded.fleet()).toEqual(EMPTY_FLEET);
        return {};
      });
    });

    test('each of two connections sees at once what the other has changed', async () => {
      const { open } = place();
      const [one, other] = [await open(), await open()];
      for (let i = 0; i < 10; i += 1) {
        const [ours, theirs] = [aDelivery(), aDelivery()];
        await one.updateAlerts(() => ({ addDeliveries: [ours] }));
        expect((await other.alertBook()).deliveries).toContainEqual(ours);
        await other.updateAlerts(({ deliveries }) => {
          expect(deliveries).toContainEqual(ours);
          return { removeDeliveries: [ours.id], addDeliveries: [theirs] };
        });
        await one.updateAlerts(({ deliveries }) => {
          expect(deliveries).toEqual([theirs]);
          return { removeDeliveries: [theirs.id] };
        });
      }
      expect(await other.alertBook()).toEqual(EMPTY_BOOK);
    });

    test('what was updated is there when it is opened again', async () => {
      const { open } = place();
      const first = await open();
      const update = { putConditions: [aCondition('a')], addDeliveries: [aDelivery(), aDelivery()] };
      await first.updateAlerts(() => update);
      const book = await first.alertBook();
      await first.close();
      expect(await (await open()).alertBook()).toEqual(book);
    });
  });
}
