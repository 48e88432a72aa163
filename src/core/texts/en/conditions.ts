// Every condition in English. People read this at three in the morning: what is wrong, what breaks and when, and one
// next step. Plain words, short sentences, nothing of ours without its explanation.

import type { ConditionTarget, FindingOf, SharedCondition } from '../../alerts/conditions.ts';
import type { SettingDifference } from '../../stated-settings.ts';
import { command, onFiles, quoted } from '../command.ts';
import { type ByCode, byCode, deniedCall, isUnproven, nextStep } from '../errors.ts';
import { detail, laneWords, settingValue } from '../quote.ts';
import type { ConditionTable } from '../texts.ts';
import { because, capitalised, fails, fields, logins, madeOf, problems, skew, times, told } from './finding.ts';
import { LOGIN_FINDINGS } from './logins.ts';
import { counted, listed, MOVED, REASONS, sentences, when } from './words.ts';

/** `shop-prod`, `40 targets`. */
function who(targets: readonly string[]): string {
  return targets.length === 1 ? detail(targets[0] ?? '', 63) : counted(targets.length, 'target');
}

function machine(replica: string | undefined): string {
  return replica === undefined ? 'this machine' : `the machine of ${service(replica)}`;
}

function service(replica: string | undefined): string {
  return replica === undefined ? 'the service' : `replica ${detail(replica, 63)}`;
}

function by(replica: string | undefined): string {
  return replica === undefined ? '' : ` by ${service(replica)}`;
}

/** What a shared cause holds up, and until when that can wait. */
function held(finding: FindingOf<SharedCondition>, now: number): string {
  const { targets } = finding.facts;
  const [first] = targets;
  const isOne = targets.length === 1;
  return sentences(
    // The headline names it.
    `The client ${isOne ? 'secret' : `secrets of ${who(targets)}`} cannot be renewed.`,
    finding.loginsUntil === null || first === undefined
      ? ''
      : `${isOne ? 'It' : `The first of them, that of ${detail(first, 63)},`} ${finding.loginsUntil > now ? 'expires' : 'expired'} at ${when(finding.loginsUntil, now)}.`,
    fails('The last error', finding.error),
  );
}

const ENDPOINT: ByCode = {
  ERR_CLOUDBASE_NETWORK: 'CloudBase cannot be reached',
  ERR_CLOUDBASE_TIMEOUT: 'CloudBase cannot be reached',
  ERR_CLOUDBASE_THROTTLED: 'CloudBase throttles the calls of this service',
  ERR_CERTIFICATE: "CloudBase's certificate is not trusted",
  other: 'CloudBase gives no usable answer',
};

const CREDENTIALS: ByCode = {
  ERR_CREDENTIALS_MISSING: 'are missing',
  ERR_CREDENTIALS_UNAVAILABLE: 'cannot be fetched',
  other: 'are refused',
};

const KEY: ByCode = {
  ERR_KEY_NOT_FOUND: 'there is no signing key',
  ERR_KEY_FORBIDDEN: 'this service may not read the signing key',
  ERR_KEY_SOURCE_UNAVAILABLE: 'the signing key cannot be fetched',
  other: 'the signing key cannot be used',
};

const START: ByCode = {
  ERR_DAEMON_RUNNING: 'a second daemon waits: another one runs with the same journal',
  ERR_CONFIG: 'the daemon cannot start: its configuration is wrong',
  other: 'the daemon cannot start',
};

/** `` `provider.scope` is "openid", the configuration says "openid email name" ``. */
export function difference({ name, found, wanted }: SettingDifference): string {
  const has = found === null ? 'not set' : settingValue(found);
  return `\`provider.${name}\` is ${has}, and the configuration says ${settingValue(wanted)}`;
}

const CONSOLE = 'in the CloudBase console (Authentication, Login Methods, Apple)';

/** Two write the same client secret, and it was agreed that this service is to go on. */
function takeBack(target: ConditionTarget | null): string {
  return `if it is this service, run ${command('once --force --target NAME', target)}.`;
}

