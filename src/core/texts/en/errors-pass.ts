// English for errors of the provider, of Apple's verdicts, of a pass, and of the service itself.

import type { CallTrouble, JournalTrouble, RoundTripTrouble } from '../../error-troubles.ts';
import { type ErrorCatalogue, nextOf, type Sentences } from '../catalogue.ts';
import { command, onFiles, ownFolder, program, quoted } from '../command.ts';
import { comparedId } from '../quote.ts';
import { verdictDetail } from './calls.ts';
import { databaseText } from './database.ts';
import type { CALLS_EN } from './errors-calls.ts';
import type { KEYS_EN } from './errors-keys.ts';
import type { SETUP_EN } from './errors-setup.ts';
import { objectionText } from './objections.ts';
import { whyText } from './why.ts';
import { at, listed, REASONS } from './words.ts';

type Pass = Exclude<keyof ErrorCatalogue, keyof typeof SETUP_EN | keyof typeof KEYS_EN | keyof typeof CALLS_EN>;

const CONSOLE = 'in the CloudBase console (Authentication, Login Methods, Apple)';
const byHand = () => `Set a client secret by hand ${CONSOLE}; ${command('generate')} makes one.`;
const byHandNow = () =>
  `Set a client secret by hand now ${CONSOLE}, because Apple logins may be failing; ${command('generate')} makes one.`;
const WHO_ELSE = 'Find out who else writes this client secret (a person, a script, another rotator), and agree on one.';
const SET_CLOCK = 'Set the clock of this machine, for example with NTP.';

const ROUND_TRIP: Readonly<Record<RoundTripTrouble, string>> = {
  masked: 'is shown masked, and the mask would overwrite it',
  'unsafe-number': 'is a number that JSON cannot carry safely',
  'not-utf8': 'has characters that were lost because they are not UTF-8',
  key: 'has a name that a write cannot carry',
  gone: 'was there before and is no longer shown',
};

interface Place {
  readonly path: string;
  readonly folder: string;
  readonly uid: number | null;
}

const OWN_FOLDER = ({ folder, uid }: Place) => ownFolder(folder, `${uid ?? 'USER'}`);
const FREE_SPACE = ({ folder }: Place) => onFiles(`df -h ${quoted(folder)}`);
const MOVE_AWAY = ({ path }: Place) => onFiles(`mv ${quoted(path)} ${quoted(`${path}.damaged`)}`);
const RESTORE = 'Restore a copy of it, or move it away, which loses history but no login.';

const FILES = { journal: 'journal', lock: 'the lock of the journal', copy: 'copy' } as const;

/** What is wrong with the file of the journal, the next step, and what to paste. */
const JOURNAL: Readonly<
  Record<JournalTrouble, readonly [found: string, next: string, copy?: (place: Place) => string]>
> = {
  'not-writable': ['is not writable by this user', 'Give its folder to the user of this process.', OWN_FOLDER],
  'read-only-disk': [
    'is on a read-only file system',
    'Name another file as journal, or find out why the disk is read-only.',
    ({ folder }) => onFiles(`findmnt -T ${quoted(folder)}`),
  ],
  'disk-full': ['cannot grow: the disk or its quota is full', 'Free space on its disk.', FREE_SPACE],
  'no-folder': ['has no folder', 'Create the folder.', ({ folder }) => onFiles(`mkdir -p ${quoted(folder)}`)],
  'is-device': ['is a device or a pipe, not a file', 'Name a file as journal.', () => 'sqlite:./data/journal.db'],
  'is-folder': ['is a folder, not a file', 'Name a file as journal.', () => 'sqlite:./data/journal.db'],
  held: ['is held by another process', 'Find out which process holds it.', ({ path }) => `fuser -v ${quoted(path)}`],
  'disk-error': [
    'cannot be used: the disk reports an error',
    'Check the disk and the system log.',
    () => 'dmesg | tail',
  ],
  damaged: ['is damaged', RESTORE, MOVE_AWAY],
  'not-sqlite': ['is not a SQLite database', RESTORE, MOVE_AWAY],
  foreign: ['is the database of another program', 'Name another file as journal.'],
  moved: [
    'was moved, deleted or replaced while it was open',
    'Restart the service, and stop it first when you move its journal.',
  ],
};

