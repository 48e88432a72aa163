// A story as one channel sees it: what was found of it for the targets that the channel names, how bad that is, until
// when the secrets last, and the one finding by which it is told.
import { isShared } from '../../core/alerts/causes.ts';
import {
  type ConditionName,
  type ConditionTarget,
  type Finding,
  SEVERITIES,
  type Severity,
} from '../../core/alerts/conditions.ts';
import { RENEWAL_CONDITIONS } from '../../core/alerts/names.ts';
import type { Story, StoryMember } from '../../core/alerts/records.ts';
import { sharedError } from '../../core/policy.ts';
import { nextFor } from '../../core/texts/languages.ts';
import { earliest } from '../../core/time.ts';
import { concerns, type Route } from './recipients.ts';

/** A target of a story, and when its client secret expires. */
export interface StoryTarget extends ConditionTarget {
  readonly loginsUntil: number | null;
}

export interface StoryView {
  readonly members: readonly StoryMember[];
  readonly severity: Severity;
  /** The worst, by which it is told; of what targets have in common it names them all. */
  readonly lead: Finding;
  /** Soonest expiry first. */
  readonly targets: readonly StoryTarget[];
  /** The soonest expiry. */
  readonly deadline: number | null;
}

/** Of what one target has, what says most comes first. */
const TELLING: readonly ConditionName[] = RENEWAL_CONDITIONS;

/** Stories as a whole: the journal's stories never change, and each is asked for again and again. */
const whole = new WeakMap<Story, StoryView>();

/** Everything that was found of it. */
export function viewOf(story: Story): StoryView {
  const view = whole.get(story) ?? viewAs(story, story.members);
  whole.set(story, view);
  return view;
}

/** What was found for the targets of a channel; undefined if that is nothing. */
export function viewFor(story: Story, route: Route): StoryView | undefined {
  const isSeen = ({ finding }: StoryMember) => concerns(route, finding.target);
  if (route.targets === undefined) return viewOf(story);
  if (!story.members.some(isSeen)) return undefined;
  // What concerns the service goes with what it explains.
  return viewAs(
    story,
    story.members.filter((member) => member.finding.target === null || isSeen(member)),
  );
}

function viewAs({ cause, id, since }: Story, members: readonly StoryMember[]): StoryView {
  const sorted = members.map(({ finding }) => finding).sort((a, b) => worstFirst(a, b, cause));
  const [first] = sorted;
  if (first === undefined) throw new TypeError(`story ${id} has no members`);
  const targets = targetsOf(sorted);
  const deadline = earliest(sorted.map(({ loginsUntil }) => loginsUntil));
  const severity = sorted.some((finding) => finding.severity === 'critical') ? 'critical' : 'warning';
  const all = { severity, error: sharedError(sorted.map(({ error }) => error)) } as const;
  if (!isShared(cause)) {
    const lead = { ...first, ...all, loginsUntil: first.target === null ? deadline : first.loginsUntil };
    return { members, severity, targets, deadline, lead };
  }
  const isNamed = first.condition === cause && targets.length === 0;
  const facts = { targets: isNamed ? first.facts.targets : targets.map(({ name }) => name) };
  const lead = { condition: cause, facts, id, target: null, since, loginsUntil: deadline, ...all };
  return { members, severity, targets, deadline, lead };
}

function worstFirst(a: Finding, b: Finding, cause: Story['cause']): number {
  return (
    Number(b.condition === cause) - Number(a.condition === cause) ||
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    TELLING.indexOf(a.condition) - TELLING.indexOf(b.condition)
  );
}

function targetsOf(findings: readonly Finding[]): StoryTarget[] {
  const targets = new Map<string, StoryTarget>();
  for (const { target, loginsUntil } of findings) {
    if (target === null) continue;
    const known = targets.get(target.key)?.loginsUntil ?? null;
    targets.set(target.key, { ...target, loginsUntil: known ?? loginsUntil });
  }
  const expiry = ({ loginsUntil }: StoryTarget) => loginsUntil ?? Number.POSITIVE_INFINITY;
  return [...targets.values()].sort((a, b) => expiry(a) - expiry(b) || (a.name < b.name ? -1 : 1));
}

const nextSteps = new WeakMap<StoryView, string>();

/**
 * The next step in English, by which a change of it is noticed. Without what it asks to paste: that names the targets,
 * and these come and go.
 */
export function nextOf(view: StoryView, now: number): string {
  const next = nextSteps.get(view) ?? nextFor(view.lead, 'en', now).replace(/`[^`]+`/g, '…');
  nextSteps.set(view, next);
  return next;
}
