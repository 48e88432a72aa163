// Every condition in English. People read this at three in the morning: what is wrong, what breaks and when, and one
// next step. Plain words, short sentences, nothing of ours without its explanation.

import type { FindingOf } from '../../alerts/conditions.ts';
import type { SharedCondition } from '../../alerts/names.ts';
import type { SettingDifference } from '../../stated-settings.ts';
import { command, onFiles, quoted } from '../command.ts';
import { type ByCode, because, byCode, deniedCall, isUnproven, nextStep } from '../errors.ts';
import { detail, laneWords, settingValue } from '../quote.ts';
import type { ConditionTable } from '../texts.ts';
import { capitalised, changedBy, madeOf, problems, skew } from './finding.ts';
import { LOGIN_FINDINGS } from './logins.ts';
import { counted, listed, MOVED, REASONS, when } from './words.ts';

/** `shop-prod`, `40 targets`. */
function who(targets: readonly string[]): string {
  return targets.length === 1 ? detail(targets[0] ?? '', 63) : counted(targets.length, 'target');
}

/** The headline of a shared cause: whom it keeps from being checked or renewed, and why. */
function cannotBe(done: 'checked' | 'renewed', why: ByCode) {
  return ({ facts: { targets }, error }: FindingOf<SharedCondition>) =>
    `${who(targets)} cannot be ${done}: ${byCode(why, error)}`;
}

function held({ facts: { targets } }: FindingOf<SharedCondition>): string {
  return `${targets.length === 1 ? 'Its client secret' : 'Their client secrets'} cannot be renewed until this is fixed.`;
}

/** `` `provider.scope` is "openid", the configuration says "openid email name" ``. */
export function difference({ name, found, wanted }: SettingDifference): string {
  const has = found === null ? 'not set' : settingValue(found);
  return `\`provider.${name}\` is ${has}, and the configuration says ${settingValue(wanted)}`;
}

const CONSOLE = 'in the CloudBase console (Authentication, Login Methods, Apple)';

