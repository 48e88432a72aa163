// What the page shows of one target: its evidence, its windows, and what has happened to its client secrets.
import { errorIn } from '../alerts/words/alert-view.ts';
import type { Language } from '../core/alerts/message.ts';
import { isoOrNull } from '../core/instants.ts';
import { type JudgeClock, judgeLogins } from '../core/logins.ts';
import type { Window } from '../core/ports.ts';
import { emptyTargetState, type Rotation, type TargetState } from '../core/records.ts';
import { rotationView } from '../core/rotation-view.ts';
import { loginsView } from '../core/target-view.ts';
import { DAY, MINUTE } from '../core/time.ts';
import { rowOf } from './overview.ts';
import type { TimelineView } from './page-schemas.ts';
import type { ConfiguredTarget, HttpTools } from './route.ts';

/** The page draws 180 days back and ahead: the longest life of a client secret. */
const AHEAD_MS = 180 * DAY;
/** A window in the drawing is known to this: less than a pixel. */
const WINDOW_GRAIN_MS = 15 * MINUTE;
/** One a night makes 180; more would be too fine to see. */
const MOST_WINDOWS = 200;
/** More rotations than that in a year of one target are shown by the history. */
const MOST_ROTATIONS = 100;

/** Everything about one target. */
export async function timelineOf(
  target: ConfiguredTarget,
  { journal, judgeClock, service }: HttpTools,
  language: Language,
): Promise<TimelineView> {
  const [state, rotations] = [
    await journal.target(target.key),
    await journal.rotations({ target: target.key, limit: MOST_ROTATIONS }),
  ];
  const clock = judgeClock();
  const known = state ?? emptyTargetState({ endpoint: '', ...target }, target.name);
  const { replaced, providerChanges } = known;
  return {
    target: rowOf(state, target, { clock, facts: service() }),
    evidence: loginsView(judgeLogins(known, clock)).evidence,
    error: known.error === null ? null : errorIn(language, known.error, target.name),
    windows: windowsOf(target.policy.window, clock),
    replaced: replaced && { at: isoOrNull(replaced.at), kind: replaced.kind },
    rejections: rejectionsOf(known),
    changes: providerChanges.map(({ path, by, at }) => ({ path, by, at: isoOrNull(at) })),
    differs: known.provider.differs,
    rotations: rotations.map((rotation) => rotationIn(language, rotation)),
  };
}

/** A rotation with its error in one language. */
export function rotationIn(language: Language, rotation: Rotation): TimelineView['rotations'][number] {
  const { error, target } = rotation;
  return { ...rotationView(rotation), error: error === null ? null : errorIn(language, error, target) };
}

function windowsOf(window: Window | undefined, { now }: JudgeClock): TimelineView['windows'] {
  const found: { from: string; until: string }[] = [];
  const end = now + AHEAD_MS;
  for (let at: number | undefined = now; window !== undefined && found.length < MOST_WINDOWS; ) {
    at = window.nextOpening(at, end - at);
    if (at === undefined || at >= end) break;
    let until = at + WINDOW_GRAIN_MS;
    while (until < end && window.isOpen(until)) until += WINDOW_GRAIN_MS;
    found.push({ from: isoOrNull(at) ?? '', until: isoOrNull(until) ?? '' });
    at = until;
  }
  return found;
}

function rejectionsOf({ apple, loginCheck }: TargetState): TimelineView['rejections'] {
  const { answer } = apple.deployed;
  const byApple = answer?.verdict === 'rejected' ? [{ since: answer.since, at: answer.at, by: 'apple' as const }] : [];
  const byLogin =
    loginCheck?.verdict === 'rejected' && loginCheck.rejectedSince !== null
      ? [{ since: loginCheck.rejectedSince, at: loginCheck.at, by: 'login-check' as const }]
      : [];
  return [...byApple, ...byLogin].map(({ since, at, by }) => ({ since: isoOrNull(since), at: isoOrNull(at), by }));
}
