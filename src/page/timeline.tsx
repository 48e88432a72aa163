// The client secrets of one target over 180 days back and ahead: as a drawing, and as the list that it is drawn from.

import type { PageTexts } from '../core/texts/en/page.ts';
import { DAY, MINUTE } from '../core/time.ts';
import type { TimelineView } from '../http/page-schemas.ts';
import { usePage } from './context.ts';
import type { Mood } from './judge.ts';
import { Icon, type IconName } from './parts.tsx';
import { dayOf, instantOf, momentOf, monthOf } from './time.ts';

const SPAN_MS = 180 * DAY;

/** A client secret that is or was deployed. */
export interface Life {
  readonly key: string;
  readonly from: number;
  readonly until: number;
  readonly isDeployed: boolean;
}

export interface Moment {
  readonly at: number;
  readonly kind: keyof PageTexts['target']['legend'];
  readonly text: string;
  readonly mood: Mood;
  readonly icon: IconName;
}

/** The secrets that overlap the span, oldest first. */
export function livesOf({ rotations, target }: TimelineView, now: number): Life[] {
  const known = rotations.filter(hasArrived).flatMap(({ fingerprint, issuedAt, expiresAt, id }) => {
    const [from, until] = [instantOf(issuedAt), instantOf(expiresAt)];
    if (from === undefined || until === undefined) return [];
    return [{ key: fingerprint ?? id, from, until, isDeployed: false }];
  });
  const [from, until] = [instantOf(target.issuedAt), instantOf(target.expiresAt)];
  const deployed =
    until === undefined ? [] : [{ key: 'deployed', from: from ?? now - SPAN_MS, until, isDeployed: true }];
  const others = known.filter((life) => Math.abs(life.until - (until ?? 0)) > 1000);
  return [...others, ...deployed]
    .filter((life) => life.until > now - SPAN_MS && life.from < now + SPAN_MS)
    .sort((a, b) => a.from - b.from);
}

/** Everything that happened or will, in order. */
export function momentsOf(timeline: TimelineView, now: number, texts: PageTexts): Moment[] {
  const { target, rotations, replaced, rejections, changes } = timeline;
  const { legend } = texts.target;
  const moments: Moment[] = [];
  const add = (iso: string | null, kind: Moment['kind'], icon: IconName, mood: Mood, text: string = legend[kind]) => {
    const at = instantOf(iso);
    // A secret of 180 days that was just issued ends a few minutes beyond.
    if (at !== undefined && Math.abs(at - now) < SPAN_MS + DAY) moments.push({ at, kind, icon, mood, text });
  };
  for (const { startedAt, outcome, reason } of rotations) {
    const how = outcome === null ? texts.rotation.running : texts.rotation.outcomes[outcome];
    const mood =
      outcome === 'succeeded' ? 'good' : outcome === null || outcome === 'unverified' ? 'unknown' : 'warning';
    add(startedAt, 'rotation', 'swap', mood, `${legend.rotation}: ${how} (${texts.reasons[reason]})`);
  }
  if (replaced !== null) add(replaced.at, 'replaced', 'person', 'warning', texts.target.replaced[replaced.kind]);
  for (const { since, by } of rejections) add(since, 'rejected', 'critical', 'critical', texts.target.rejectedBy[by]);
  // Of both only the last is kept as such. What rotations met before stands in their rows.
  for (const [index, { startedAt, appleCheck, previousFingerprint: found }] of rotations.entries()) {
    const before = rotations.slice(index + 1);
    // An attempt that failed met the same.
    const failed = before[0] === undefined || hasArrived(before[0]) ? undefined : before[0];
    const at = instantOf(startedAt);
    const isTold = rejections.some(({ since, at: last }) => isWithin(at, since, last));
    if (appleCheck.deployed === 'rejected' && failed?.appleCheck.deployed !== 'rejected' && !isTold)
      add(startedAt, 'rejected', 'critical', 'critical', texts.target.rejectedBy.apple);
    const isOurs = found === null || before.some(({ fingerprint }) => fingerprint === found);
    const isLast = isWithin(instantOf(replaced?.at ?? null), before[0]?.startedAt ?? null, startedAt);
    if (before.some(hasArrived) && !isOurs && failed?.previousFingerprint !== found && !isLast)
      add(startedAt, 'replaced', 'person', 'warning', texts.target.replaced.other);
  }
  for (const { at, path, by } of changes) add(at, 'replaced', 'person', 'warning', `${path}: ${texts.target.by[by]}`);
  add(target.issuedAt, 'issued', 'key', 'good');
  add(target.renewalAt, 'renewal', 'clock', 'unknown');
  if (target.plannedAt !== target.renewalAt) add(target.plannedAt, 'planned', 'window', 'unknown');
  add(target.warningAt, 'warning', 'warning', 'warning');
  add(target.criticalAt, 'critical', 'critical', 'critical');
  add(target.expiresAt, 'expiry', 'end', 'critical');
  return moments.sort((a, b) => a.at - b.at);
}

