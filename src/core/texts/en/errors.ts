// The next step that an error asks for, in English: its own hint where that is an imperative sentence, and otherwise
// the sentence that stands here for its code. A new code does not compile until it has one.
import type { ErrorCode, ErrorView } from '../../errors.ts';
import { withCode } from '../quote.ts';

/** What to do where the hint does not say it in one sentence. Somebody reads it because it did not pass by itself. */
const NEXT: Readonly<Record<ErrorCode, string>> = {
  ERR_USAGE: 'Correct the command line and try again.',
  ERR_CONFIG: 'Correct the configuration as the message says.',
  ERR_KEY_NOT_FOUND: 'Put the private key (.p8) where the configuration says, or correct that place.',
  ERR_KEY_FORBIDDEN: 'Permit this service to read the private key (.p8).',
  ERR_KEY_INVALID: 'Store the .p8 file exactly as Apple gave it.',
  ERR_KEY_IDS_MISSING: "Put the missing ids next to the target's key in the configuration.",
  ERR_KEY_IDS_CONFLICT: 'Find out which of the two ids belongs to this key, and remove the other.',
  ERR_KEY_IDS_INVALID: 'Correct Team ID, Services ID and Key ID.',
  ERR_KEY_SOURCE_UNAVAILABLE: 'See whether the place that holds the private key can be reached from here.',
  ERR_KEY_BINDING: 'Check that this private key is the one that Apple issued under this Key ID.',
  ERR_CREDENTIALS_MISSING: 'Give this service its cloud credentials.',
  ERR_CREDENTIALS_REJECTED: 'Renew the cloud credentials of this service.',
  ERR_CREDENTIALS_UNAVAILABLE: 'See whether the source of the cloud credentials can be reached from here.',
  ERR_CLOUDBASE_THROTTLED:
    'Lower `cloudbase.requestsPerSecond`, or find out who else uses up the limit of the account.',
  ERR_CLOUDBASE_UNAVAILABLE: "Look at Tencent Cloud's status page, and ask its support if nothing is reported there.",
  ERR_CLOUDBASE_NETWORK: 'Check the way to Tencent Cloud from here: DNS, firewall and proxy.',
  ERR_CLOUDBASE_TIMEOUT: 'Check the way to Tencent Cloud from here: DNS, firewall and proxy.',
  ERR_CLOUDBASE_BAD_ANSWER: 'See whether a proxy or a wrong endpoint answers in place of Tencent Cloud.',
  ERR_CLOUDBASE_CLOCK: 'Set the clock of this machine, for example by switching on NTP.',
  ERR_CLOUDBASE_DENIED: 'Permit the call in CAM.',
  ERR_CLOUDBASE_REFUSED: 'Compare environment id, region and endpoint in the configuration with the CloudBase console.',
  ERR_REDIRECTED: 'Correct the endpoint, or the proxy that redirects.',
  ERR_PROVIDER_NOT_FOUND:
    'Create the Apple login method in the CloudBase console, or correct `envId` and `providerId`.',
  ERR_CLIENT_ID_MISMATCH: 'Correct `clientId` of the target, or the Client ID in the CloudBase console.',
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: 'Look at the Apple login method in the CloudBase console.',
  ERR_PROVIDER_CHANGED: 'Correct the changed fields in the CloudBase console.',
  ERR_ADOPTION_REQUIRED: 'Run `once --adopt --target NAME` if this service shall take over.',
  ERR_FOREIGN_SECRET: 'Find out who else writes this client secret, and stop one of the two.',
  ERR_CANDIDATE_INVALID: 'Check the key and its ids with `generate` and `inspect`.',
  ERR_APPLE_REJECTED:
    'Check in the Apple Developer portal that the key is not revoked and that the ids belong together.',
  ERR_APPLE_UNKNOWN: "Make Apple's token endpoint (`apple.tokenUrl`) reachable from here.",
  ERR_CLOCK_SKEWED: 'Set the clock of this machine, for example by switching on NTP.',
  ERR_LEASE_HELD: 'See which other process works on this target: `history --target NAME`.',
  ERR_LEASE_LOST: 'See which other process works on this target: `history --target NAME`.',
  ERR_PROVIDER_MOVING: 'Find out who else keeps writing the Apple login method.',
  ERR_SUPERSEDED: 'Look at what `plan --target NAME` says now.',
  ERR_INTERRUPTED: 'Find out why the service is stopped again and again.',
  ERR_NOT_APPLIED: 'Set a client secret by hand in the CloudBase console (`generate` makes one).',
  ERR_CONFLICT: 'Find out who else writes this client secret (a person, a script, another rotator) and agree on one.',
  ERR_ROLLED_BACK: 'Look at the Apple login method in the CloudBase console.',
  ERR_ROLLBACK_FAILED: 'Set a client secret by hand now in the CloudBase console (`generate` makes one).',
  ERR_READ_BACK: 'Set a client secret by hand now in the CloudBase console (`generate` makes one).',
  ERR_OUTCOME_UNKNOWN: 'Look at the Apple login method in the CloudBase console, and try an Apple login.',
  ERR_ROTATION_LOOP: 'Check the clock of this machine and the policy (`lifetime`, `renewBefore`).',
  ERR_WAITING: 'Look at what `plan` says: the targets before this one come first.',
  ERR_FLEET_HALTED: 'Find the cause with `history`, mend it, then run `resume`.',
  ERR_CHANNEL_REFUSED: 'Check the address and the secret of this channel in the configuration.',
  ERR_CHANNEL_THROTTLED: 'Find out who else posts through this channel and uses up its limit.',
  ERR_CHANNEL_UNAVAILABLE: 'See whether the service behind this channel can be reached from here.',
  ERR_JOURNAL_UNWRITABLE: 'Make the journal writable for the user of this service.',
  ERR_JOURNAL_NEWER: 'Start the newer version of the program again.',
  ERR_JOURNAL_OLDER: 'Run `once` of this version one time: it migrates the journal.',
  ERR_DAEMON_RUNNING: 'Stop the other daemon, or give this one a journal of its own.',
  ERR_INTERNAL: 'Report this with the log lines around it.',
};

/** How an imperative sentence of ours begins. */
export const IMPERATIVES: ReadonlySet<string> = new Set(
  `Add Allow Annotate Ask Bind Change Check Choose Compare Copy Correct Create Delete Download Enable Find Free Get Give
  Install Keep Let Log Look Lower Make Mend Mint Mount Move Name Permit Point Put Raise Remove Renew Replace Report
  Restart Restore Run See Send Set Shorten Sign Start Stop Store Switch Try Update Use Write`.split(/\s+/),
);

/** What may stand before the imperative in a hint, and goes without saying in an alert: it did last. */
const BEFORE = /^(?:Wait[;:,] )?(?:if|If) [^,;:]+, /;

/** One imperative sentence: what the operator does next about `error`. */
export function nextAbout(error: ErrorView, target: { readonly name: string } | null): string {
  const sentences = withCode(error.hint, target).split(/(?<=[.!?])\s+(?=[A-Z])/);
  const imperative = sentences
    .map((sentence) => capital(sentence.replace(BEFORE, '')))
    .find((sentence) => IMPERATIVES.has(/^\w+/.exec(sentence)?.[0] ?? ''));
  return ended(imperative ?? withCode(NEXT[error.code] ?? NEXT.ERR_INTERNAL, target));
}

/** With a full stop at its end. */
export function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
