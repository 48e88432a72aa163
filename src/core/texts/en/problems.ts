// English for what is wrong with a configuration: what was found, what is wanted, and the next step, each in pieces that
// the code fills in (problems.ts). `found X, wanted Y` reads as a sentence; next steps are whole sentences.
import type { IdName } from '../../error-troubles.ts';
import { initCommand, letRead } from '../command.ts';
import { spanOf } from '../quote.ts';
import { fileTrouble } from './files.ts';
import { IDS, takeFrom } from './ids.ts';
import { counted } from './words.ts';

/** `http.port: found "x", wanted a whole number from 0 to 65535`. */
const problem = (key: string, found: string, wanted: string) =>
  `${key === '' ? '' : `${key}: `}found ${found}, wanted ${wanted}`;

const FOUND = {
  nothing: () => 'nothing',
  /** Quoted already. */
  value: (quoted: string) => quoted,
  hidden: (length: number) => `text of ${counted(length, 'character')}`,
  list: () => 'a list',
  'empty-list': () => 'an empty list',
  mapping: () => 'a mapping',
  text: () => 'a text',
  'removed-key': () => 'a key that was removed',
  'unknown-key': (name: string) => `an unknown key "${name}"`,
  'no-file': () => 'no such file',
  'no-path': () => 'text that is not a path',
  directory: () => 'a directory',
  'too-large': () => 'more than 16 MB',
  'too-large-together': () => 'more than 16 MB in all files of the configuration together',
  'open-file': () => 'a file that everybody on this machine may write',
  'open-folder': () => 'a folder that everybody on this machine may write',
  'no-match': () => 'no file that fits',
  'star-in-folder': () => 'a star in the name of a folder',
  folder: (code: string) => `a folder that ${fileTrouble(code)}`,
  'not-utf8': () => 'bytes that are not UTF-8 text',
  file: (code: string) => `a file that ${fileTrouble(code)}`,
  'no-configuration': (file: string) =>
    `no configuration: neither --config nor ROTATOR_CONFIG is given, ${file} does not exist, CLOUDBASE_ENV_ID is not set`,
  'certificates-unchecked': () => '0, which switches off the check of every certificate',
  'empty-file': () => 'an empty file',
  'nested-deeply': () => 'values nested too deeply',
  'many-aliases': () => 'aliases that add too many values',
  'lost-alias': () => 'an alias without its anchor',
  'faulty-alias': () => 'an alias of a value that has a problem',
  tag: () => 'a YAML tag',
  'odd-key': () => 'a key that is not text',
  'merge-key': () => 'a merge key',
  'key-twice': () => 'the same key a second time',
  'odd-yaml': () => 'YAML that cannot be read',
  tab: () => 'a tab as indentation',
  'full-width': (sign: string) => `the full-width sign ${sign}`,
  'odd-space': () => 'a space that is not the ordinary one (U+00A0 or U+3000), as web pages and input methods write it',
  'second-document': () => 'a second document (---)',
  'bad-indent': () => 'a line that is not indented like its neighbours',
  'low-bracket': () => 'a closing bracket that is not indented',
  'no-colon': () => 'a line without a key, or without a space after its colon',
  'control-character': () => 'a control character',
  'second-colon': () => 'a second ": " in one line',
  'reserved-start': () => 'a value that begins with a reserved character',
  'missing-sign': () => 'a missing quote, bracket or comma, or a line that is indented too little or too much',
  'bad-escape': () => 'a backslash sequence that double quotes do not know',
  'bad-alias': () => 'an alias or anchor without a usable name',
  'bare-reference': () => `\${…} without quotes inside braces or brackets`,
  'nameless-reference': () => `a \${ that names no variable`,
  'odd-reference': () => `\${…}, which names no variable`,
  'unset-variable': (name: string) => `\${${name}}, which is not set`,
  'empty-variable-file': (name: string, path: string) => `\${${name}}, but ${path}, which ${name}_FILE names, is empty`,
  'variable-file': (name: string, path: string, code: string) =>
    `\${${name}}, but ${path}, which ${name}_FILE names, ${fileTrouble(code)}`,
  /** An entry is `targets[3]`, or `targets[3] of FILE`. */
  'same-provider': (entry: string, name: string) => `the same site, envId and providerId as ${entry} (${name})`,
  renewal: (renewBefore: string, lifetime: string) => `renewBefore ${renewBefore} with a lifetime of ${lifetime}`,
  gaps: (ms: number) => `gaps of ${span(ms)} between checks`,
  'shut-window': (ms: number) => `a window that stays shut for ${span(ms)}`,
  thresholds: (critical: string, warning: string, renewBefore: string) =>
    `critical ${critical}, warning ${warning}, renewBefore ${renewBefore}`,
};