const CHECK_IDS = 'Try an Apple login; if it fails, check key, Team ID and Services ID in the Apple Developer portal.';

export const PASS_EN: Pick<ErrorCatalogue, Pass> = {
  ERR_PROVIDER_NOT_FOUND: {
    absent: ({ envId, providerId }, { target }) => [
      `environment ${envId} has no provider ${providerId}`,
      `Create the Apple login method ${CONSOLE} or with ${command(`provision --target ${target}`)}, or correct envId and providerId of the target.`,
    ],
    deleted: ({ envId, providerId }) => [
      `provider ${providerId} of environment ${envId} has been deleted since it was written`,
      `Create the Apple login method again ${CONSOLE}, or remove the target from the configuration.`,
    ],
  },
  ERR_CLIENT_ID_MISMATCH: ({ found, wanted }) => [
    `the Client ID of the provider is ${found === null ? 'not set' : comparedId(found)}, that of the target is ${comparedId(wanted)}`,
    `Correct clientId of the target, or the Client ID ${CONSOLE}.`,
  ],
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: {
    unsafe: ({ fields }) => [
      `the provider cannot be written without harm: ${harm(fields)}`,
      `Set \`cloudbase.write: secret\` if CloudBase merges what it is sent, so that this is not sent; otherwise set a client secret by hand ${CONSOLE}.`,
    ],
    spared: ({ fields }) => [
      `fields that could not be sent back unharmed are left to CloudBase: ${harm(fields)}`,
      `Check these fields ${CONSOLE} after the write.`,
    ],
    form: (_, { target }) => [
      'an earlier write of the client secret alone changed other fields, so nothing is written in this form again',
      'Set `cloudbase.write` to whole, or rotate by hand if CloudBase merges by now.',
      program(`once --force --target ${target}`),
    ],
    'only-gone': ({ fields }, { target }) => [
      `the provider cannot be written without harm: ${harm(fields)}`,
      `Check these fields ${CONSOLE}, and accept them if they are right.`,
      program(`once --force --target ${target}`),
    ],
  },
  ERR_PROVIDER_CHANGED: {
    'our-write': ({ fields }) => [
      `the new client secret is in place, but the write changed ${listed(fields)}, and restoring failed`,
      `Correct these fields by hand ${CONSOLE}: until then logins may fail.`,
    ],
    'somebody-else': ({ fields }) => [
      `while we wrote, somebody else changed ${listed(fields)}, which was left as it is`,
      `Check these fields ${CONSOLE}, unless you or a colleague just edited them.`,
    ],
    'left-alone': ({ field }) => [
      `nothing was restored, and the provider was left as it is: ${field === null ? 'it changed meanwhile' : `${field} cannot be sent back without harm`}`,
      `Check the provider ${CONSOLE}, and correct it by hand.`,
    ],
  },
  ERR_PROVISION: {
    meanwhile: (_, { target }) => [
      'the provider is no longer as it was shown, so nothing was changed',
      'Look at it again.',
      program(`provision --target ${target}`),
    ],
    'other-secret': (_, { target }) => [
      'the provider does not hold the client secret that was sent, so it stays switched off',
      'Run this again; if it repeats, tell Tencent that CloudBase stores another client secret than it is sent.',
      program(`provision --target ${target}`),
    ],
    'secret-hidden': () => [
      'CloudBase hides the client secret, so a write of the whole Config would lose it; nothing was changed',
      `Set \`cloudbase.write: secret\` if CloudBase merges what it is sent, or set this by hand ${CONSOLE}.`,
    ],
    'not-shown': ({ fields }, { target }) => [
      fields.length === 0
        ? 'CloudBase does not show the provider that was created'
        : `CloudBase does not show ${listed(fields)} as it was written`,
      'Run this again in a minute; if it repeats, state `provider.type: oauth`, which CloudBase does not discover.',
      program(`provision --target ${target}`),
    ],
    harmed: ({ fields }) => [
      `the write also changed ${fields.length === 0 ? 'the client secret' : listed(fields)}, and restoring failed`,
      `Correct this by hand ${CONSOLE}: until then logins may fail.`,
    ],
    'left-off': ({ why, detail }, { target }) => {
      const again = program(`provision --target ${target}`);
      const said: Readonly<Record<typeof why, Sentences>> = {
        rejected: [
          `Apple rejects the client secret${answered(detail)}, so the provider stays switched off`,
          'Check in the Apple Developer portal that the key is enabled for Sign in with Apple and belongs to this Team ID, Services ID and Key ID; then go on.',
          again,
        ],
        unanswered: [
          `Apple gave no usable answer about the client secret${answered(detail)}, so the provider stays switched off`,
          'Make Apple reachable from here, then go on.',
          again,
        ],
        'accepts-all': [
          'Apple accepts even a false client secret, so its answers mean nothing, and the provider stays switched off',
          'Check `apple.tokenUrl`, then go on.',
          again,
        ],
        'not-asked': [
          'the provider stays switched off, because `apple.check` is off and so Apple was not asked about the client secret',
          `Set \`apple.check: compare\` and go on, or switch the provider on by hand ${CONSOLE}.`,
          again,
        ],
      };
      return said[why];
    },
  },
  ERR_PROBE: {
    full: ({ count }) => [
      `the environment has ${count} of at most 20 providers, so there is no room for a measurement`,
      'Choose an environment with fewer providers.',
    ],
    'not-shown': () => [
      'CloudBase did not show a write within half a minute, so nothing more was measured',
      'Try it again later.',
    ],
    leftover: ({ envId, providerId }) => [
      `an interrupted probe has left provider ${providerId} in environment ${envId}`,
      'Run the probe there first, which removes it.',
      program(`probe --env ${envId} --credentials SOURCE`),
    ],
    'no-mark': ({ envId, providerId }) => [
      `provider ${providerId} of environment ${envId} does not bear the mark of a probe, so it was not deleted`,
      'Look at it in the CloudBase console, and delete it there if nobody needs it.',
    ],
    left: ({ envId, providerId }) => [
      `provider ${providerId} of environment ${envId} is not known to be gone`,
      'Run the probe there again, which removes it.',
      program(`probe --env ${envId} --credentials SOURCE`),
    ],
  },
  ERR_CONSENT_REQUIRED: ({ reason }, { target }) => [
    `a new client secret is wanted (${REASONS[reason]}), but \`apple.check\` is off, so nothing shows that it is better than what is there`,
    'Run this if Apple logins fail, or if you are sure of the new key.',
    program(`once --force --target ${target}`),
  ],

  ERR_CANDIDATE_INVALID: ({ objections }) => [
    `the new client secret does not pass our own check: ${objections.map(objectionText).join('; ')}`,
    `Check the key and its ids with ${command('generate')} and ${command('inspect')}, and report a fault of this program if they are right.`,
  ],
  ERR_APPLE_REJECTED: ({ of, detail }) => {
    const said: Readonly<Record<typeof of, Sentences>> = {
      candidate: [
        `Apple rejected the new client secret${answered(detail)}; the deployed one was left in place`,
        'Check in the Apple Developer portal (Keys) that the key is not revoked, is enabled for Sign in with Apple, and belongs to this Team ID, Services ID and Key ID; if it is revoked, create a new key and give it to this service.',
      ],
      everybody: [
        'Apple rejects every client secret that it was asked about, so nobody knows whether the deployed one works',
        CHECK_IDS,
      ],
      'login-check': ['the login interface of CloudBase passes on that Apple rejects the client secret', CHECK_IDS],
    };
    return said[of];
  },
  ERR_APPLE_REJECTED_ONCE: ({ of, detail }) => [
    {
      candidate: `Apple rejected the new client secret once${answered(detail)}, which happens with good ones too`,
      deployed: 'Apple rejected the deployed client secret once, which happens with good ones too',
      uncounted: `Apple rejected the new client secret${answered(detail)}, and has accepted no other one lately, so it may reject everything`,
    }[of],
    of === 'uncounted' ? CHECK_IDS : 'Wait a few minutes, until Apple has been asked again.',
  ],
  ERR_APPLE_UNKNOWN: {
    unproven: () => [
      'the client secret that replaced a useless one has not been accepted by Apple yet, so logins may be failing',
      CHECK_IDS,
    ],
    'unproven-unasked': (_, { target }) => [
      'nothing shows that the client secret that replaced a useless one works, because `apple.check` is off',
      'Try an Apple login, and confirm the secret if it works.',
      program(`once --force --target ${target}`),
    ],
    require: ({ detail }) => [
      `Apple gave no usable answer about the new client secret (${verdictDetail(detail)}), and apple.check requires its acceptance`,
      'Make sure that this machine can reach `apple.tokenUrl`.',
    ],
    'not-proven': ({ detail }) => [
      `Apple gave no usable answer about the new client secret (${verdictDetail(detail)}), and its key is not proven yet`,
      'Make sure that this machine can reach `apple.tokenUrl`.',
    ],
  },

  ERR_CLOCK_SKEWED: {
    differs: ({ skewMs }) => [
      `the clock of this machine differs from CloudBase's by ${Math.round(Math.abs(skewMs) / 1000)} s`,
      SET_CLOCK,
    ],
    stepped: ({ stepMs }) => [
      `the wall clock stepped by ${Math.round(stepMs / 1000)} s`,
      'Check the clock of this machine, unless it was just set right.',
    ],
  },
  ERR_LEASE_HELD: (_, { target }) => [
    'another process is working on this target, or was killed at it; then the target is free again within a minute',
    'Check the result of the other process.',
    program(`history --target ${target}`),
  ],
  ERR_LEASE_LOST: (_, { target }) => [
    'another process took over this target',
    'Check the result of the other process.',
    program(`history --target ${target}`),
  ],
  ERR_PROVIDER_MOVING: {
    changed: ({ secret, fields }) => [
      `the provider changed after it was read (${listed(secret ? ['the client secret', ...fields] : fields)}), and nothing was written`,
      'Find out who else writes the provider if this repeats.',
    ],
    gone: () => [
      'the provider was deleted after it was read, and nothing was written',
      `Check the Apple login method ${CONSOLE}.`,
    ],
    late: ({ seconds }) => [
      `${seconds} s went by between reading and writing, so nothing was written`,
      'Check the load of this machine if this repeats.',
    ],
  },
  ERR_SUPERSEDED: ({ because }, { of, target }) => [
    `dropped before anything was written: ${of(because)[0]}`,
    'Check what is decided now.',
    program(`plan --target ${target}`),
  ],
  ERR_INTERRUPTED: {
    'before-read': () => [
      'the program had to stop before the provider could be read',
      'Find out why the service is stopped if this repeats.',
    ],
    'before-write': () => [
      'the program ended before anything was written',
      'Find out why the service is stopped if this repeats.',
    ],
    'no-new': () => ['the program is stopping, so no rotation begins', 'Ask again when it runs again.'],
  },
  ERR_NOT_APPLIED: {
    answered: () => [
      'CloudBase answered the write with success, but still shows the old client secret',
      `${byHand().slice(0, -1)}, and tell Tencent Cloud the request id if this repeats.`,
    ],
    'cut-off': () => [
      'the program was cut off, and the provider still holds the old client secret',
      'Find out why the service is stopped if this repeats.',
    ],
  },
  ERR_CONFLICT: {
    'after-write': () => [
      'after our write the provider holds a third client secret, which is readable and not expired, and was left in place',
      WHO_ELSE,
    ],
    'after-cut-off': () => [
      'the program was cut off, and the provider holds a client secret that is neither the old nor the new one, which was left in place',
      WHO_ELSE,
    ],
  },
  ERR_ROLLED_BACK: () => [
    'our write left no usable client secret, so the previous one was put back',
    `Check the provider ${CONSOLE} if this repeats.`,
  ],
  ERR_ROLLBACK_FAILED: {
    'left-alone': () => [
      'our write left no usable client secret, and the previous one could not be put back: the provider changed meanwhile or cannot be sent back',
      byHandNow(),
    ],
    'not-shown': () => [
      'our write left no usable client secret, and the previous one could not be put back: the provider does not show it',
      byHandNow(),
    ],
    error: ({ because }, { of }) => [
      `our write left no usable client secret, and the previous one could not be put back: ${of(because)[0]}`,
      byHandNow(),
    ],
  },
  ERR_READ_BACK: () => [
    'after our write the provider holds no usable client secret, and there was no good one to put back',
    byHandNow(),
  ],
  ERR_OUTCOME_UNKNOWN: {
    'cut-off': () => [
      'the program had to stop during the write, so it is not known whether the new client secret arrived',
      'Try an Apple login if the next check does not find out.',
    ],
    'not-shown': () => [
      'the program was cut off during a write, and the provider does not show a readable client secret',
      'Try an Apple login if the next check does not find out.',
    ],
    error: ({ because }, { of }) => [
      `it is not known whether the new client secret arrived: ${of(because)[0]}`,
      'Try an Apple login if the next check does not find out.',
    ],
  },
  ERR_WRITTEN_LATELY: ({ days, why }, { target }) => [
    `a new client secret was written within the last ${days === 1 ? '24 h' : '7 days'}, and again ${whyText(why)}`,
    'Find out who else writes this client secret, or why CloudBase does not keep it, then rotate by hand.',
    program(`once --force --target ${target}`),
  ],
  ERR_LANE_CLOSED: ({ until, because }, { of }) => [
    `renewals with this credential and endpoint pause until ${at(until)}, because the last write ended badly: ${of(because)[0]}`,
    ...nextOf(of(because)),
  ],

  ERR_JOURNAL_UNWRITABLE: {
    file: (place) => {
      const [found, next, copy] = JOURNAL[place.trouble];
      const message = `${FILES[place.what]} ${place.path} ${found}`;
      return copy === undefined ? [message, next] : [message, next, copy(place)];
    },
    database: databaseText,
    failed: ({ path, said }) => [
      `journal ${path} failed: ${said}`,
      'Check the disk and the system log.',
      'dmesg | tail',
    ],
    'open-to-all': ({ path, mode }) => [
      `every user of this machine may write ${path} (mode ${mode}), which belongs to the journal`,
      'Restrict it to its owner and group.',
      onFiles(`chmod o-w ${quoted(path)}`),
    ],
    network: ({ path, fileSystem }) => [
      `journal ${path} is on ${fileSystem}; SQLite needs a local disk, because its locks may not hold over a network`,
      'Move the journal to a disk of this machine.',
    ],
    'damaged-row': ({ path, row, said }) => [
      `journal ${path} is damaged: its ${row} does not fit (${said})`,
      RESTORE,
      MOVE_AWAY({ path, folder: '', uid: null }),
    ],
    'dropped-row': ({ path, row, said }) => [
      `journal ${path} is damaged: its ${row} does not fit (${said}) and is removed; the others are kept`,
      'Check its disk, and see what is open.',
      program('alerts'),
    ],
    waiting: () => [
      'while the journal cannot be written, only emergencies are rotated',
      'Make the journal writable again.',
    ],
  },
  ERR_JOURNAL_NEWER: ({ path, version, known, copy }) =>
    copy === null
      ? [
          `journal ${path} has schema ${version}, this program knows schemas up to ${known}`,
          'Use the newer program again, or move the journal away, which loses history but no login.',
        ]
      : [
          `journal ${path} has schema ${version}, this program knows schemas up to ${known}`,
          'Use the newer program again, or stop everything that uses this journal and restore the copy.',
          onFiles(`rm -f ${quoted(`${path}-wal`)} ${quoted(`${path}-shm`)} && cp ${quoted(copy)} ${quoted(path)}`),
        ],
  ERR_DAEMON_RUNNING: ({ path, holder }) => [
    `a daemon already runs with journal ${path}: ${holder === null ? 'it has not said which' : `instance ${holder.instance}, pid ${holder.pid} on ${holder.host}, since ${at(Date.parse(holder.since))}`}`,
    'Leave this one as a standby, or stop the other one, or give this one its own journal.',
  ],
  ERR_INTERNAL: ({ said }) => [`unexpected: ${said}`, 'Report this with the log lines around it.'],
};

function harm(fields: readonly { readonly path: string; readonly why: RoundTripTrouble }[]): string {
  return fields.map(({ path, why }) => `${path} ${ROUND_TRIP[why]}`).join('; ');
}

/** Why Apple rejected it, in brackets; nothing where an earlier answer was used. */
function answered(detail: CallTrouble | null): string {
  return detail === null ? '' : ` (${verdictDetail(detail)})`;
}