export const CONDITIONS_EN: ConditionTable = {
  RenewalOverdue: {
    title: 'renewal of the client secret is overdue',
    what: (finding, now) => {
      const { dueSince, reason, windowsPassed } = finding.facts;
      const why = reason === null ? '' : `, because ${REASONS[reason]}`;
      const windows = windowsPassed ? `; the maintenance window has passed ${times(windowsPassed)} since then` : '';
      return sentences(
        `The client secret has been due for replacement since ${when(dueSince, now)}${why}, and still has not been replaced${windows}.`,
        fails('The last error', finding.error),
        logins(finding, now),
      );
    },
    next: ({ target }) => `Check what holds it back: ${command('plan --target NAME', target)}.`,
    over: 'renewal of the client secret is no longer overdue',
    was: 'renewal of the client secret was overdue',
  },

  CheckStale: {
    title: 'the target cannot be checked',
    what: (finding, now) => {
      const { lastGatherAt } = finding.facts;
      const since =
        lastGatherAt === null
          ? 'No check has ever been able to read both the key and the Apple login method'
          : `Since ${when(lastGatherAt, now)} no check has been able to read both the key and the Apple login method`;
      return sentences(
        `${since}, so a change there would go unnoticed.`,
        fails('The last error', finding.error),
        logins(finding, now),
      );
    },
    next: ({ target }) => `Run ${command('once --target NAME', target)} and read what it reports.`,
    over: 'the target can be checked again',
    was: 'the target could not be checked',
  },

  RotationFailing: {
    title: 'the client secret cannot be renewed',
    headline: ({ facts, error }) =>
      isUnproven(error)
        ? 'Apple logins may fail: Apple has not accepted the new client secret yet'
        : because(
            facts.emergency ? 'emergency: the client secret cannot be replaced' : 'the client secret cannot be renewed',
            error,
          ),
    what: (finding, now) => {
      const { failures, nextAttemptAt } = finding.facts;
      const last = failures > 1 ? `The last ${failures} attempts failed` : 'The last attempt failed';
      const again =
        nextAttemptAt === null
          ? 'The next attempt comes with the next ordinary check.'
          : `The next attempt is due at ${when(nextAttemptAt, now)}.`;
      return sentences(
        finding.error === null ? `${last}.` : fails(last, finding.error),
        again,
        finding.loginsUntil === null ? '' : logins(finding, now),
      );
    },
    next: ({ target }) => `Look at the last attempts: ${command('history --target NAME', target)}.`,
    over: 'the client secret can be renewed again',
    was: 'the client secret could not be renewed',
  },

  SecretExpiring: {
    title: 'the client secret will expire and has not been renewed',
    headline: ({ facts }, now) =>
      facts.expiresAt > now
        ? 'the client secret will expire and has not been renewed'
        : 'the client secret was not renewed before its expiry',
    what: ({ facts, error }, now) =>
      sentences(
        facts.expiresAt > now
          ? `The client secret expires at ${when(facts.expiresAt, now)}; from then on every Apple login fails.`
          : `The client secret was not renewed before it expired at ${when(facts.expiresAt, now)}.`,
        fails('It has not been renewed because of this error', error),
      ),
    next: ({ target }) => `Find out why it is not renewed: ${command('plan --target NAME', target)}.`,
    over: 'the client secret is no longer about to expire',
    was: 'the client secret was about to expire',
  },

  LoginsFail: {
    title: 'Apple logins fail',
    headline: ({ facts: { detail: found } }) =>
      `Apple logins ${found === 'unproven' ? 'may still fail' : 'fail'}: ${LOGIN_FINDINGS[found]}`,
    what: ({ facts, error }, now) => {
      const { detail: found, at, expiresAt, keyId, clockUncompared } = facts;
      const finding = LOGIN_FINDINGS[found];
      const key = facts.because === 'provider' ? '' : madeOf(keyId, null);
      return sentences(
        found === 'expired' && expiresAt !== null
          ? `The client secret expired at ${when(expiresAt, now)}; every Apple login of this app fails until it is replaced.`
          : found === 'unproven'
            ? `A useless client secret was replaced, but Apple has not accepted the new one${key} yet, so Apple logins may still fail.`
            : `${capitalised(finding)}${key}, as last seen at ${when(at, now)}. Nobody can log in with Apple until this is fixed.`,
        clockUncompared
          ? 'This is by the clock of this machine, which could not be compared with that of CloudBase.'
          : '',
        fails('The last error', error),
      );
    },
    next: ({ facts: { because: blamed, detail: found }, target }) => {
      if (blamed !== 'secret' || found === 'unproven')
        return `Look at the Apple login method ${CONSOLE}, and try an Apple login.`;
      return found === 'rejected'
        ? 'Check in the Apple Developer portal (Keys) that the key is not revoked; if it is, create a new key and give it to this service.'
        : `Run ${command('once --target NAME', target)} now, and if that fails make a client secret with ${command('generate')} and set it by hand ${CONSOLE}.`;
    },
    over: 'Apple logins no longer fail, as far as this service can tell',
    was: 'Apple logins failed',
  },

  ProviderDisabled: {
    title: 'the Apple login method is switched off',
    what: ({ target }) =>
      `The Apple login method${target?.envId ? ` of environment ${detail(target.envId, 80)}` : ''} is switched off in CloudBase, so nobody can log in with Apple. That does not keep this service from renewing its client secret.`,
    next: () => `Switch it on ${CONSOLE}, or remove the target if it is meant to stay off.`,
    over: 'the Apple login method is switched on again',
    was: 'the Apple login method was switched off',
  },

  ProviderDiffers: {
    title: 'the Apple login method is not as the configuration says',
    what: ({ facts }) =>
      `${listed(facts.differences.map(difference))}. The daemon changes nothing but the client secret, so this was left as it is.`,
    next: ({ target }) =>
      `Run ${command('provision --target NAME', target)}, which shows the difference and asks, or correct \`provider\` of the target.`,
    over: 'the Apple login method is as the configuration says',
    was: 'the Apple login method was not as the configuration says',
  },

  ProviderChanged: {
    title: 'other fields of the Apple login method have changed',
    headline: ({ facts }) =>
      facts.changes.some(({ by }) => by === 'our-write')
        ? 'writing the client secret changed other fields of the Apple login method'
        : 'somebody else changed the Apple login method during a renewal',
    what: ({ facts }) => {
      const ours = facts.changes.filter(({ by }) => by === 'our-write').map(({ path }) => path);
      const theirs = facts.changes.filter(({ by }) => by === 'somebody-else').map(({ path }) => path);
      return sentences(
        ours.length === 0
          ? ''
          : `Writing the client secret also changed ${fields(ours)}, which could not be put back: Apple logins may be failing.`,
        theirs.length === 0
          ? ''
          : `While the client secret was being written, somebody else changed ${fields(theirs)}; that was left as it is.`,
      );
    },
    next: ({ facts }) =>
      facts.changes.some(({ by }) => by === 'our-write')
        ? `Correct these fields ${CONSOLE}, then try an Apple login.`
        : `Check that these fields are as you want them ${CONSOLE}.`,
    over: 'the changed fields of the Apple login method are settled',
    was: 'other fields of the Apple login method had changed',
  },

  SecretReplaced: {
    title: 'somebody else replaced the client secret',
    headline: ({ facts: { kind } }) =>
      kind === 'own-identity'
        ? 'another holder of your key replaced the client secret'
        : 'somebody else replaced the client secret',
    what: ({ facts: { kind, at, keyId, fingerprint, ourFingerprint, takenBack }, error }, now) => {
      const [ours, theirs] = [madeOf(null, ourFingerprint), takenBack ? '' : madeOf(keyId, fingerprint)];
      const kept = {
        other: 'A good client secret is left in place, no matter who made it, and is renewed when it is due.',
        'own-identity':
          'It was made with the key of this service, so somebody else holds that key; it is left in place and renewed when it is due.',
      }[kind];
      return sentences(
        `At ${when(at, now)} this service found another client secret${theirs} in place of its own${ours}.`,
        takenBack ? 'Its own is in place again.' : kept,
        fails('The last error', error),
      );
    },
    next: ({ facts: { kind }, target }) =>
      ({
        other: `Find out who else writes it (a person, a script, another rotator) and agree on one; ${takeBack(target)}`,
        'own-identity': `Find out who else holds this key and writes the client secret, and agree on one; ${takeBack(target)}`,
      })[kind],
    over: 'nobody else has replaced the client secret lately',
    was: 'somebody else had replaced the client secret',
  },

  SecretNotShown: {
    title: 'client secrets no longer show as this service left them',
    headline: ({ facts: { targets } }) =>
      targets.length === 1
        ? `the client secret of ${who(targets)} no longer shows as this service left it`
        : `the client secrets of ${who(targets)} no longer show as this service left them`,
    what: ({ facts: { targets }, since }, now) => {
      const [place, removed] = targets.length === 1 ? ['its place', 'it'] : ['their place', 'them'];
      const from = since === null ? '' : ` since ${when(since, now)}`;
      return sentences(
        `CloudBase has shown nothing in ${place}${from}, or something that is no client secret: somebody may have removed or replaced ${removed}.`,
        'A new one is written once, if Apple accepts it.',
      );
    },
    next: ({ facts: { targets } }) =>
      `Try an Apple login in ${targets.length === 1 ? 'this app' : 'each of these apps'}, and look at the login method ${CONSOLE}.`,
    over: 'no client secret has vanished from CloudBase lately',
    was: 'client secrets had vanished from CloudBase',
  },

  ConsentNeeded: {
    title: 'a new client secret waits for your consent',
    what: (finding, now) =>
      sentences(
        told(finding.error, 'Nothing shows that a new client secret is better than what is there.'),
        logins(finding, now),
      ),
    next: ({ target }) => `Try an Apple login; if it fails, run ${command('once --force --target NAME', target)}.`,
    over: 'no new client secret waits for your consent any more',
    was: 'a new client secret waited for your consent',
  },

  TargetMisconfigured: {
    title: 'the target is left out because its configuration is wrong',
    what: (finding, now) =>
      sentences(`Nobody checks or renews its client secret${problems(finding)}.`, logins(finding, now)),
    next: 'Correct this entry of the configuration, then send the daemon SIGHUP or restart it.',
    over: 'the wrong entry of the configuration is gone',
    was: 'the target was left out because its configuration was wrong',
  },

  Unwatched: {
    title: 'no longer watched: the target was removed from the configuration',
    headline: ({ facts }) => (facts.moved ? MOVED : 'no longer watched: the target was removed from the configuration'),
    what: ({ loginsUntil, facts: { moved, open } }, now) =>
      sentences(
        moved
          ? 'The service goes on checking and renewing its client secret, but has no history of it at the new endpoint.'
          : 'The service no longer checks or renews its client secret.',
        moved
          ? ''
          : loginsUntil === null
            ? 'When that secret expires is not known.'
            : `That secret ${loginsUntil > now ? 'expires' : 'expired'} at ${when(loginsUntil, now)}.`,
        open.length === 0
          ? ''
          : `These alerts were still open and are closed now, although nothing was fixed: ${listed(open)}.`,
      ),
    next: ({ facts: { moved } }) =>
      moved
        ? 'Restore cloudbase.endpoint if this was a mistake.'
        : 'Put the target back into the configuration if this was a mistake.',
    over: 'the target is watched again',
    was: 'the target was not watched',
  },

  Unverified: {
    title: 'CloudBase does not show whether new client secrets arrived',
    what: ({ facts: { targets } }) =>
      `CloudBase accepted the new client secret of ${counted(targets.length, 'target')} but does not show it: ${listed(targets)}. It has probably arrived, but this service cannot verify it.`,
    next: ({ facts }) =>
      facts.targets.length === 1 ? 'Try an Apple login in this app.' : 'Try an Apple login in each of these apps.',
    over: 'CloudBase shows new client secrets again',
    was: 'CloudBase did not show whether new client secrets arrived',
  },

  CredentialsRejected: {
    title: 'the cloud credentials of this service do not work',
    headline: ({ facts: { targets }, error }) =>
      `${who(targets)} cannot be checked: our cloud credentials ${byCode(CREDENTIALS, error)}`,
    what: held,
    next: 'Renew the credentials of this service (`cloudbase.credentials` in the configuration says where they come from).',
    over: 'the cloud credentials of this service work again',
    was: 'the cloud credentials of this service did not work',
  },

  AccessDenied: {
    title: 'CAM denies calls of this service',
    headline: ({ facts: { targets }, error }) =>
      `${who(targets)} cannot be ${deniedCall(error)?.includes('Modify') ? 'renewed' : 'checked'}: CAM denies ${deniedCall(error) ?? 'a call'}`,
    what: held,
    next: 'Allow this call in CAM.',
    over: 'CAM permits the calls of this service again',
    was: 'CAM denied calls of this service',
  },

  EndpointFailing: {
    title: 'CloudBase cannot be used',
    headline: ({ facts: { targets }, error }) => `${who(targets)} cannot be checked: ${byCode(ENDPOINT, error)}`,
    what: held,
    next: 'Check the way from this machine to Tencent Cloud.',
    over: 'CloudBase can be used again',
    was: 'CloudBase could not be used',
  },

  KeyUnavailable: {
    title: 'a signing key cannot be used',
    headline: ({ facts: { targets }, error }) => `${who(targets)} cannot be renewed: ${byCode(KEY, error)}`,
    what: held,
    next: () => `Find the cause with ${command('history')}.`,
    over: 'the signing key can be used again',
    was: 'a signing key could not be used',
  },

  AppleUnreachable: {
    title: 'Apple cannot be asked about client secrets',
    what: ({ facts: { lastAnswerAt }, error }, now) =>
      sentences(
        lastAnswerAt === null
          ? "Apple's token endpoint has never given a usable answer."
          : `Apple's token endpoint has given no usable answer since ${when(lastAnswerAt, now)}.`,
        fails('The last error', error),
        'Renewal goes on with keys that are known to work; a new key has to wait, and a revoked one would not be noticed.',
      ),
    next: "Make Apple's token endpoint (`apple.tokenUrl`) reachable through firewall and proxy, and set NODE_EXTRA_CA_CERTS if a proxy signs connections.",
    over: 'Apple answers again',
    was: 'Apple could not be asked about client secrets',
  },

  AppleRejectsAll: {
    title: 'Apple rejects every client secret that it was asked about',
    what: ({ facts: { targets } }) =>
      sentences(
        `For over an hour Apple has rejected every client secret that it was asked about${targets.length === 0 ? '' : ` (${listed(targets)})`}.`,
        'It accepted nothing in that time, so this service cannot tell whether these secrets are bad or Apple refuses everybody.',
      ),
    next: 'Try an Apple login in one of these apps; if it fails, check key, Team ID and Services ID in the Apple Developer portal.',
    over: 'Apple accepts client secrets again',
    was: 'Apple rejected every client secret that it was asked about',
  },

  AppleAcceptsAll: {
    title: "Apple's answers mean nothing",
    what: 'Apple accepts even a client secret that is signed with a false key, so an acceptance proves nothing, and a revoked key would not be noticed.',
    next: "Check that no proxy or test server answers in Apple's place (`apple.tokenUrl`).",
    over: "Apple's answers mean something again",
    was: "Apple's answers meant nothing",
  },

  ClockSkewed: {
    title: 'the clock of this machine is wrong',
    headline: ({ facts: { replica } }) => `the clock of ${machine(replica)} is wrong`,
    what: ({ facts: { skewMs, replica } }) =>
      sentences(
        `The clock of ${machine(replica)} is ${skew(skewMs)} CloudBase's.`,
        'Above 60 s, client secrets are written only in an emergency; above 4 minutes, only if the deployed one is missing or expired.',
      ),
    next: ({ facts: { replica } }) => `Set the clock of ${machine(replica)}, for example by switching on NTP.`,
    over: ({ facts: { replica } }) => `the clock of ${machine(replica)} is right again`,
    was: ({ facts: { replica } }) => `the clock of ${machine(replica)} was wrong`,
  },

  JournalUnwritable: {
    title: 'the journal cannot be written',
    what: ({ facts, error }) =>
      sentences(
        told(error, `The journal ${detail(facts.path, 200)}, where this service keeps its records, cannot be written.`),
        `Until it can be written, the daemon renews only what is urgent and forgets open alerts when it restarts, and ${command('once')} does nothing.`,
      ),
    next: 'Make the journal writable for the user of this service.',
    over: 'the journal can be written again',
    was: 'the journal could not be written',
  },

  JournalExposed: {
    title: 'every user of this machine may write the journal',
    what: ({ facts: { places } }) =>
      sentences(
        `Every user of this machine may write ${listed(places.map(({ path, mode }) => `${detail(path, 150)} (mode ${mode})`))}, where this service keeps its records.`,
        'Anyone who changes them can keep client secrets from being renewed, and alerts from being sent.',
      ),
    next: ({ facts: { places } }) =>
      `Restrict it to its owner and group: \`${onFiles(`chmod o-w ${places.map(({ path }) => detail(quoted(path), 150)).join(' ')}`)}\`.`,
    over: 'only its owner and group may write the journal again',
    was: 'every user of this machine could write the journal',
  },

  ChannelFailing: {
    title: 'an alert channel does not accept messages',
    headline: ({ facts }) => `alert channel ${detail(facts.channel, 63)} does not accept messages`,
    what: ({ facts: { channel, attempts, oldestAt }, error }, now) => {
      const last = attempts === 1 ? 'The last attempt' : `The last ${attempts} attempts`;
      const failed = `${last} to send a message failed`;
      return sentences(
        attempts === 0 ? '' : error === null ? `${failed}.` : fails(failed, error),
        oldestAt === null
          ? ''
          : `Messages for channel ${detail(channel, 63)} have been waiting since ${when(oldestAt, now)}, and are sent again until they arrive.`,
      );
    },
    next: (finding) => {
      const test = command(`alerts --test --channel ${detail(finding.facts.channel, 63)}`);
      return finding.error === null
        ? `Try it: ${test}.`
        : `${nextStep(finding, 'en', '').replace(/\.$/, '')}; then try it: ${test}.`;
    },
    over: ({ facts }) => `alert channel ${detail(facts.channel, 63)} accepts messages again`,
    was: ({ facts }) => `alert channel ${detail(facts.channel, 63)} did not accept messages`,
  },

  ConfigurationRejected: {
    title: 'the new configuration was refused',
    headline: ({ facts: { replica } }) => `the new configuration was refused${by(replica)}`,
    what: ({ error }) =>
      sentences(
        fails('It cannot be used', error),
        'The daemon goes on with the old configuration; after a restart it would not start.',
      ),
    next: 'Correct the configuration, then send SIGHUP again.',
    over: ({ facts: { replica } }) => `the configuration is accepted${by(replica)}`,
    was: ({ facts: { replica } }) => `a new configuration was refused${by(replica)}`,
  },

  StartRefused: {
    title: 'the daemon cannot start',
    headline: ({ error }) => byCode(START, error),
    what: ({ error }) =>
      sentences(
        told(error, ''),
        error?.code === 'ERR_DAEMON_RUNNING'
          ? 'This one stands by, and takes over when the other one ends.'
          : 'Until the daemon starts, no client secret is checked or renewed.',
      ),
    next: 'Correct the configuration; the daemon tries again every minute, or start it again if it has ended.',
    over: ({ error }) =>
      error?.code === 'ERR_DAEMON_RUNNING' ? 'no second daemon waits any more' : 'the daemon has started',
    was: 'the daemon could not start',
  },

  WritesFailing: {
    title: 'client secrets cannot be written',
    what: ({ facts: { lane, badWrites, urgent }, error }) =>
      sentences(
        fails(`The last ${badWrites} writes with ${laneWords(lane)} ended badly, the last of them like this`, error),
        urgent.length === 0
          ? 'No target needs a new client secret urgently.'
          : `Apple logins are at risk for ${listed(urgent)}.`,
        'After each bad write, what is not urgent pauses for an hour.',
      ),
    next: () => `Find the cause with ${command('history')}.`,
    over: 'client secrets can be written again',
    was: 'client secrets could not be written',
  },

  SchedulerStalled: {
    title: 'the service has stopped checking',
    headline: ({ facts: { replica } }) => `${service(replica)} has stopped checking`,
    what: ({ facts: { lastTurnAt, replica } }, now) =>
      replica === undefined
        ? `The scheduler last ran at ${when(lastTurnAt, now)}. Since then no client secret has been checked or renewed.`
        : `Its scheduler last ran at ${when(lastTurnAt, now)}. The other replicas go on.`,
    next: ({ facts: { replica } }) => `Restart ${service(replica)}, and keep its log to report this fault.`,
    over: ({ facts: { replica } }) => `${service(replica)} checks again`,
    was: ({ facts: { replica } }) => `${service(replica)} had stopped checking`,
  },

  ReplicaSilent: {
    title: 'a replica is silent',
    headline: ({ facts: { replica } }) => `${service(replica)} is silent`,
    what: ({ facts: { seenAt } }, now) =>
      `It last reported at ${when(seenAt, now)}, and did not say goodbye. The other replicas have taken over its work; with each that is lost, fewer can.`,
    next: ({ facts: { replica } }) =>
      `Check that ${service(replica)} runs and reaches the database; otherwise start it again.`,
    over: ({ facts: { replica } }) => `${service(replica)} reports again, or another one has taken its place`,
    was: ({ facts: { replica } }) => `${service(replica)} was silent`,
  },

  ReplicasDiffer: {
    title: 'replicas have different configurations',
    what: ({ facts: { replicas } }) =>
      `${capitalised(listed(replicas.map((name) => service(name))))} ${replicas.length === 1 ? 'has' : 'have'} another configuration than the replica that leads. Until they are alike, ${replicas.length === 1 ? 'it checks' : 'they check'} nothing, and targets that only ${replicas.length === 1 ? 'it has' : 'they have'} are not checked.`,
    next: 'Give all replicas the same configuration, and restart those that have an older one.',
    over: 'all replicas have the same configuration',
    was: 'replicas had different configurations',
  },
};