function hasArrived({ outcome }: TimelineView['rotations'][number]): boolean {
  return outcome === 'succeeded' || outcome === 'unverified';
}

function isWithin(at: number | undefined, from: string | null, until: string | null): boolean {
  const [first, last] = [instantOf(from), instantOf(until)];
  return at !== undefined && first !== undefined && last !== undefined && at >= first && at <= last;
}

export function Timeline({ timeline }: { readonly timeline: TimelineView }) {
  const { texts, minute: now } = usePage();
  const [lives, moments] = [livesOf(timeline, now), momentsOf(timeline, now, texts)];
  const place = (at: number) => Math.max(0, Math.min(100, ((at - now + SPAN_MS) / (2 * SPAN_MS)) * 100));
  const { legend } = texts.target;
  return (
    <>
      <div class="timeline" aria-hidden="true">
        <div class="months">
          {monthsAround(now).map((at) => (
            <span key={at} style={{ left: `${place(at)}%` }}>
              {monthOf(at, texts)}
            </span>
          ))}
        </div>
        <div class="lives">
          {timeline.windows.map(({ from, until }) => (
            <i
              key={from}
              class="window"
              style={{
                left: `${place(Date.parse(from))}%`,
                width: `${place(Date.parse(until)) - place(Date.parse(from))}%`,
              }}
            />
          ))}
          {lives.map(({ key, from, until, isDeployed }) => (
            <div key={key} class={`life ${isDeployed ? 'deployed' : ''}`}>
              <span
                style={{ left: `${place(from)}%`, width: `${place(until) - place(from)}%` }}
                title={`${dayOf(from, texts)} – ${dayOf(until, texts)}`}
              >
                {isDeployed ? legend.deployed : ''}
              </span>
            </div>
          ))}
          <i class="today" style={{ left: '50%' }} />
        </div>
        <div class="marks">
          {moments.map(({ at, kind, icon, mood, text }) => (
            <span
              key={`${kind} ${at}`}
              class={`mark ${mood} ${kind}`}
              style={{ left: `${place(at)}%` }}
              title={`${momentOf(at, texts)}: ${text}`}
            >
              <Icon name={icon} />
            </span>
          ))}
        </div>
      </div>
      <h3>{texts.target.events}</h3>
      <ol class="moments">
        {withNow(moments, now, texts).map(({ at, kind, icon, mood, text }) => (
          <li key={`${kind} ${at} ${text}`} class={`${mood} ${at > now ? 'ahead' : ''} ${kind}`}>
            <Icon name={icon} />
            <time dateTime={new Date(at).toISOString()} title={momentOf(at, texts)}>
              {dayOf(at, texts)}
            </time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function withNow(moments: readonly Moment[], now: number, texts: PageTexts): Moment[] {
  // The clock of the page is known to the minute: what was just done comes before it.
  const today: Moment = { at: now + MINUTE, kind: 'secret', icon: 'clock', mood: 'good', text: texts.target.today };
  return [...moments, today].sort((a, b) => a.at - b.at);
}

/** The first of each month within the span, each second one: more would overlap on a phone. */
function monthsAround(now: number): number[] {
  const first = new Date(now - SPAN_MS);
  return [2, 4, 6, 8, 10, 12]
    .map((month) => new Date(first.getFullYear(), first.getMonth() + month - 1, 1).getTime())
    .filter((at) => at > now - SPAN_MS && at < now + SPAN_MS - 15 * DAY);
}
