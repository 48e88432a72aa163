// What a journal gets back that was kept in memory for a while.
import type { AlertBook, AlertUpdate } from '../../core/alerts/records.ts';

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
