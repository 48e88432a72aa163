// What a journal gets back that was kept in memory for a while.
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AlertBook, AlertUpdate } from '../../core/alerts/records.ts';
import type { Rotation } from '../../core/records.ts';
import { uuidv7 } from '../../core/uuid.ts';

/** The alerts that the journal in memory started with. */
export type Start = Pick<AlertBook, 'stories'>;

/**
 * Stories and channels as they are in memory; what memory started with and no longer has is removed.
 * Rows that memory never had are another process's, and stay.
 */
export function newAlerts(start: Start | undefined, { stories, channels, memo }: AlertBook): AlertUpdate {
  const open = new Set(stories.map(({ id }) => id));
  return {
    putStories: stories,
    removeStories: (start?.stories ?? []).map(({ id }) => id).filter((id) => !open.has(id)),
    putChannels: channels,
    ...(start === undefined ? {} : { memo }),
  };
}

/**
 * The row of a rotation that was kept in memory; undefined: nothing is new. A row that another process has ended meanwhile
 * stays. If that process did not know what was written, the write has a row of its own, always with the same id, so that
 * the secret is known when it shows.
 */
export function newRow(stored: Rotation | undefined, kept: Rotation): Rotation | undefined {
  if (stored === undefined || stored.outcome === null) return isDeepStrictEqual(stored, kept) ? undefined : kept;
  if (kept.intent === null || kept.fingerprint === stored.fingerprint) return undefined;
  const { id, startedAt, intent, outcome, finishedAt } = kept;
  return {
    ...kept,
    id: uuidv7(startedAt, hash('sha256', id, 'buffer')),
    outcome: outcome ?? 'failed',
    finishedAt: finishedAt ?? intent.at,
    settles: stored.outcome === 'failed' && outcome === 'succeeded' ? stored.id : null,
  };
}
