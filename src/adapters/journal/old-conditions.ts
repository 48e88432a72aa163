// What version 0.1.0 kept of alerts, as stories: a row for each condition that was raised, with the channels that were
// told of it. Messages that still waited are not kept: what a channel was not told of is told anew.
import type { DatabaseSync } from 'node:sqlite';
import { SAID_BY_LOGINS_FAIL } from '../../core/alerts/conditions.ts';
import { newStory, type Story } from '../../core/alerts/records.ts';
import { MINUTE } from '../../core/time.ts';

interface OldCondition {
  readonly finding: Story['members'][number]['finding'];
  readonly foundAt: number;
  readonly raisedAt: number | null;
  readonly toldAt: number | null;
  readonly told: Readonly<Record<string, string>>;
}

/** Fills the table of stories. A row that is damaged is left out: what lasts is found again. */
export function storiesFromConditions(db: DatabaseSync): void {
  const put = db.prepare('INSERT OR IGNORE INTO alert_stories (id, document) VALUES (?, ?)');
  const waiting = new Set(
    db
      .prepare(
        `SELECT channel || ' ' || (document ->> '$.subject.finding.id') AS what FROM alert_deliveries
          WHERE document ->> '$.subject.kind' = 'condition' AND document ->> '$.subject.status' = 'raised'`,
      )
      .all()
      .map(({ what }) => what),
  );
  for (const { document } of db.prepare('SELECT document FROM alert_conditions ORDER BY seq').all()) {
    const row = JSON.parse(String(document)) as OldCondition;
    if (!Number.isFinite(row.raisedAt) || typeof row.finding?.id !== 'string') continue;
    const story = storyOf(row, (channel) => waiting.has(`${channel} ${row.finding.id}`));
    put.run(story.id, JSON.stringify(story));
  }
}

function storyOf({ finding, foundAt, toldAt, told }: OldCondition, waits: (channel: string) => boolean): Story {
  const { id, condition, severity, error, loginsUntil } = finding;
  const isOwn = SAID_BY_LOGINS_FAIL.has(condition);
  const own = isOwn ? `RenewalFailing${id.slice(condition.length)}` : id;
  const at = toldAt ?? foundAt;
  const state = { severity, code: error?.code ?? null, next: '', deadline: loginsUntil, reminders: 0, over: false };
  const members = [{ finding, foundAt, criticalAt: severity === 'critical' ? foundAt : null }];
  const since = Math.min(finding.since ?? foundAt, foundAt);
  return {
    ...newStory(own, (isOwn ? 'RenewalFailing' : condition) as Story['cause'], members, since),
    holdMs: MINUTE,
    told: Object.fromEntries(
      Object.entries(told)
        .filter(([channel]) => !waits(channel))
        .map(([channel, thread]) => [channel, { at, thread, ...state }]),
    ),
  };
}
