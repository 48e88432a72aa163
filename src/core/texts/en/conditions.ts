// Every condition in English. People read this at three in the morning: what is wrong, what breaks and when, and one
// next step. Plain words, short sentences, nothing of ours without its explanation.

import { isShortOfTime } from '../../alerts/logins.ts';
import { command, quoted } from '../command.ts';
import { detail, laneWords } from '../quote.ts';
import type { ConditionTable } from '../texts.ts';
import { afterCorrecting, fails, fields, holds, logins, madeOf, next, problems, skew, times, told } from './finding.ts';
import { counted, listed, REASONS, sentences, when } from './words.ts';

const CONSOLE = 'in the CloudBase console (Authentication, Login Methods, Apple)';

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
    next: (finding) => next(finding, `Check what holds it back: ${command('plan --target NAME', finding.target)}.`),
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
    next: (finding) => next(finding, `Run ${command('once --target NAME', finding.target)} and read what it reports.`),
    over: 'the target can be checked again',
    was: 'the target could not be checked',
  },

  RotationFailing: {
    title: 'the client secret cannot be renewed',
    headline: ({ facts }) =>
      facts.emergency ? 'emergency: the client secret cannot be replaced' : 'the client secret cannot be renewed',
    what: (finding, now) => {
      const { failures, nextAttemptAt, emergency } = finding.facts;
      const last = failures > 1 ? `The last ${failures} attempts failed` : 'The last attempt failed';
      const again =
        nextAttemptAt === null
          ? 'The next attempt comes with the next ordinary check.'
          : `The next attempt is due at ${when(nextAttemptAt, now)}.`;
      return sentences(
        finding.error === null ? `${last}.` : fails(last, finding.error),
        again,
        emergency && !isShortOfTime(finding.loginsUntil, now)
          ? 'The deployed client secret is missing, invalid or rejected by Apple: Apple logins are probably failing now.'
          : logins(finding, now),
      );
    },
    next: (finding) => next(finding, `Look at the last attempts: ${command('history --target NAME', finding.target)}.`),
    over: 'the client secret can be renewed again',
    was: 'the client secret could not be renewed',
  },

  SecretExpiring: {
    title: 'the client secret will expire and has not been renewed',
    what: ({ facts, error }, now) =>
      sentences(
        `The client secret expires at ${when(facts.expiresAt, now)}; from then on every Apple login fails.`,
        fails('It has not been renewed because of this error', error),
      ),
    next: (finding) =>
      next(finding, `Find out why it is not renewed: ${command('plan --target NAME', finding.target)}.`),
    over: 'the client secret is no longer about to expire',
    was: 'the client secret was about to expire',
  },

  SecretExpired: {
    title: 'Apple logins fail: the client secret has expired',
    what: ({ facts, error }, now) =>
      sentences(
        `The client secret expired at ${when(facts.expiresAt, now)}; every Apple login of this app fails until it is replaced.`,
        fails('Replacing it fails', error),
      ),
    next: ({ target }) =>
      `Run ${command('once --target NAME', target)} now, and if that fails make a client secret with ${command('generate')} and set it by hand ${CONSOLE}.`,
    over: 'the client secret is no longer expired',
    was: 'Apple logins failed because the client secret had expired',
  },

  AppleRejectsSecret: {
    title: 'Apple rejects the client secret',
    headline: ({ facts }) =>
      facts.asked === 'same-key' ? 'Apple rejects the key of the client secret' : 'Apple rejects the client secret',
    what: (finding, now) => {
      const { asked, askedAt, keyId, fingerprint } = finding.facts;
      const which = madeOf(keyId, fingerprint);
      return asked === 'same-key'
        ? sentences(
            `CloudBase hides the deployed client secret, so Apple was asked at ${when(askedAt, now)} about a fresh one of the same key${which} and rejected it.`,
            'The key is probably revoked; if so, Apple logins fail already.',
          )
        : sentences(
            `Asked at ${when(askedAt, now)}, Apple rejected the client secret that is deployed${which}, although it has not expired.`,
            'Apple logins are probably failing now; a revoked key is the usual cause.',
          );
    },
    next: ({ facts }) =>
      `Check in the Apple Developer portal (Keys) that ${facts.keyId === null ? 'the key' : `key ${detail(facts.keyId, 40)}`} is not revoked, and if it is, create a new key and give it to this service.`,
    over: 'Apple no longer rejects the client secret',
    was: 'Apple rejected the client secret',
  },

  ProviderDisabled: {
    title: 'the Apple login method is switched off',
    what: ({ target }) =>
      `The Apple login method${target?.envId ? ` of environment ${detail(target.envId, 80)}` : ''} is switched off in CloudBase, so nobody can log in with Apple. That does not keep this service from renewing its client secret.`,
    next: () => `Switch it on ${CONSOLE}, or remove the target if it is meant to stay off.`,
    over: 'the Apple login method is switched on again',
    was: 'the Apple login method was switched off',
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
    headline: ({ facts }) =>
      facts.leftAlone
        ? 'somebody else keeps replacing the client secret, and nobody renews it'
        : 'somebody else replaced the client secret',
    what: ({ facts, error }, now) => {
      const { replacements, keyId, ourFingerprint, ourKeyId, takenBack, leftAlone } = facts;
      const last = replacements.at(-1);
      const ours = madeOf(ourKeyId, ourFingerprint);
      const theirs = madeOf(keyId, last?.fingerprint ?? null);
      const often = replacements.length > 1 ? ` ${times(replacements.length)}, last` : '';
      const moment = last === undefined ? '' : ` at ${when(last.at, now)}`;
      const another =
        theirs === '' ? 'the one there now is of unknown origin' : `the one there now is another${theirs}`;
      const there = takenBack ? `this service has taken it back, and its own is there now${ours}` : another;
      return sentences(
        `The client secret of this service${takenBack ? '' : ours} was replaced by somebody else${often}${moment}; ${there}.`,
        leftAlone
          ? 'To stop both sides from overwriting each other, it is left in place while it is valid, and this service does not renew it.'
          : '',
        fails('What was seen', error),
      );
    },
    next: ({ facts, target }) =>
      facts.leftAlone
        ? `Find out who else writes it (a person, a script, another rotator), stop one of the two, and take it back with ${command('once --force --target NAME', target)}.`
        : 'Find out who else writes it (a person, a script, another rotator) and agree on one.',
    over: 'nobody else has replaced the client secret lately',
    was: 'somebody else had replaced the client secret',
  },

  AdoptionPending: {
    title: 'the client secret is not renewed until you agree',
    what: (finding, now) =>
      sentences(
        `${holds(madeOf(finding.facts.keyId, finding.facts.fingerprint))} and that may be working, so this service does not replace it until you agree; until then nobody renews it.`,
        fails('What was found', finding.error),
        logins(finding, now),
      ),
    next: ({ target }) =>
      `Run ${command('once --adopt --target NAME', target)}, or set \`adopt: true\` on the target, if you want this service to take over.`,
    over: 'your consent to renew the client secret is no longer needed',
    was: 'renewal of the client secret waited for your consent',
  },

  TargetMisconfigured: {
    title: 'the target is left out because its configuration is wrong',
    what: (finding, now) =>
      sentences(`Nobody checks or renews its client secret${problems(finding)}.`, logins(finding, now)),
    next: () => 'Correct this entry of the configuration, then send the daemon SIGHUP or restart it.',
    over: 'the wrong entry of the configuration is gone',
    was: 'the target was left out because its configuration was wrong',
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
    title: 'the cloud credentials of this service are refused',
    what: ({ facts: { targets }, error }) =>
      sentences(
        `${targets.length === 1 ? 'The client secret of 1 target' : `The client secrets of ${targets.length} targets`} can be neither checked nor renewed: ${listed(targets)}.`,
        fails('The last error', error),
      ),
    next: (finding) =>
      next(
        finding,
        'Renew the credentials of this service (`cloudbase.credentials` in the configuration says where they come from).',
      ),
    over: 'the cloud credentials of this service are accepted again',
    was: 'the cloud credentials of this service were refused',
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
    next: () =>
      "Make Apple's token endpoint (`apple.tokenUrl`) reachable through firewall and proxy, and set NODE_EXTRA_CA_CERTS if a proxy signs connections.",
    over: 'Apple answers again',
    was: 'Apple could not be asked about client secrets',
  },

  AppleCheckBlind: {
    title: "Apple's answers about client secrets cannot be trusted",
    what: ({ facts: { controlRejectedAt, oursAcceptedAt } }, now) =>
      sentences(
        'To trust its answers, this service must see Apple reject a false client secret and accept a true one within 7 days.',
        `It ${controlRejectedAt === null ? 'has never rejected a false one' : `last rejected a false one at ${when(controlRejectedAt, now)}`}, and ${oursAcceptedAt === null ? 'has never accepted a true one' : `last accepted a true one at ${when(oursAcceptedAt, now)}`}.`,
        'Until both hold again, a rejection by Apple does not hold back a new client secret, unless the deployed one cannot be read.',
      ),
    next: () => "Check that no proxy answers in Apple's place, and that key, Team ID and Services ID belong together.",
    over: "Apple's answers can be trusted again",
    was: "Apple's answers about client secrets could not be trusted",
  },

  ClockSkewed: {
    title: 'the clock of this machine is wrong',
    what: ({ facts: { skewMs } }) =>
      sentences(
        `The clock of this machine is ${skew(skewMs)} CloudBase's.`,
        'Above 60 s, client secrets are written only in an emergency; above 4 minutes, only if the deployed one is missing or expired.',
      ),
    next: () => 'Set the clock of this machine, for example by switching on NTP.',
    over: 'the clock of this machine is right again',
    was: 'the clock of this machine was wrong',
  },

  JournalUnwritable: {
    title: 'the journal cannot be written',
    what: ({ facts, error }) =>
      sentences(
        told(error, `The journal ${detail(facts.path, 200)}, where this service keeps its records, cannot be written.`),
        'Until it can be written, the daemon renews only what is urgent and forgets open alerts when it restarts, and `once` does nothing.',
      ),
    next: (finding) => next(finding, 'Make the journal writable for the user of this service.'),
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
      `Restrict it to its owner and group: \`chmod o-w ${places.map(({ path }) => detail(quoted(path), 150)).join(' ')}\`.`,
    over: 'only its owner and group may write the journal again',
    was: 'every user of this machine could write the journal',
  },

  ChannelFailing: {
    title: 'an alert channel does not accept messages',
    headline: ({ facts }) => `alert channel ${detail(facts.channel, 63)} does not accept messages`,
    what: ({ facts: { channel, attempts, oldestAt }, error }, now) => {
      const last = attempts === 1 ? 'The last attempt' : `The last ${attempts} attempts`;
      const failed = `${last} to send through channel ${detail(channel, 63)} failed`;
      return sentences(
        attempts === 0 ? '' : error === null ? `${failed}.` : fails(failed, error),
        oldestAt === null
          ? ''
          : `Messages for channel ${detail(channel, 63)} have been waiting since ${when(oldestAt, now)}, and are sent again until they arrive.`,
      );
    },
    next: (finding) =>
      next(finding, `Try it: ${command(`alerts --test --channel ${detail(finding.facts.channel, 63)}`)}.`),
    over: ({ facts }) => `alert channel ${detail(facts.channel, 63)} accepts messages again`,
    was: ({ facts }) => `alert channel ${detail(facts.channel, 63)} did not accept messages`,
  },

  ConfigurationRejected: {
    title: 'the new configuration was refused',
    what: ({ error }) =>
      sentences(
        fails('It cannot be used', error),
        'The daemon goes on with the old configuration; after a restart it would not start.',
      ),
    next: (finding) => afterCorrecting(finding, 'Correct the configuration, then send SIGHUP again.'),
    over: 'the configuration is accepted',
    was: 'a new configuration was refused',
  },

  StartRefused: {
    title: 'the daemon cannot start',
    what: ({ error }) =>
      sentences(
        told(error, ''),
        error?.code === 'ERR_DAEMON_RUNNING'
          ? 'This one stands by, and takes over when the other one ends.'
          : 'Until the daemon starts, no client secret is checked or renewed.',
      ),
    next: (finding) =>
      afterCorrecting(finding, 'Correct the configuration; a daemon that is still running then starts by itself.'),
    over: 'the daemon runs',
    was: 'the daemon could not start',
  },

  WritesFailing: {
    title: 'client secrets cannot be written',
    what: ({ facts: { lane, badWrites, urgent }, error }) =>
      sentences(
        fails(`The last ${badWrites} writes with ${laneWords(lane)} ended badly, the last of them like this`, error),
        urgent.length === 0
          ? 'Apple logins work as before, until client secrets near their end.'
          : `Apple logins are at risk for ${listed(urgent)}.`,
        'After each bad write, what is not urgent pauses for an hour.',
      ),
    next: (finding) => next(finding, `Find the cause with ${command('history')}.`),
    over: 'client secrets can be written again',
    was: 'client secrets could not be written',
  },

  SchedulerStalled: {
    title: 'the service has stopped checking',
    what: ({ facts: { lastTurnAt } }, now) =>
      `The scheduler last ran at ${when(lastTurnAt, now)}. Since then no client secret has been checked or renewed.`,
    next: () => 'Restart the service, and keep its log to report this fault.',
    over: 'the service checks again',
    was: 'the service had stopped checking',
  },
};