const WANTED = {
  configuration: () => 'a configuration',
  kind: () => 'one of the known kinds',
  'text-value': () => 'text',
  words: (...words: string[]) => words.join(' | '),
  'no-such-key': () => 'no such key',
  keys: (...known: string[]) => `one of ${known.join(', ')}`,
  'nearest-key': (name: string) => `${name}, the nearest known key`,
  printable: (wanted: string) => `${wanted}, without line breaks and other control characters`,
  'at-most': (wanted: string, longest: number) => `${wanted}, at most ${longest} characters`,
  'no-placeholder': (wanted: string) => `${wanted} (this is a placeholder)`,
  'no-user': (wanted: string) => `${wanted}, without user and password`,
  'yaml-file': () => 'a readable YAML file',
  'yaml-path': () => 'the path of a YAML file',
  'small-yaml-file': () => 'a YAML file of at most 16 MB',
  'small-yaml-files': () => 'files of at most 16 MB together',
  'include-pattern': () => 'the path of a YAML file, or a pattern such as targets.d/*.yaml that a file fits',
  'written-by-few': () => 'a file, in a folder, that its owner and its group alone may write',
  'utf8-file': () => 'a YAML file in UTF-8',
  'text-file': () => 'a readable text file',
  'filled-file': () => 'a file that holds the value',
  'file-or-variables': () => 'a configuration file, or CLOUDBASE_ENV_ID and the other variables for a single target',
  'targets-mapping': () => 'a mapping with at least targets',
  unset: () => 'the variable unset',
  'private-key': () => 'the private key (.p8) in APPLE_PRIVATE_KEY, or the path of its file in APPLE_PRIVATE_KEY_FILE',
  levels: (most: number) => `at most ${most} levels`,
  aliased: (most: number) => `at most ${most} values through aliases`,
  anchor: () => 'an anchor (&name) above the alias (*name)',
  'sound-anchor': () => 'a value without problems at its anchor (&name)',
  'no-tag': () => 'a value without a tag',
  'plain-key': () => 'a key of plain text',
  'keys-in-full': () => 'keys written out; an alias can only stand for a value',
  'key-once': () => 'each key once',
  yaml: () => 'YAML',
  spaces: () => 'spaces',
  'one-document': () => 'one document',
  colon: () => 'a colon and a space (": ") after the key',
  'plain-space': () => 'ordinary spaces',
  'one-key-a-line': () => 'one key a line, or the value in quotes',
  'value-in-quotes': () => 'the value in quotes',
  'single-quotes': () => 'single quotes, or \\\\',
  'quotes-if-sign': () => 'the value in quotes, if it begins with * or &',
  'quotes-around': () => `quotes around it: { url: "\${NAME}" }`,
  reference: () => `\${NAME} or \${NAME:-default}`,
  variable: () => 'the name of a variable',
  'variable-or-file': (name: string) => `${name} or ${name}_FILE in the environment`,
  'other-name': (entry: string) => `another name: ${entry} has this one`,
  'provider-once': () => 'each provider once',
  'renewal-rest': (ms: number) =>
    `renewBefore of at most ${span(ms)}: a new secret must rest for a day before it is renewed`,
  'renewal-below': () => 'renewBefore below lifetime',
  'short-gaps': (ms: number) => `gaps of at most a tenth of renewBefore, here ${span(ms)}`,
  'open-window': (ms: number) => `a window that opens within renewBefore, here ${span(ms)}`,
  'thresholds-below': () => 'expiry.critical below expiry.warning below renewBefore',
  'bare-endpoint': () => 'an endpoint without path and query',
  host: (url: string) => `${url}, a host that allowHosts names, or one on loopback`,
  https: () => 'https:// (http:// is for loopback alone)',
  'https-or-insecure': () => 'https:// (http:// is for loopback alone, or with insecure: true)',
  'target-name': () => 'the name of a target of this file',
  'same-site': (site: 'domestic' | 'international', key: string, host: string) =>
    `an endpoint of the ${site} site, as ${key} is (${host})`,
  'some-targets': () => 'a list with at least one target',
  'some-severities': () => 'at least one of warning, critical',
  'some-target-names': () => 'at least one name of a target',
  'some-addresses': () => 'at least one mail address',
  label: () => '1 to 63 characters of a-z, 0-9, dot, underscore and hyphen; the first is a letter or a digit',
  'a-target': () => 'the name of a target',
  region: (example: string) => `a region such as ${example}`,
  id: (id: IdName) => IDS[id].wanted,
  environment: () => 'the id of a CloudBase environment, such as shop-prod-1g2h3j',
  provider: () => 'the id of an identity provider, such as apple',
  flag: () => 'true or false',
  integer: (from: number, to: number) => `a whole number from ${from} to ${to}`,
  number: (to: number) => `a number above 0, at most ${to}`,
  duration: (from: string, to: string) => `a duration such as 90s, 15m, 4h or 60d, from ${from} to ${to}`,
  timezone: () => 'an IANA time zone such as UTC or Asia/Shanghai',
  'no-abbreviation': (wanted: string) => `${wanted}, not an abbreviation, which may mean several`,
  cron: () =>
    'a cron expression of five fields (minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7), or six with seconds first',
  'cron-field': (name: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday', from: number, to: number) =>
    `${name === 'hour' ? 'an' : 'a'} ${name} from ${from} to ${to}`,
  'cron-that-matches': () => 'a cron expression that fits a day: there is no such day in forty years',
  'cron-or-off': (cron: string) => `${cron}; or "off"`,
  'host-name': () => 'a host name without scheme, port and path',
  token: (shortest: number) => `at least ${shortest} characters, none of them white space`,
  journal: () => 'sqlite:PATH, such as sqlite:./data/journal.db, or postgres://…',
  'postgres-url': () => 'postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full',
  url: (example: string) => `a URL such as ${example}`,
  'post-url': () => 'the URL to post to',
  'call-url': () => 'the URL to call',
  'url-or-path': () => 'a URL or a path',
  'public-url': () =>
    'an https:// URL without query and fragment, such as https://rotator.example.com (http:// is for loopback alone)',
  name: () => 'a name',
  scope: () => 'openid, email and name, or some of them, with blanks between',
  'listening-host': () => 'a host name or address',
  'routing-key': () => 'the integration key of a service',
  'mail-host': () => 'the host of a mail server',
  sender: () => 'the sender',
  address: () => 'a mail address',
  role: (example: string) => `a role such as ${example}`,
  path: () => 'a path',
  'signing-secret': () => 'the secret that signs messages',
  'mention-list': () => 'a list of at least one person, or [everybody]',
  'few-people': (most: number) => `at most ${most} people`,
  'mention-slack': () => 'the id of a member (U012AB3CD) or a group (S012AB3CD) of Slack, or everybody',
  'mention-wecom': () => 'a user id of WeCom or a mobile number such as 13800138000, or everybody',
  'mention-dingtalk': () =>
    'a user id of DingTalk or a mobile number such as 13800138000 or +852-51234567, or everybody',
  'mention-feishu': () => 'the Open ID (ou_…) or User ID of a member, or everybody',
  auth: () => '{ bearer }, or { user, password }',
  bearer: () => 'a token of visible ASCII characters',
  'auth-user': () => 'a user name without a colon',
  'header-name': () => 'the name of a header',
  'header-value': () => 'the value of a header, in printable ASCII characters',
  'other-header': () => 'a header that the channel does not set itself',
  arn: () => 'the name or ARN of a secret',
  'key-path': () => 'the path of a .p8 file',
};

export type WantedName = keyof typeof WANTED;

const NEXT = {
  'write-so': () => 'Write it as in this example.',
  'add-so': () => 'Add it as in this example.',
  'choose-word': () => 'Write one of these words.',
  'correct-it': () => 'Correct it and try again.',
  'type-ascii': () => 'Type the line again with the input method switched off.',
  'own-file': (path: string, uid: string) => `Let this user read it: \`${letRead(path, uid)}\`.`,
  'fill-file': () => 'Write the value into the file, without anything around it.',
  'mount-file': (name: string) => `Put the file there, or correct ${name}_FILE.`,
  'name-of': (...names: string[]) => `Write one of ${names.join(', ')}.`,
  'mean-word': (word: string) => `Did you mean ${word}?`,
  'no-adoption': () =>
    'Remove the key: a good client secret is now left alone, no matter who made it, and renewed when it is due.',
  'writes-in-lanes': () =>
    'Remove the key: writes with one credential and endpoint now go one after another, and pause for an hour after one that ended badly.',
  'rotations-logged': () =>
    'Remove the key: rotations that succeed are in the log (rotation.succeeded), in `history` and in apple_secret_rotations_total; messages tell of what was wrong.',
  'remove-key': () => 'Remove the key.',
  'mean-key': (name: string) => `Did you mean ${name}?`,
  'no-variable': () => 'Write a configuration file: there is no variable for this key.',
  'name-not-content': () => 'Name the variable here, not what it holds.',
  'take-id': (id: IdName) => takeFrom(id),
  'zone-in-full': (...zones: string[]) => `Write ${zones.join(' or ')}.`,
  'place-in-zone': () => 'Write the name of a place in that zone, such as Asia/Shanghai or America/Chicago.',
  'make-token': () => 'Make one with `openssl rand -hex 32`.',
  'postgres-form': () =>
    'Write user, host and database; characters of user and password that a URL gives a meaning are percent-encoded, such as %40 for @.',
  'postgres-tls': () =>
    'Add ?sslmode=verify-full, so that nobody between here and the database reads or changes anything; without it only this machine itself may be named.',
  'postgres-option': () => 'Leave out every option but sslmode, sslrootcert, schema and host.',
  'postgres-schema': () => 'Name the schema by lower-case letters, digits and underscores.',
  'name-file': () =>
    'Name a file: sqlite:data/journal.db, or with an absolute path sqlite:/var/lib/rotator/journal.db.',
  'name-inner-file': () => 'Name the file inside it.',
  'name-right-file': () => 'Name the right file.',
  'close-to-others': (path: string) => `Run \`chmod o-w ${path}\`, and look who has written there.`,
  'save-as-utf8': () => 'Save the file as UTF-8.',
  'correct-option': () => 'Correct the path given with --config.',
  'correct-variable': () => 'Correct the path in ROTATOR_CONFIG.',
  'make-readable': () => 'Make the file readable for this user.',
  'copy-example': (file: string) =>
    `Write it with ${initCommand()}, or copy config/rotator.example.yaml to ${file} and fill it in; --config names another file.`,
  'start-from-example': () => 'Start from config/rotator.example.yaml.',
  'trust-authority': () =>
    'Unset it; to trust a certificate authority of your own, name its file in NODE_EXTRA_CA_CERTS.',
  'quote-value': () => 'Put the value in double quotes, or write the mapping over several lines.',
  'literal-sign': () => `For a literal \${ write $\${.`,
  'set-variable': (name: string) => `Set ${name}, or write \${${name}:-default}.`,
  'remove-entry': () => 'Remove one of the two entries.',
  'third-of-lifetime': () => 'Leave renewBefore out to renew at a third of the lifetime.',
  'check-more-often': () => 'Make schedule.cron run more often; hourly is usual.',
  'open-more-often': () => 'Make the window open more often, or raise renewBefore.',
  'default-thresholds': () => 'Leave alerts.expiry out for thresholds of 3/4 and 1/3 of renewBefore.',
  'one-site': () => 'Use the endpoints of one site, or leave out all but cloudbase.endpoint: the others follow it.',
};

/** What is allowed but worth a second look. */
const DOUBTS = {
  unencrypted: (channel: string) => `channel ${channel} sends alerts without encryption (insecure: true)`,
  unsigned: (channel: string) =>
    `channel ${channel} has no secret: protect its robot by a keyword (every message has the name of the instance) or by a list of addresses, or anybody who learns the URL can post there`,
  'open-to-read': (host: string) =>
    `http.host ${host} is not loopback and http.readToken is not set: only /healthz, /readyz and /metrics are served`,
  'open-configuration': (file: string) =>
    `everybody on this machine may write ${file} or its folder, and so decide where client secrets are sent`,
  'both-set': (name: string) => `the environment has both ${name} and ${name}_FILE: ${name} is used`,
};

/** What to do about a doubt. */
export const DOUBT_STEPS: Readonly<Record<keyof typeof DOUBTS, string>> = {
  unencrypted: 'Give the channel an https:// URL.',
  unsigned: 'Set its secret, if its robot signs; this line stays while none is set.',
  'open-to-read': 'Set http.readToken if you want to see the page or to use the API; otherwise leave it so.',
  'open-configuration': 'Run `chmod o-w` on both, and look who has written there.',
  'both-set': 'Remove one of the two.',
};

export const PROBLEMS_EN = { problem, ...FOUND, ...WANTED, ...NEXT, ...DOUBTS };

function span(ms: number): string {
  const { count, unit } = spanOf(ms);
  return unit === 'second' ? `${count} s` : `${count} ${unit}s`;
}
