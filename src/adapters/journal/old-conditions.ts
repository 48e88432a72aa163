// What version 0.1.0 kept of alerts, as stories: a row for each condition that was raised, with the channels that were
// told of it. Messages that still waited are not kept: what a channel was not told of is told anew.
import type { DatabaseSync } from 'node:sqlite';
import { isOfRenewal } from '../../core/alerts/names.ts';
import { newStory, type Story } from '../../core/alerts/records.ts';
import { MINUTE } from '../../core/time.ts';

interface OldCondition {
  readonly finding: Story['members'][number]['finding'];
  readonly foundAt: number;
  readonly raisedAt: number | null;
  readonly toldAt: number | null;
  readonly told: Readonly<Record<string, string>>;
}

/** `waiting`: the channels for which its first message still waits. */
const OLD = `
  SELECT document, (
      SELECT json_group_array(channel) FROM alert_deliveries AS sent
        WHERE sent.document ->> '$.subject.kind' = 'condition' AND sent.document ->> '$.subject.status' = 'raised'
          AND sent.document ->> '$.subject.finding.id' = alert_conditions.document ->> '$.finding.id'
    ) AS waiting
    FROM alert_conditions ORDER BY seq`;

/** Fills the table of stories. A row that is damaged is left out: what lasts is found again. */
export function storiesFromConditions(db: DatabaseSync): void {
  const put = db.prepare('INSERT OR IGNORE INTO alert_stories (id, document) VALUES (?, ?)');
  for (const { document, waiting } of db.prepare(OLD).all()) {
    const row = JSON.parse(String(document)) as OldCondition;
    if (!Number.isFinite(row.raisedAt) || typeof row.finding?.id !== 'string') continue;
    const story = storyOf(row, JSON.parse(String(waiting)) as string[]);
    put.run(story.id, JSON.stringify(story));
  }
}

function storyOf({ finding, foundAt, toldAt, told }: OldCondition, waiting: readonly string[]): Story {
  const { id, condition, severity, error, loginsUntil } = finding;
  const cause = isOfRenewal(condition) ? 'RenewalFailing' : condition;
  const common = { at: toldAt ?? foundAt, code: error?.code ?? null, next: '', deadline: loginsUntil, reminders: 0 };
  const members = [{ finding, foundAt, criticalAt: severity === 'critical' ? foundAt : null }];
  const threads = Object.entries(told).filter(([channel]) => !waiting.includes(channel));
  return {
    ...newStory(`${cause}${id.slice(condition.length)}`, cause, members, Math.min(finding.since ?? foundAt, foundAt)),
    holdMs: MINUTE,
    told: Object.fromEntries(
      threads.map(([channel, thread]) => [channel, { ...common, thread, severity, over: false }]),
    ),
  };
}
