// English: labels, titles, the digest, the test message, and what is said at the end of a condition.
import { TARGET_STATES, type TargetStateName } from '../../reasons.ts';
import { command } from '../command.ts';
import { detail, shortFingerprint } from '../quote.ts';
import type { Counts, Span, Texts } from '../texts.ts';
import { CONDITIONS_EN } from './conditions.ts';
import { fails } from './finding.ts';
import { at, counted, day, duration, listed, MOVED, REASONS, sentences, when } from './words.ts';

const STATES: Readonly<Record<TargetStateName, string>> = {
  healthy: 'healthy',
  rotated: 'just renewed',
  due: 'due for renewal',
  pending: 'waiting for your consent',
  unverified: 'renewed, but not shown by CloudBase',
  failed: 'failed',
  unknown: 'never read',
};

export const EN = {
  conditions: CONDITIONS_EN,

  endings: {
    cleared: (span) => `It lasted ${lasted(span)}.`,
    ended: ({ error }, span) =>
      sentences(
        `It lasted ${lasted(span)}; nobody could be notified meanwhile, and it is over now.`,
        fails('The last error', error),
      ),
  },

  rotated: {
    title: 'the client secret was renewed',
    what: ({ reason, keyId, fingerprint, expiresAt, previousExpiresAt }, now) =>
      sentences(
        `It was replaced because ${REASONS[reason]}.`,
        `The new one${keyId === null ? '' : `, of key ${detail(keyId, 40)}`}${fingerprint === null ? '' : `, fingerprint ${shortFingerprint(fingerprint)}`}${expiresAt === null ? ' is in place' : `, is valid until ${when(expiresAt, now)}`}.`,
        previousExpiresAt === null
          ? ''
          : `The one before ${previousExpiresAt > now ? 'would have expired' : 'expired'} at ${when(previousExpiresAt, now)}.`,
      ),
  },

  unwatched: {
    title: ({ moved }) => (moved ? MOVED : 'no longer watched: the target was removed from the configuration'),
    what: ({ expiresAt, moved, open }, now) =>
      sentences(
        moved
          ? 'The service goes on checking and renewing its client secret, but has no history of it at the new endpoint.'
          : 'The service no longer checks or renews its client secret.',
        moved
          ? ''
          : expiresAt === null
            ? 'When that secret expires is not known.'
            : `That secret ${expiresAt > now ? 'expires' : 'expired'} at ${when(expiresAt, now)}.`,
        open.length === 0
          ? ''
          : `These alerts were still open and are closed now, although nothing was fixed: ${listed(open)}.`,
        moved
          ? 'If this was a mistake, restore cloudbase.endpoint.'
          : 'If this was a mistake, put the target back into the configuration.',
      ),
  },

  titles: {
    one: (mark, target, headline) =>
      `${[mark, target].filter(Boolean).join(target && /[A-Z]$/.test(mark) ? ' ' : ': ')}: ${headline}`,
    mark: (status, severity) =>
      ({
        raised: severity.toUpperCase(),
        escalated: `now ${severity.toUpperCase()}`,
        changed: `changed, ${severity.toUpperCase()}`,
        repeated: `still ${severity.toUpperCase()}`,
        cleared: 'all clear',
        ended: 'over, reported late',
        happened: '',
      })[status],
    loginsUntil: (ms) => ` (secret expires ${day(ms)})`,
    many: (counts, kinds) => [manyOf(counts), ...(kinds.length === 0 ? [] : [kinds.join(', ')])].join(': '),
    kind: (title, count) => (count === 1 ? title : `${title} (${count})`),
    digest: ({ targets, openTotal }) =>
      `weekly report: ${counted(targets, 'target')}, ${openTotal === 0 ? 'nothing wrong' : counted(openTotal, 'open alert')}`,
    test: 'TEST: this is only a test, nothing is wrong',
  },

  digest: (digest, { instance, version, now }) => [
    `Weekly report of ${instance}, ${at(now)}; apple-secret-rotator ${detail(version, 40)}.`,
    `${counted(digest.targets, 'target')}${statesOf(digest.states)}.`,
    ...(digest.renewals.length === 0
      ? ['No renewals are planned.']
      : [
          'Next renewals:',
          ...digest.renewals.map(
            ({ target, at: ms, expiresAt }) =>
              `- ${detail(target, 63)}: ${ms <= now ? `due since ${when(ms, now)}` : when(ms, now)}, expires ${day(expiresAt)}`,
          ),
        ]),
    ...(digest.openTotal === 0
      ? ['Nothing is wrong.']
      : [
          `${counted(digest.openTotal, 'open alert')}, worst first:`,
          ...digest.open.map(
            ({ condition, target, targets, severity }) =>
              `- ${severity.toUpperCase()}${target === null ? '' : ` ${detail(target, 63)}`}: ${CONDITIONS_EN[condition].title}${targets > 1 ? ` (${counted(targets, 'target')})` : ''}`,
          ),
          ...(digest.openTotal > digest.open.length
            ? [`- and ${digest.openTotal - digest.open.length} more: ${command('alerts')}`]
            : []),
        ]),
    'If this message does not come next week, something is wrong with the rotator or with this channel.',
  ],

  test: ({ instance, version, now }) => [
    `This is a test message of ${instance}, sent by hand at ${at(now)}; apple-secret-rotator ${detail(version, 40)}.`,
    'Nothing is wrong and nothing needs to be done.',
    'If you can read it, alerts of this service arrive here.',
  ],

  reasons: REASONS,

  labels: {
    status: {
      raised: 'new',
      escalated: 'has become worse',
      changed: 'has changed',
      repeated: 'still so',
      cleared: 'all clear',
      ended: 'over, reported late',
      happened: 'for your information',
    },
    severity: { warning: 'warning', critical: 'CRITICAL', info: 'info' },
    instance: 'Instance',
    target: 'Target',
    targets: 'Targets, soonest expiry first',
    since: 'Since',
    until: 'Ended',
    loginsUntil: 'Secret expires',
    next: 'Next step',
    condition: 'Alert',
    code: 'Error code',
    runbook: 'Runbook',
    more: (count) => `and ${count} more: ${command('alerts')}`,
    cut: '… (cut)',
  },
} as const satisfies Texts;

/** `3 hours, from 2026-11-22 17:15 UTC to 2026-11-22 20:15 UTC`. */
function lasted({ since, until }: Span): string {
  return `${duration(until - since)}, from ${at(since)} to ${at(until)}`;
}

/** `2 alerts (all critical)`, `5 alerts (2 critical, 3 warning), 3 all clear`. */
function manyOf({ critical, warning, cleared, ended, happened }: Counts): string {
  const open = critical + warning;
  const [one, all] = critical > 0 ? ['critical', 'all critical'] : ['warning', 'all warnings'];
  const worst = open === 1 ? one : critical * warning === 0 ? all : `${critical} critical, ${warning} warning`;
  const others = [
    cleared > 0 ? `${cleared} all clear` : '',
    ended > 0 ? `${ended} reported late` : '',
    happened > 0 ? `${happened} for information` : '',
  ].filter(Boolean);
  return [...(open === 0 ? [] : [`${counted(open, 'alert')} (${worst})`]), ...others].join(', ');
}

/** `: 10 healthy, 2 due for renewal`, in the order of the vocabulary, states that no target is in left out. */
function statesOf(states: Readonly<Record<string, number>>): string {
  const known = TARGET_STATES.map((state) => [STATES[state], states[state] ?? 0] as const);
  const parts = known.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
