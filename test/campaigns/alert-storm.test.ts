// What a storm costs the people who are told of it: messages and incidents for each channel, with 40 and 500 targets, an
// hourly schedule and one of ten seconds. The real daemon, channels and sandbox, over a clock that is moved by hand. The
// figures stand in `alert-storm.md` beside this file, behind those of version 0.1.0, which were measured once with the same
// storms (`alert-storm-before.json`): its program was wired to the moved clock, with ticks by that clock in place of
// node-cron's. Reminders are counted by themselves: `repeatEvery` is the reader's choice. Of 500 targets, and of a schedule of
// ten seconds, one storm is played, because all of them take half an hour: CAMPAIGN_STORMS=all plays them too, and writes
// the figures.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { alertStorm } from '../support/alert-storm.ts';
import { CHATS, type Counted, played, type Schedule, STORMS, type StormCounts } from '../support/storms.ts';
import before from './alert-storm-before.json' with { type: 'json' };

const BEFORE = before.figures as unknown as Readonly<Record<string, StormCounts>>;
const HEAD = [
  'What each channel got in version 0.1.0 (commit eed2823) → what it gets now. Both were measured with the same storms: the',
  'daemon in one process with the sandbox and its inbox, over a clock that is moved by hand. `–` was not measured: 0.1.0',
  'would have taken hours. Messages that an inbox refused, as its vendor would have, are not counted. Mail has no inbox in',
  'the sandbox; it is told what the webhook is told. To open: while the trouble lasted, without reminders. To close: after it',
  'was mended. Alertmanager is told again every two minutes what is open, as its protocol wants.',
  '',
  '| trouble | targets | schedule | webhook, Slack: to open | to close | WeCom, DingTalk, Feishu: to open | to close | reminders, for information | PagerDuty: incidents | never resolved | posts to Alertmanager |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** What was told to open and to close, without reminders and what is for information. */
function toldOver({ channels, others }: StormCounts, name: keyof StormCounts['channels']): Counted {
  const [opening, closing] = channels[name];
  return [Math.max(0, opening - others[0]), Math.max(0, closing - others[1])];
}

/** The cells of a row, in its order. */
function cellsOf(counts: StormCounts): number[] {
  const { channels, others, incidents, unresolved } = counts;
  const told = [...toldOver(counts, 'webhook'), ...toldOver(counts, 'wecom')];
  return [...told, others[0] + others[1], incidents, unresolved, channels.alertmanager[0] + channels.alertmanager[1]];
}

test('500 targets whose permission is denied are two messages at most in every channel, and one when it is over', () =>
  alertStorm(500));

const FILE = fileURLToPath(new URL('alert-storm.md', import.meta.url));
const PLAYS_ALL = process.env['CAMPAIGN_STORMS'] === 'all';

const RUNS: readonly (readonly [size: number, schedule: Schedule])[] = [
  [40, 'hourly'],
  [40, 'every 10 s'],
  [500, 'hourly'],
  [500, 'every 10 s'],
];

describe('a storm', () => {
  const rows: string[] = [];
  const beginnings: string[] = [];

  for (const [name, storm] of Object.entries(STORMS))
    for (const [size, schedule] of RUNS) {
      // One is enough to show that so many targets are checked without a pause.
      if (schedule !== 'hourly' && (storm.isLong || (size > 40 && name !== 'CAM denies a call'))) continue;
      const beginning = `| ${name} | ${size} | ${schedule} |`;
      beginnings.push(beginning);
      const isUsual = size === 40 && schedule === 'hourly';
      const isSample = name === 'CAM denies a call' && (size === 40 || schedule === 'hourly');
      if (!PLAYS_ALL && !isUsual && !isSample) continue;
      test(`${name}, ${size}, ${schedule}`, async () => {
        const counts = await played(storm, size, schedule);
        const known = BEFORE[`${name}, ${size}, ${schedule}`];
        const was = known === undefined ? undefined : cellsOf(known);
        const cells = cellsOf(counts).map((cell, index) => `${was?.[index] ?? '–'} → ${cell}`);
        rows.push(`${beginning} ${cells.join(' | ')} |`);
        const { incidents = 2, opens = 2, isSeveral, broken } = storm;
        for (const channel of CHATS) {
          if (channel === broken) continue;
          const [opening, closing] = toldOver(counts, channel);
          expect.soft(opening, channel).toBeGreaterThan(0);
          expect.soft(opening, channel).toBeLessThanOrEqual(size > 40 || isSeveral ? opens : 2);
          expect.soft(closing, channel).toBeLessThanOrEqual(size > 40 || isSeveral ? Math.max(1, opens - 1) : 1);
          expect.soft(closing, channel).toBeGreaterThan(0);
        }
        expect.soft(counts.refused).toBe(0);
        expect.soft(counts.incidents).toBeGreaterThan(0);
        expect.soft(counts.incidents).toBeLessThanOrEqual(incidents);
        expect.soft(counts.unresolved).toBe(0);
      });
    }

  test('the table has a row for each', () => {
    // The figures of two runs differ a little: what comes together in a message is a matter of milliseconds.
    if (PLAYS_ALL) writeFileSync(FILE, `${[...HEAD, ...rows].join('\n')}\n`);
    const shown = readFileSync(FILE, 'utf8').split('\n').slice(HEAD.length, -1);
    expect(shown.map((row) => beginnings.find((each) => row.startsWith(each)) ?? row)).toEqual(beginnings);
  });
});
