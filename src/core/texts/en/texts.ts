// English: labels, titles, the digest, the test message, and what is said at the end of a condition.
import type { DigestFacts } from '../../alerts/message.ts';
import { TARGET_STATES, type TargetStateName } from '../../reasons.ts';
import { command } from '../command.ts';
import { detail } from '../quote.ts';
import type { Counts, Span, Texts } from '../texts.ts';
import { CONDITIONS_EN } from './conditions.ts';
import { at, counted, day, duration, REASONS, when } from './words.ts';

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

  replica: (name) => `replica ${name}: `,
  lastError: (message) => `The last error: ${message}.`,
  endings: {
    cleared: (span) => `It lasted ${lasted(span)}.`,
    ended: (headline, span) =>
      span.since === span.until
        ? `"${headline}" was found at ${at(span.until)} and put right at once; since when it had lasted is not known.`
        : `"${headline}" lasted ${lasted(span)}; nobody could be notified meanwhile, and it is over now.`,
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
    kind: (title, count, names) =>
      names.length > 0 ? `${title} (${names.join(', ')})` : count === 1 ? title : `${title} (${count})`,
    digest: ({ targets, openTotal }) =>
      `weekly report: ${counted(targets, 'target')}, ${openTotal === 0 ? 'nothing wrong' : counted(openTotal, 'open alert')}`,
    test: 'TEST: this is only a test, nothing is wrong',
    testMark: 'TEST: ',
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

  explain: {
    kinds: { alert: 'alert', reason: 'reason', error: 'error' },
    dangers: {
      renewal:
        'While this lasts, the client secret of the target may not be renewed; once it has expired, every Apple login of the app fails.',
      command: 'Nothing is in danger: the command did nothing.',
      configuration:
        'A daemon does not start with such a configuration, and then renews nothing; one that runs goes on with its old configuration.',
      channel: 'Alerts do not arrive through this channel; the other channels and the renewal go on.',
      journal:
        'The daemon goes on without the journal and renews only what is urgent; other commands cannot do their work.',
      daemon: 'Nothing is in danger: the daemon that runs already goes on.',
    },
    remedies: {
      passes: 'It may go away by itself: what failed is tried again, less and less often, without end.',
      person: 'It does not go away by itself: it needs somebody to act.',
    },
    reason: (clause) => `A client secret is to be replaced because ${clause}.`,
    reasonDanger:
      'The service replaces it by itself; if something keeps it from that, an alert says what, and how long there is time.',
    example: 'For example',
    see: 'See',
  },

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
    ids: 'Environment/provider',
    targets: (count) => (count === 1 ? 'Target' : 'Targets, soonest expiry first'),
    since: 'Since',
    until: 'Ended',
    loginsUntil: 'Secret expires',
    when,
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
function statesOf(states: DigestFacts['states']): string {
  const known = TARGET_STATES.map((state) => [STATES[state], states[state] ?? 0] as const);
  const parts = known.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
