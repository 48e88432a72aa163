// What `alerts` says a channel was told: true only where it is what stands there now.
import { expect, test } from 'vitest';
import { exampleNews } from '../../../src/alerts/stories/example.ts';
import { policyOf } from '../../../src/alerts/stories/news.ts';
import { nextOf } from '../../../src/alerts/stories/view.ts';
import { alertsView } from '../../../src/alerts/words/alert-view.ts';
import type { Story, Told } from '../../../src/core/alerts/records.ts';
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import { HOUR, MINUTE } from '../../../src/core/time.ts';
import { NOW } from '../../support/alert-findings.ts';

const CHANNELS = [{ name: 'ops', type: 'webhook', severities: ['warning', 'critical'] as const }];
const REPEAT = { warningMs: 24 * HOUR, criticalMs: 24 * HOUR };

const { story, view } = exampleNews('AccessDenied', 'raised', NOW - HOUR);
const told: Told = {
  at: NOW - HOUR + MINUTE,
  severity: 'critical',
  code: 'ERR_CLOUDBASE_DENIED',
  next: nextOf(view, NOW),
  deadline: view.deadline,
  reminders: 0,
  thread: story.id,
  over: false,
};

function shown(change: Partial<Story>) {
  const book = { ...EMPTY_BOOK, stories: [{ ...story, ...change }] };
  const policy = policyOf({ channels: CHANNELS, repeatEvery: REPEAT }, false);
  const { alerts } = alertsView(book, { now: NOW, runbook: 'docs/runbook.md', channels: CHANNELS, policy });
  return alerts[0]?.channels;
}

const toldAt = new Date(told.at).toISOString();

test('what was told, and is so still', () => {
  expect(shown({ told: { ops: told } })).toEqual([{ name: 'ops', toldAt, delivered: true }]);
});

test('nothing yet', () => {
  expect(shown({})).toEqual([{ name: 'ops', toldAt: null, delivered: false }]);
});

test('another error, or another next step, than was told', () => {
  for (const change of [{ code: 'ERR_CLOUDBASE_TIMEOUT' }, { next: 'Wait.' }])
    expect(shown({ told: { ops: { ...told, ...change } } })).toEqual([{ name: 'ops', toldAt, delivered: false }]);
});

test('a target that has joined since, of which the next message will tell', () => {
  const [first] = story.members;
  if (first === undefined) throw new TypeError('the story is empty');
  const { finding } = first;
  const target = { key: 'k', name: 'blog', envId: 'blog-1', providerId: 'apple' };
  const joined = { ...first, finding: { ...finding, id: 'other', target }, foundAt: NOW - MINUTE, criticalAt: null };
  const members = [first, joined] as Story['members'];
  expect(shown({ members, told: { ops: told } })).toEqual([{ name: 'ops', toldAt, delivered: false }]);
});
