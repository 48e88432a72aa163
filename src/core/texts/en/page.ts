// English for the page.
import type { LoginState, Outcome, Reason, TargetStateName, Trigger, Verdict } from '../../reasons.ts';
import { counted } from './words.ts';

export const PAGE_EN = {
  /** For Intl. */
  locale: 'en-GB',
  views: { targets: 'Targets', calendar: 'Calendar', history: 'History', channels: 'Channels', runbook: 'Runbook' },
  runbook: { back: 'Back to the page', contents: 'Contents' },
  skip: 'Skip to the content',
  navigation: 'Views',
  settings: 'Language and colours',
  language: 'Language',
  scheme: { label: 'Colours', auto: 'system', light: 'light', dark: 'dark' },
  loading: 'Loading…',

  daemon: {
    turns: (ago: string) => `last turn ${ago}`,
    stopped: 'NOT RUNNING',
    noAnswer: 'NO ANSWER',
    label: 'Daemon',
    mode: { embedded: 'embedded', replicas: 'replicas' },
    replicas: 'Replicas',
    leads: (name: string) => `${name} (leads)`,
    silent: (name: string) => `${name} (silent)`,
    journal: 'Journal',
    journalGood: 'written',
    journalBad: (since: string) => `in memory since ${since}`,
    clock: 'Clock',
    clockUnknown: 'not compared yet',
    clockGood: 'right',
    clockOff: (seconds: string) => `${seconds} s off`,
    apple: 'Apple answered',
    never: 'never',
    version: 'Version',
    next: 'Next check',
  },
  live: { live: 'live', asking: 'asking every 10 s', old: (age: string) => `data is ${age} old` },
  lost: {
    title: (age: string) => `This data is ${age} old.`,
    text: 'The daemon does not answer. Check that it runs; the page goes on by itself when it answers again.',
    was: (age: string, verdict: string) => `Unknown now. ${age} ago: ${verdict}`,
    refused: 'The daemon wants a password again. Reload the page.',
  },

  verdict: {
    none: 'Nothing is configured yet.',
    allFine: (total: number) => (total === 1 ? 'The app is fine.' : `All ${total} apps are fine.`),
    someFine: (fine: number, total: number) =>
      total === 1
        ? 'The app is not fine.'
        : `${fine === 0 ? 'None' : fine} of ${total} apps ${fine === 1 ? 'is' : 'are'} fine.`,
    failing: (names: string) => `Logins fail now for ${names}.`,
    stuck: (names: string, one: boolean, left: string | null) =>
      `${names} cannot be renewed${left === null ? '' : ` and ${one ? 'has' : 'the first has'} ${left} left`}.`,
    waiting: (names: string, one: boolean) => `${names} ${one ? 'waits' : 'wait'} for your consent.`,
    off: (names: string) => `Sign in with Apple is switched off for ${names}.`,
    unchecked: (names: string, one: boolean) => `${names} ${one ? 'was' : 'were'} not checked yet.`,
    told: (names: string, one: boolean) => `There ${one ? 'is a warning' : 'are warnings'} about ${names}.`,
    service: (title: string) => `${title[0]?.toUpperCase()}${title.slice(1)}.`,
    next: (name: string, when: string) => `Next renewal: ${name}, ${when}.`,
    stopped: 'The rotator is not running: nothing is checked or renewed.',
    refused: 'The rotator cannot start: nothing is checked or renewed.',
  },
  names: (names: readonly string[], more: number) => {
    if (more > 0) return `${names.join(', ')} and ${more} more`;
    return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  },

  severity: { critical: 'Critical', warning: 'Warning' },
  stories: {
    title: 'What is wrong',
    none: 'Nothing is wrong.',
    since: 'since',
    until: 'Logins work until',
    targets: 'Targets',
    more: (count: number) => `and ${count} more`,
    next: 'Next step',
    runbook: 'Runbook',
    told: 'Told',
    toldAt: (channel: string, ago: string) => `${channel}: told ${ago}`,
    waits: (channel: string) => `${channel}: not told yet`,
    toNobody: 'no channel carries it',
  },
  copy: {
    copy: 'Copy',
    copied: 'Copied',
    selected: 'Selected: press Ctrl-C',
    what: (command: string) => `Copy: ${command}`,
  },

  logins: { works: 'works', fails: 'fails', unknown: 'unknown' } satisfies Record<LoginState, string>,
  off: 'switched off',
  states: {
    healthy: 'healthy',
    rotated: 'just renewed',
    due: 'due for renewal',
    pending: 'waits for consent',
    unverified: 'renewed, not shown',
    failed: 'failed',
    unknown: 'not checked yet',
  } satisfies Record<TargetStateName, string>,
  urgent: 'urgent',

  targets: {
    columns: {
      name: 'Target',
      logins: 'Logins',
      left: 'Days left',
      key: 'Key',
      check: 'Last check',
      rotation: 'Last rotation',
    },
    search: 'Search name, environment or key',
    show: 'Show',
    filters: {
      all: 'all',
      attention: 'needs attention',
      failing: 'logins fail',
      soon: 'renewed within 30 days',
      unknown: 'unknown',
    },
    shown: (shown: number, total: number) =>
      shown === total ? counted(total, 'target') : `${shown} of ${counted(total, 'target')}`,
    none: 'No target fits this filter.',
    all: 'Show all targets',
    evidence: (name: string) => `Evidence about logins of ${name}`,
    noEvidence: 'Nothing is known yet.',
    bar: (left: string, renewal: string) => `${left}; renewal from ${renewal}`,
    expired: 'expired',
    noExpiry: 'not known',
    legend: { renewal: 'renewal', warning: 'warning', critical: 'critical' },
  },

  target: {
    unknown: 'No target has this name.',
    back: 'All targets',
    environment: 'Environment',
    decision: 'Last decision',
    good: (ago: string, renewal: string) =>
      `Checked ${ago}: the client secret is good and left alone. It is due for renewal from ${renewal}.`,
    goodNoDate: (ago: string) => `Checked ${ago}: the client secret is good and left alone.`,
    due: (ago: string, why: string) => `Checked ${ago}: the client secret is to be replaced, because ${why}.`,
    dueNoReason: (ago: string) => `Checked ${ago}: the client secret is to be replaced.`,
    waitsForWindow: (when: string) => `It waits for the maintenance window, which opens ${when}.`,
    retry: (when: string) => `The next attempt comes ${when}.`,
    retryTick: 'It is tried again at the next check.',
    pending: (ago: string, why: string) =>
      `Checked ${ago}: the client secret should be replaced, because ${why}; it waits for your consent.`,
    unverified: (ago: string) => `Checked ${ago}: a new client secret was written, but CloudBase does not show it.`,
    failed: (ago: string) => `Checked ${ago}, and failed:`,
    loginsFail: (ago: string) => `Checked ${ago}: logins fail, as the evidence below shows.`,
    never: 'It was not checked yet.',
    rotate: 'To rotate it now, however much time is left:',
    check: 'To check it now:',
    timeline: 'Client secrets, 180 days back and ahead',
    today: 'now',
    legend: {
      secret: 'client secret',
      deployed: 'deployed',
      issued: 'issued',
      renewal: 'renewal due',
      planned: 'planned renewal, when the window opens',
      warning: 'warning threshold',
      critical: 'critical threshold',
      expiry: 'expires',
      window: 'maintenance window',
      rotation: 'rotation',
      replaced: 'replaced by somebody else',
      rejected: 'rejected',
    },
    replaced: {
      other: 'somebody else’s client secret was found in place of ours',
      'own-identity': 'a client secret by another holder of your key was found in place of ours',
      'not-shown': 'something that cannot be read was found in place of our client secret',
    },
    rejectedBy: {
      apple: 'Apple rejects the deployed client secret',
      'login-check': 'CloudBase reports that Apple rejects it',
    },
    events: 'In order',
    evidence: 'Evidence about logins',
    rotations: 'Rotations',
    changes: 'Settings that drifted',
    differs: (found: string, wanted: string) => `found ${found}, the configuration wants ${wanted}`,
    nothing: 'nothing',
    noChanges: 'None: nothing but the client secret has changed.',
    by: { 'our-write': 'changed by our write', 'somebody-else': 'changed by somebody else' },
  },

  rotation: {
    columns: {
      when: 'When',
      target: 'Target',
      reason: 'Reason',
      outcome: 'Outcome',
      proof: 'Proof',
      ids: 'Request ids',
    },
    outcomes: {
      succeeded: 'succeeded',
      unverified: 'unverified',
      'rolled-back': 'rolled back',
      blocked: 'blocked',
      failed: 'failed',
    } satisfies Record<Outcome, string>,
    running: 'running',
    triggers: {
      schedule: 'on schedule',
      start: 'at the start',
      retry: 'a retry',
      cli: 'by command',
      http: 'over HTTP',
    } satisfies Record<Trigger, string>,
    none: 'No rotation yet.',
    readBack: { seen: 'read back', 'not-shown': 'not shown', 'not-seen': 'not read back' },
    apple: {
      accepted: 'Apple accepts it',
      rejected: 'Apple rejects it',
      unknown: 'Apple: unknown',
      'not-asked': 'Apple not asked',
    } satisfies Record<Verdict, string>,
    loginCheck: { rejected: 'login check: Apple rejects it', unknown: 'login check: unknown' },
    settles: 'settles an earlier failed one',
    by: (who: string) => `by ${who}`,
  },

  calendar: {
    title: 'Renewals of the next 90 days',
    none: 'No renewal falls into the next 90 days.',
    overdue: 'Due already',
    day: (date: string, count: number) => `${date}: ${counted(count, 'renewal')}`,
    expires: (date: string) => `expires ${date}`,
    window: 'when its window opens',
    unknown: (count: number) => `Of ${counted(count, 'target')} it is not known yet when the renewal is due.`,
  },
  history: {
    title: 'All rotations',
    csv: 'Download as CSV',
    json: 'Download as JSON',
    more: 'Show older ones',
    only: (name: string) => `Only ${name}`,
    all: 'Show all targets',
    failed: 'The history cannot be loaded; try again.',
    again: 'Try again',
  },
  channels: {
    title: 'Channels',
    columns: { name: 'Channel', type: 'Type', delivered: 'Last delivered', waiting: 'Waiting', state: 'State' },
    good: 'works',
    unused: 'not used yet',
    failing: (count: number) => `${counted(count, 'failure')} in a row`,
    retry: (when: string) => `next attempt ${when}`,
    none: 'No channel is configured: nobody is notified.',
    test: 'To send a marked test message through each channel:',
  },
  refused: {
    title: 'The daemon cannot start',
    next: 'Next step',
    stays:
      'It looks again each minute and when a file changes, and starts as soon as it can. This page then goes on by itself.',
    line: (line: number) => `line ${line}`,
    foundWanted: (found: string, wanted: string) => `Found ${found}, wanted ${wanted}.`,
    wanted: 'wanted',
  },

  time: {
    now: 'now',
    ago: (amount: string) => `${amount} ago`,
    ahead: (amount: string) => `in ${amount}`,
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => counted(count, 'minute'),
    hours: (count: number) => counted(count, 'hour'),
    days: (count: number) => counted(count, 'day'),
    daysShort: (count: number) => `${count} d`,
    unknown: 'never',
  },
  reasons: {
    SecretMissing: 'there was no client secret',
    SecretUnreadable: 'it could not be read',
    SecretExpired: 'it had expired',
    SecretInvalid: 'Apple cannot accept it',
    RejectedByApple: 'Apple rejected it',
    KeyChanged: 'the key was changed',
    RenewalDue: 'renewal was due',
    Requested: 'requested by hand',
  } satisfies Record<Reason, string>,
};

/** What a language must bring. */
export type PageTexts = Widened<typeof PAGE_EN>;
type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };
