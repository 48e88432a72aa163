// The contract of the Journal port for alerts (src/core/journal-ports.ts, alertBook and updateAlerts), run against every adapter.
// `alertBookContract` holds for all of them, `sharedAlertBookContract` for those that several processes use at once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONDITIONS, type Finding } from '../../src/core/alerts/conditions.ts';
import { type AlertMemo, EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import { EMPTY_FLEET } from '../../src/core/records.ts';
import { aChannel, aFinding, aStory } from '../support/alert-rows.ts';
import { anyChannel, anyMemo, anyStory, everyFinding } from '../support/any-record.ts';
import { tries } from '../support/campaign.ts';
import { aTarget, child, NOW } from '../support/journal.ts';

/** A memo that counts updates. */
const counted = ({ watchedSince }: AlertMemo): AlertMemo => ({
  watchedSince: { ...watchedSince, count: (watchedSince['count'] ?? 0) + 1 },
});

const RUNS = { numRuns: tries(60) };

/** `open` gives a journal with nothing in it, closed by the opener after the test. */
export function alertBookContract(name: string, open: () => Promise<Journal>): void {
  describe(`${name} keeps the contract of the alert book`, () => {
    test('knows nothing at first', async () => {
      expect(await (await open()).alertBook()).toEqual(EMPTY_BOOK);
    });

    test('gives back every field of a story of every condition', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(everyFinding, anyStory, async (findings, like) => {
          const { members } = aStory('a');
          const putStories = findings.map((finding) => ({
            ...like,
            id: finding.id,
            members: members.map((member) => ({ ...member, finding })),
          }));
          const removeStories = (await journal.alertBook()).stories.map(({ id }) => id);
          expect(await journal.updateAlerts(() => ({ putStories, removeStories }))).toEqual({
            putStories,
            removeStories,
          });
          const { stories } = await journal.alertBook();
          expect(stories.map((story) => story.members[0]?.finding.condition)).toEqual(CONDITIONS);
          expect(stories).toEqual(putStories);
        }),
        RUNS,
      );
    });

    test('gives back every field of channels and the memo', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(anyChannel, anyMemo, async (channel, memo) => {
          await journal.updateAlerts(() => ({ putChannels: [channel], memo }));
          const book = await journal.alertBook();
          expect(book.channels).toContainEqual(channel);
          expect(book.memo).toEqual(memo);
        }),
        RUNS,
      );
    });

    test('changes what is named and nothing else', async () => {
      const journal = await open();
      const memo = { watchedSince: { k: NOW } };
      const begun = {
        putStories: [aStory('a'), aStory('b')],
        putChannels: [aChannel('ops'), aChannel('boss')],
        memo,
      };
      await journal.updateAlerts(() => begun);
      const failing = aChannel('ops', { failures: 2, failingSince: NOW });
      const told = aStory('b', { endedAt: NOW + 1 });
      await journal.updateAlerts(() => ({ putStories: [told], putChannels: [failing] }));
      const changed = {
        stories: [aStory('a'), told],
        channels: [failing, aChannel('boss')],
        memo,
      };
      expect(await journal.alertBook()).toEqual(changed);
      expect(await journal.updateAlerts(() => ({}))).toEqual({});
      expect(await journal.alertBook()).toEqual(changed);
      await journal.updateAlerts(() => ({ removeStories: ['a'], removeChannels: ['ops'] }));
      expect(await journal.alertBook()).toEqual({ ...changed, stories: [told], channels: [aChannel('boss')] });
    });

    test('keeps stories and channels in the order of their first writing, whatever their ids and instants say', async () => {
      const journal = await open();
      const [a, b, c] = [aStory('a', { since: 2 }), aStory('b', { since: 1 }), aStory('c', { since: 3 })];
      await journal.updateAlerts(() => ({ putStories: [c, b], putChannels: [aChannel('ops'), aChannel('boss')] }));
      await journal.updateAlerts(() => ({ putStories: [a], removeStories: ['b'], putChannels: [aChannel('ops')] }));
      await journal.updateAlerts(() => ({ putStories: [b, c] }));
      const { stories, channels } = await journal.alertBook();
      expect(stories).toEqual([c, a, b]);
      expect(channels.map(({ name }) => name)).toEqual(['ops', 'boss']);
    });

    test('takes removing what is not there for done', async () => {
      const journal = await open();
      await journal.updateAlerts(() => ({ removeStories: ['none'], removeChannels: ['none'] }));
      expect(await journal.alertBook()).toEqual(EMPTY_BOOK);
    });

    test('removes before it puts', async () => {
      const journal = await open();
      await journal.updateAlerts(() => ({ putStories: [aStory('a'), aStory('b')] }));
      await journal.updateAlerts(() => ({
        removeStories: ['a'],
        putStories: [aStory('a', { endedAt: NOW })],
      }));
      const { stories } = await journal.alertBook();
      expect(stories).toEqual([aStory('b'), aStory('a', { endedAt: NOW })]);
    });

    test('an update that throws, or that cannot be kept, changes nothing', async () => {
      const journal = await open();
      await journal.updateAlerts(() => ({ putStories: [aStory('a')] }));
      const before = await journal.alertBook();
      const fault = new Error('not this time');
      const failing = (): never => {
        throw fault;
      };
      await expect(journal.updateAlerts(failing)).rejects.toBe(fault);
      const unfit = aStory('c', { since: Number.NaN });
      await expect(
        journal.updateAlerts(() => ({ removeStories: ['a'], putStories: [aStory('b'), unfit] })),
      ).rejects.toThrow(/^the journal cannot keep this change of alerts: putStories\.1\.since: /);
      expect(await journal.alertBook()).toEqual(before);
    });

    test('what it took in is a copy, and what it gives out cannot be changed', async () => {
      const journal = await open();
      const targets = ['a'];
      const finding: Finding = { ...aFinding(), condition: 'Unverified', facts: { targets } };
      const story = aStory('a', { finding });
      const kept = structuredClone(story);
      const update = await journal.updateAlerts(() => ({ putStories: [story] }));
      const before = await journal.alertBook();
      targets.push('changed by the caller');
      expect(() => (before.stories as unknown[]).push(1)).toThrow(TypeError);
      expect(() => Object.assign(update.putStories?.[0] ?? {}, { since: 1 })).toThrow(TypeError);
      await journal.updateAlerts((book) => {
        expect(() => (book.stories as unknown[]).push(1)).toThrow(TypeError);
        return { putStories: [aStory('b')] };
      });
      expect(before.stories).toEqual([kept]);
      expect((await journal.alertBook()).stories).toHaveLength(2);
    });

    test('updates at one time all count', async () => {
      const journal = await open();
      const count = journal.updateAlerts.bind(journal, ({ memo }) => ({
        memo: counted(memo),
        putStories: [aStory(`s-${memo.watchedSince['count'] ?? 0}`)],
      }));
      await Promise.all(Array.from({ length: 30 }, count));
      const { memo, stories } = await journal.alertBook();
      expect([memo.watchedSince['count'], stories.length]).toEqual([30, 30]);
    });

    test('keeps no secret that a message carries, nor one inside a name', async () => {
      const journal = await open();
      const jwt = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(86)}`;
      const error = { code: 'ERR_INTERNAL', message: `unexpected: ${jwt}`, hint: jwt } as const;
      const story = aStory(`ChannelFailing/${jwt}`, { finding: aFinding({ id: `ChannelFailing/${jwt}`, error }) });
      const [told] = Object.values(story.told);
      if (told === undefined) throw new TypeError('nobody was told');
      await journal.updateAlerts(() => ({
        putStories: [{ ...story, told: { [jwt]: { ...told, thread: `thread ${jwt}`, next: `Do ${jwt}` } } }],
        putChannels: [aChannel('AKIDabcdefghijklmnop', { error })],
        memo: { watchedSince: { [jwt]: NOW } },
      }));
      const book = await journal.alertBook();
      expect(JSON.stringify(book)).not.toContain(jwt.slice(0, 20));
      expect(book.stories[0]?.id).toBe('ChannelFailing/[redacted JWT]');
      expect(book.stories[0]?.told).toMatchObject({ '[redacted JWT]': { thread: 'thread [redacted JWT]' } });
      expect(book.channels[0]?.name).toBe('[redacted access key id]');
      await journal.updateAlerts(() => ({ removeStories: [story.id] }));
      expect((await journal.alertBook()).stories).toEqual([]);
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
      const children = ['a', 'b'].map((token) => child('alerts', path, token, '60', JSON.stringify(aStory(token))));
      for (const each of children) expect(await each.line()).toBe('ready');
      for (const each of children) each.go();
      for (const { lines, stderr } of await Promise.all(children.map((each) => each.end()))) {
        expect([stderr, lines.at(-1)]).toEqual(['', 'done']);
      }
      const { stories, memo } = await (await open()).alertBook();
      expect(memo.watchedSince['count']).toBe(120);
      expect(new Set(stories.map(({ id }) => id)).size).toBe(120);
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
        const [ours, theirs] = [aStory(`ours-${i}`), aStory(`theirs-${i}`)];
        await one.updateAlerts(() => ({ putStories: [ours] }));
        expect((await other.alertBook()).stories).toContainEqual(ours);
        await other.updateAlerts(({ stories }) => {
          expect(stories).toContainEqual(ours);
          return { removeStories: [ours.id], putStories: [theirs] };
        });
        await one.updateAlerts(({ stories }) => {
          expect(stories).toEqual([theirs]);
          return { removeStories: [theirs.id] };
        });
      }
      expect(await other.alertBook()).toEqual(EMPTY_BOOK);
    });

    test('of updates at one time those that fail leave nothing behind, in no process', async () => {
      const { open } = place();
      const journals = [await open(), await open()];
      const updates = Array.from({ length: 90 }, (_, i) =>
        journals[i % 2]?.updateAlerts(({ memo }) => {
          const next = { memo: counted(memo) };
          // Each third cannot be kept.
          return i % 3 === 0 ? { ...next, putStories: [aStory('a', { since: Number.NaN })] } : next;
        }),
      );
      const kept = (await Promise.allSettled(updates)).filter(({ status }) => status === 'fulfilled').length;
      expect(kept).toBe(60);
      for (const journal of [...journals, await open()])
        expect((await journal.alertBook()).memo.watchedSince['count']).toBe(60);
    });

    test('what was updated is there when it is opened again', async () => {
      const { open } = place();
      const first = await open();
      const update = { putStories: [aStory('a'), aStory('b')], putChannels: [aChannel('ops', { digestAt: NOW })] };
      await first.updateAlerts(() => update);
      const book = await first.alertBook();
      await first.close();
      expect(await (await open()).alertBook()).toEqual(book);
    });
  });
}