export const CONDITIONS_EN: ConditionTable = {
  RenewalOverdue: {
    title: 'renewal of the client secret is overdue',
    what: ({ facts: { dueSince, reason, windowsPassed } }, now) => {
      const why = reason === null ? '' : `, because ${REASONS[reason]}`;
      const windows = windowsPassed ? `; ${counted(windowsPassed, 'maintenance window')} passed meanwhile` : '';
      return `The client secret has been due for replacement since ${when(dueSince, now)}${why}, and still has not been replaced${windows}.`;
    },
    next: ({ target }) => `Check what holds it back: ${command('plan --target NAME', target)}.`,
    over: 'renewal of the client secret is no longer overdue',
  },

  CheckStale: {
    title: 'the target cannot be checked',
    what: ({ facts: { lastGatherAt } }, now) =>
      `${lastGatherAt === null ? 'No check has ever' : `Since ${when(lastGatherAt, now)} no check has`} been able to read both the key and the Apple login method, so a change there would go unnoticed.`,
    next: ({ target }) => `Run ${command('once --target NAME', target)} and read what it reports.`,
    over: 'the target can be checked again',
  },

  RotationFailing: {
    title: 'the client secret cannot be renewed',
    headline: ({ facts, error }) =>
      isUnproven(error)
        ? 'Apple logins may fail: Apple has not accepted the new client secret yet'
        : because(
            facts.emergency ? 'emergency: the client secret cannot be replaced' : 'the client secret cannot be renewed',
            error,
            'en',
          ),
    what: ({ facts: { failures, nextAttemptAt } }, now) => [
      failures > 1 ? `The last ${failures} attempts failed.` : 'The last attempt failed.',
      `The next one ${nextAttemptAt === null ? 'comes with the next ordinary check' : `is due at ${when(nextAttemptAt, now)}`}.`,
    ],
    next: ({ target }) => `Look at the last attempts: ${command('history --target NAME', target)}.`,
    over: 'the client secret can be renewed again',
  },

  SecretExpiring: {
    title: 'the client secret will expire and has not been renewed',
    headline: ({ facts }, now) =>
      facts.expiresAt > now ? null : 'the client secret was not renewed before its expiry',
    what: ({ facts: { expiresAt } }, now) =>
      expiresAt > now
        ? `The client secret expires at ${when(expiresAt, now)}; from then on every Apple login fails.`
        : `The client secret was not renewed before it expired at ${when(expiresAt, now)}.`,
    next: ({ target }) => `Find out why it is not renewed: ${command('plan --target NAME', target)}.`,
    over: 'the client secret is no longer about to expire',
  },

  LoginsFail: {
    title: 'Apple logins fail',
    headline: ({ facts: { detail: found } }) =>
      `Apple logins ${found === 'unproven' ? 'may still fail' : 'fail'}: ${LOGIN_FINDINGS[found]}`,
    what: ({ facts: { because: blamed, detail: found, at, expiresAt, keyId, clockUncompared } }, now) => {
      const key = blamed === 'provider' ? '' : madeOf(keyId, null);
      return [
        found === 'expired' && expiresAt !== null
          ? `The client secret expired at ${when(expiresAt, now)}; every Apple login of this app fails until it is replaced.`
          : found === 'unproven'
            ? `A useless client secret was replaced, but Apple has not accepted the new one${key} yet, so Apple logins may still fail.`
            : `${capitalised(LOGIN_FINDINGS[found])}${key}, as last seen at ${when(at, now)}. Nobody can log in with Apple until this is fixed.`,
        clockUncompared
          ? 'This is by the clock of this machine, which could not be compared with that of CloudBase.'
          : '',
      ];
    },
    next: ({ facts: { because: blamed, detail: found }, target }) => {
      if (blamed !== 'secret' || found === 'unproven')
        return `Look at the Apple login method ${CONSOLE}, and try an Apple login.`;
      return found === 'rejected'
        ? 'Check in the Apple Developer portal (Keys) that the key is not revoked; if it is, create a new key and give it to this service.'
        : `Run ${command('once --target NAME', target)} now, and if that fails make a client secret with ${command('generate')} and set it by hand ${CONSOLE}.`;
    },
    over: 'Apple logins no longer fail, as far as this service can tell',
  },

  ProviderDisabled: {
    title: 'the Apple login method is switched off',
    what: ({ target }) =>
      `The Apple login method${target?.envId ? ` of environment ${detail(target.envId, 80)}` : ''} is switched off in CloudBase, so nobody can log in with Apple. That does not keep this service from renewing its client secret.`,
    next: `Switch it on ${CONSOLE}, or remove the target if it is meant to stay off.`,
    over: 'the Apple login method is switched on again',
  },

  ProviderDiffers: {
    title: 'the Apple login method is not as the configuration says',
    what: ({ facts }) =>
      `${listed(facts.differences.map(difference))}. The daemon changes nothing but the client secret, so this was left as it is.`,
    next: ({ target }) =>
      `Run ${command('provision --target NAME', target)}, which shows the difference and asks, or correct \`provider\` of the target.`,
    over: 'the Apple login method is as the configuration says',
  },

  ProviderChanged: {
    title: 'other fields of the Apple login method have changed',
    headline: ({ facts: { changes } }) =>
      changedBy(changes, 'our-write') === ''
        ? 'somebody else changed the Apple login method during a renewal'
        : 'writing the client secret changed other fields of the Apple login method',
    what: ({ facts: { changes } }) => {
      const [ours, theirs] = [changedBy(changes, 'our-write'), changedBy(changes, 'somebody-else')];
      return [
        ours &&
          `Writing the client secret also changed ${ours}, which could not be put back: Apple logins may be failing.`,
        theirs && `While the client secret was being written, somebody else changed ${theirs}; that was left as it is.`,
      ];
    },
    next: ({ facts: { changes } }) =>
      changedBy(changes, 'our-write') === ''
        ? `Check that these fields are as you want them ${CONSOLE}.`
        : `Correct these fields ${CONSOLE}, then try an Apple login.`,
    over: 'the changed fields of the Apple login method are settled',
  },

  SecretReplaced: {
    title: 'somebody else replaced the client secret',
    headline: ({ facts: { kind } }) =>
      kind === 'own-identity' ? 'another holder of your key replaced the client secret' : null,
    what: ({ facts: { kind, at, keyId, fingerprint, ourFingerprint, takenBack } }, now) => [
      `At ${when(at, now)} this service found another client secret${takenBack ? '' : madeOf(keyId, fingerprint)} in place of its own${madeOf(null, ourFingerprint)}.`,
      kind === 'own-identity' ? 'It was made with the key of this service, so somebody else holds that key.' : '',
      takenBack
        ? 'Its own is in place again.'
        : 'A good client secret is left in place, no matter who made it, and is renewed when it is due.',
    ],
    next: ({ target }) =>
      `Find out who else writes it (a person, a script, another rotator) and agree on one; if it is this service, run ${command('once --force --target NAME', target)}.`,
    over: 'nobody else has replaced the client secret lately',
  },

  SecretNotShown: {
    title: 'client secrets no longer show as this service left them',
    headline: ({ facts: { targets } }) =>
      `the client secret of ${who(targets)} no longer shows as this service left it`,
    what: ({ since }, now) =>
      `CloudBase has shown nothing in its place${since === null ? '' : ` since ${when(since, now)}`}, or something that is no client secret: somebody may have removed or replaced it. A new one is written once, if Apple accepts it.`,
    next: ({ facts: { targets } }) =>
      `Try an Apple login in ${targets.length === 1 ? 'this app' : 'each of these apps'}, and look at the login method ${CONSOLE}.`,
    over: 'no client secret has vanished from CloudBase lately',
  },

  ConsentNeeded: {
    title: 'a new client secret waits for your consent',
    what: 'Nothing shows that a new client secret is better than what is there.',
    next: ({ target }) => `Try an Apple login; if it fails, run ${command('once --force --target NAME', target)}.`,
    over: 'no new client secret waits for your consent any more',
  },

  TargetMisconfigured: {
    title: 'the target is left out because its configuration is wrong',
    what: (finding) => `Nobody checks or renews its client secret${problems(finding)}.`,
    next: 'Correct this entry of the configuration, then send the daemon SIGHUP or restart it.',
    over: 'the wrong entry of the configuration is gone',
  },

  Unwatched: {
    title: 'no longer watched: the target was removed from the configuration',
    headline: ({ facts }) => (facts.moved ? MOVED : null),
    what: ({ facts: { moved, open } }) => [
      moved
        ? 'The service goes on checking and renewing its client secret, but has no history of it at the new endpoint.'
        : 'The service no longer checks or renews its client secret.',
      open.length === 0
        ? ''
        : `These alerts were still open and are closed now, although nothing was fixed: ${listed(open)}.`,
    ],
    next: ({ facts: { moved } }) =>
      `${moved ? 'Restore cloudbase.endpoint' : 'Put the target back into the configuration'} if this was a mistake.`,
    over: 'the target is watched again',
  },

  Unverified: {
    title: 'CloudBase does not show whether new client secrets arrived',
    what: ({ facts: { targets } }) =>
      `CloudBase accepted the new client secret of ${counted(targets.length, 'target')} but does not show it: ${listed(targets)}. It has probably arrived, but this service cannot verify it.`,
    next: ({ facts }) => `Try an Apple login in ${facts.targets.length === 1 ? 'this app' : 'each of these apps'}.`,
    over: 'CloudBase shows new client secrets again',
  },

  CredentialsRejected: {
    title: 'the cloud credentials of this service do not work',
    headline: cannotBe('checked', {
      ERR_CREDENTIALS_MISSING: 'our cloud credentials are missing',
      ERR_CREDENTIALS_UNAVAILABLE: 'our cloud credentials cannot be fetched',
      other: 'our cloud credentials are refused',
    }),
    what: held,
    next: 'Renew the credentials of this service (`cloudbase.credentials` in the configuration says where they come from).',
    over: 'the cloud credentials of this service work again',
  },

  AccessDenied: {
    title: 'CAM denies calls of this service',
    headline: ({ facts: { targets }, error }) =>
      `${who(targets)} cannot be ${deniedCall(error)?.includes('Modify') ? 'renewed' : 'checked'}: CAM denies ${deniedCall(error) ?? 'a call'}`,
    what: held,
    next: 'Allow this call in CAM.',
    over: 'CAM permits the calls of this service again',
  },

  EndpointFailing: {
    title: 'CloudBase cannot be used',
    headline: cannotBe('checked', {
      ERR_CLOUDBASE_NETWORK: 'CloudBase cannot be reached',
      ERR_CLOUDBASE_TIMEOUT: 'CloudBase cannot be reached',
      ERR_CLOUDBASE_THROTTLED: 'CloudBase throttles the calls of this service',
      ERR_CERTIFICATE: "CloudBase's certificate is not trusted",
      other: 'CloudBase gives no usable answer',
    }),
    what: held,
    next: 'Check the way from this machine to Tencent Cloud.',
    over: 'CloudBase can be used again',
  },

  KeyUnavailable: {
    title: 'a signing key cannot be used',
    headline: cannotBe('renewed', {
      ERR_KEY_NOT_FOUND: 'there is no signing key',
      ERR_KEY_FORBIDDEN: 'this service may not read the signing key',
      ERR_KEY_SOURCE_UNAVAILABLE: 'the signing key cannot be fetched',
      other: 'the signing key cannot be used',
    }),
    what: held,
    next: () => `Find the cause with ${command('history')}.`,
    over: 'the signing key can be used again',
  },

  AppleUnreachable: {
    title: 'Apple cannot be asked about client secrets',
    what: ({ facts: { lastAnswerAt } }, now) => [
      `Apple's token endpoint has ${lastAnswerAt === null ? 'never given a' : 'given no'} usable answer${lastAnswerAt === null ? '' : ` since ${when(lastAnswerAt, now)}`}.`,
      'Renewal goes on with keys that are known to work; a new key has to wait, and a revoked one would not be noticed.',
    ],
    next: "Make Apple's token endpoint (`apple.tokenUrl`) reachable through firewall and proxy, and set NODE_EXTRA_CA_CERTS if a proxy signs connections.",
    over: 'Apple answers again',
  },

  AppleRejectsAll: {
    title: 'Apple rejects every client secret that it was asked about',
    what: ({ facts: { targets } }) => [
      `For over an hour Apple has rejected every client secret that it was asked about${targets.length === 0 ? '' : ` (${listed(targets)})`}.`,
      'It accepted nothing in that time, so this service cannot tell whether these secrets are bad or Apple refuses everybody.',
    ],
    next: 'Try an Apple login in one of these apps; if it fails, check key, Team ID and Services ID in the Apple Developer portal.',
    over: 'Apple accepts client secrets again',
  },

  AppleAcceptsAll: {
    title: "Apple's answers mean nothing",
    what: 'Apple accepts even a client secret that is signed with a false key, so an acceptance proves nothing, and a revoked key would not be noticed.',
    next: "Check that no proxy or test server answers in Apple's place (`apple.tokenUrl`).",
    over: "Apple's answers mean something again",
  },

  ClockSkewed: {
    title: 'the clock of this machine is wrong',
    what: ({ facts: { skewMs } }) => [
      `The clock of this machine is ${skew(skewMs)} CloudBase's.`,
      'Above 60 s, client secrets are written only in an emergency; above 4 minutes, only if the deployed one is missing or expired.',
    ],
    next: 'Set the clock of this machine, for example by switching on NTP.',
    over: 'the clock of this machine is right again',
  },

  JournalUnwritable: {
    title: 'the journal cannot be written',
    what: ({ facts }) =>
      `Until this service can write its records to the journal ${detail(facts.path, 200)}, the daemon renews only what is urgent and forgets open alerts when it restarts, and ${command('once')} does nothing.`,
    next: 'Make the journal writable for the user of this service.',
    over: 'the journal can be written again',
  },

  JournalExposed: {
    title: 'every user of this machine may write the journal',
    what: ({ facts: { places } }) => [
      `Every user of this machine may write ${listed(places.map(({ path, mode }) => `${detail(path, 150)} (mode ${mode})`))}, where this service keeps its records.`,
      'Anyone who changes them can keep client secrets from being renewed, and alerts from being sent.',
    ],
    next: ({ facts: { places } }) =>
      `Restrict it to its owner and group: \`${onFiles(`chmod o-w ${places.map(({ path }) => detail(quoted(path), 150)).join(' ')}`)}\`.`,
    over: 'only its owner and group may write the journal again',
  },

  ChannelFailing: {
    title: 'an alert channel does not accept messages',
    headline: ({ facts }) => `alert channel ${detail(facts.channel, 63)} does not accept messages`,
    what: ({ facts: { attempts, oldestAt } }, now) => [
      attempts === 0
        ? ''
        : `${attempts === 1 ? 'The last attempt' : `The last ${attempts} attempts`} to send a message failed.`,
      oldestAt === null
        ? ''
        : `Messages for this channel have been waiting since ${when(oldestAt, now)}, and are sent again until they arrive.`,
    ],
    next: (finding) => {
      const test = command(`alerts --test --channel ${detail(finding.facts.channel, 63)}`);
      return finding.error === null
        ? `Try it: ${test}.`
        : `${nextStep(finding, 'en', '').replace(/\.$/, '')}; then try it: ${test}.`;
    },
    over: ({ facts }) => `alert channel ${detail(facts.channel, 63)} accepts messages again`,
  },

  ConfigurationRejected: {
    title: 'the new configuration was refused',
    what: 'The daemon goes on with the old configuration; after a restart it would not start.',
    next: 'Correct the configuration, then send SIGHUP again.',
    over: 'the configuration is accepted',
  },

  StartRefused: {
    title: 'the daemon cannot start',
    headline: ({ error }) => {
      if (error?.code === 'ERR_DAEMON_RUNNING') return 'a second daemon waits: another one runs with the same journal';
      return error?.code === 'ERR_CONFIG' ? 'the daemon cannot start: its configuration is wrong' : null;
    },
    what: ({ error }) =>
      error?.code === 'ERR_DAEMON_RUNNING'
        ? 'This one stands by, and takes over when the other one ends.'
        : 'Until the daemon starts, no client secret is checked or renewed.',
    next: 'Correct the configuration; the daemon tries again every minute, or start it again if it has ended.',
    over: ({ error }) =>
      error?.code === 'ERR_DAEMON_RUNNING' ? 'no second daemon waits any more' : 'the daemon has started',
  },

  WritesFailing: {
    title: 'client secrets cannot be written',
    what: ({ facts: { lane, badWrites, urgent } }) => [
      `The last ${badWrites} writes with ${laneWords(lane)} ended badly; after each of them, what is not urgent pauses for an hour.`,
      urgent.length === 0
        ? 'No target needs a new client secret urgently.'
        : `Apple logins are at risk for ${listed(urgent)}.`,
    ],
    next: () => `Find the cause with ${command('history')}.`,
    over: 'client secrets can be written again',
  },

  SchedulerStalled: {
    title: 'the service has stopped checking',
    what: ({ facts: { lastTurnAt, replica } }, now) => [
      `The scheduler last ran at ${when(lastTurnAt, now)}.`,
      replica === undefined ? 'Since then no client secret has been checked or renewed.' : 'The other replicas go on.',
    ],
    next: 'Restart this process, and keep its log to report this fault.',
    over: 'the service checks again',
  },

  ReplicaSilent: {
    title: 'the replica is silent',
    what: ({ facts: { seenAt } }, now) =>
      `It last reported at ${when(seenAt, now)}, and did not say goodbye. The other replicas have taken over its work; with each that is lost, fewer can.`,
    next: 'Check that this replica runs and reaches the database; otherwise start it again.',
    over: 'the replica reports again, or another one has taken its place',
  },

  ReplicasDiffer: {
    title: 'replicas have different configurations',
    what: ({ facts: { replicas } }) =>
      `The configuration of ${listed(replicas)} is not that of the replica that leads. Until it is, nothing is checked there, and a target that is only configured there is not checked at all.`,
    next: 'Give all replicas the same configuration, and restart those that have an older one.',
    over: 'all replicas have the same configuration',
  },
};
