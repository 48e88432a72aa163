// English for errors of key material.
import type { IdName, KeyLook } from '../../error-troubles.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { letRead, quoted, restrict } from '../command.ts';
import { callTrouble, remoteSentences } from './calls.ts';
import { fileTrouble } from './files.ts';
import { IDS, takeFrom } from './ids.ts';
import { counted, listed } from './words.ts';

const WANTED_KEY = 'wanted the P-256 private key from Apple (AuthKey_….p8)';
const USE_P8 = 'Use the .p8 file exactly as Apple gave it (Apple Developer portal, Keys).';
const WHOLE_LINES = 'Store the .p8 with its line ends: the BEGIN line, the base64 lines and the END line.';
const REACH = 'Check that this machine can reach it (DNS, firewall, HTTPS_PROXY, NO_PROXY).';

/** What a text is instead of a key, and what to do about it. */
const LOOKS: Readonly<Record<KeyLook, readonly [is: string, next: string]>> = {
  nothing: ['nothing', 'Put the content of the .p8 file there.'],
  binary: ['binary data or UTF-16 text', 'Use the .p8 as Apple gave it; convert a DER or PKCS#12 file to PEM first.'],
  page: ['an HTML or XML page', 'Log in to the Apple Developer portal and download the .p8 again.'],
  jwt: [
    'a JWT (perhaps a client secret), not a key',
    'Give the .p8 that signs client secrets; this program makes the client secret itself.',
  ],
  'openssh-public': ['an OpenSSH public key', USE_P8],
  'base64-pem': ['the damaged base64 of a PEM', 'Store the PEM itself, or encode it again and copy all of it.'],
  'bare-base64': ['base64 that is no whole private key', WHOLE_LINES],
  'damaged-frame': ['a PEM with damaged BEGIN or END lines', WHOLE_LINES],
  'cut-off': [
    'a PEM without its END line',
    'Copy the whole .p8: a variable or form field may have kept only the first line.',
  ],
  encrypted: [
    'an encrypted private key',
    'Use the .p8 from Apple, which has no passphrase, or decrypt it (openssl pkcs8 -in FILE).',
  ],
  'public-key': ['a public key', USE_P8],
  'rsa-public-key': ['an RSA public key', USE_P8],
  certificate: ['a certificate', USE_P8],
  'certificate-request': ['a certificate request', USE_P8],
  'openssh-private': ['an OpenSSH private key', USE_P8],
  'ec-parameters': ['EC parameters without a key', USE_P8],
  'other-pem': ['a PEM that is no private key', USE_P8],
  'empty-pem': ['a PEM with nothing between its BEGIN and END lines', USE_P8],
  'broken-lines': ['a PEM whose line ends are broken', WHOLE_LINES],
  'damaged-pem': ['a damaged PEM (characters are missing or changed)', USE_P8],
  'foreign-half': ['a private key with the public half of another key', USE_P8],
  'json-list': ['a JSON list', 'Store the .p8 as it is, or JSON whose privateKey is the content of the .p8.'],
  'json-value': [
    'JSON that is no object',
    'Store the .p8 as it is, or JSON whose privateKey is the content of the .p8.',
  ],
  'broken-json': ['text that begins like JSON but cannot be parsed', 'Correct the JSON, or store the .p8 as it is.'],
};

export const KEYS_EN: Pick<ErrorCatalogue, Extract<keyof ErrorCatalogue, `ERR_KEY_${string}`>> = {
  ERR_KEY_NOT_FOUND: {
    'no-path': ({ length }) => [
      `the path of the key file is not a path, but ${counted(length, 'character')} of other text`,
      'Give the path of the file here, not its content.',
    ],
    'bad-path': ({ path, code }) => [
      `the path ${path} cannot be followed (${code})`,
      'Correct the path of the key file.',
    ],
    'broken-link': ({ name, folder }) => [
      `${name} in ${folder} is a link to a file that does not exist`,
      'Mount or write the file that the link names.',
    ],
    'no-folder': ({ name, folder }) => [
      `no key file ${name}: the folder ${folder} does not exist or cannot be read`,
      'Correct the path; in a container, check that the secret is mounted there.',
    ],
    'no-file': ({ name, folder, keys }) => [
      `no key file ${name} in ${folder}, which holds ${keys.length === 0 ? 'no file that ends in .p8' : listed(keys)}`,
      'Correct the path, or put the .p8 there.',
    ],
    variable: ({ variable, isSet }) => [
      isSet
        ? `$${variable} is empty, and $${variable}_FILE is not set`
        : `neither $${variable} nor $${variable}_FILE is set`,
      `Set ${variable} to the content of the .p8, or ${variable}_FILE to its path.`,
    ],
    'aws-absent': ({ origin, code }) => [
      `${origin} does not exist, or has no version with this stage (${code})`,
      'Correct secretId, region and versionStage: each region has its own secrets.',
    ],
    'aws-no-value': ({ origin, code }) => [
      `${origin} is marked for deletion, or has no value yet (${code})`,
      'Restore the secret (aws secretsmanager restore-secret), or name another.',
    ],
    'aws-name': ({ origin, code }) => [`${origin} is not a valid name (${code})`, 'Correct secretId and versionStage.'],
    'ssm-empty': ({ origin }) => [
      `${origin} is empty`,
      'Store the content of the .p8 file, or the JSON with the ids, as the value of the secret.',
    ],
    remote: remoteSentences,
  },
  ERR_KEY_FORBIDDEN: {
    file: ({ path, owner, folder, uid }) => {
      const who = `this process runs as user ${uid ?? 'unknown'}`;
      const why =
        owner === null
          ? `the folder ${folder} may not be entered`
          : `it belongs to user ${owner.uid} and has mode ${owner.mode}`;
      return [
        `${path} may not be read: ${why}, ${who}`,
        'Mount the secret with the id of this user, or give the user the file.',
        letRead(quoted(owner === null ? folder : path), `${uid ?? 'USER'}`),
      ];
    },
    'aws-denied': ({ origin, said }) => [
      `${origin} may not be read: ${said}`,
      'Allow secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key if it has its own.',
    ],
    'aws-kms': ({ origin, code }) => [
      `${origin} cannot be decrypted with its KMS key (${code})`,
      'Check that the KMS key of the secret is enabled, and allow kms:Decrypt on it.',
    ],
    remote: remoteSentences,
  },
  ERR_KEY_INVALID: {
    look: ({ origin, look }) => {
      const [is, next] = LOOKS[look];
      return [look === 'nothing' ? `${origin} is empty, ${WANTED_KEY}` : `${origin} holds ${is}, ${WANTED_KEY}`, next];
    },
    'other-key': ({ origin, kind, half }) => [
      `${origin} holds ${/^(?:RSA|Ed|x)/.test(kind) ? 'an' : 'a'} ${kind} ${half} key, ${WANTED_KEY}`,
      'Use the .p8 of a key with "Sign in with Apple" (Apple Developer portal, Keys): Apple accepts P-256 only.',
    ],
    several: ({ origin, count }) => [
      `${origin} holds ${count} private keys, wanted one`,
      'Keep the key that belongs to the Key ID, and remove the others.',
    ],
    'other-text': ({ origin, length }) => [
      `${origin} holds no key (${counted(length, 'character')} of other text), ${WANTED_KEY}`,
      USE_P8,
    ],
    'no-private-key': ({ origin, names, isThere }) => [
      `${origin} holds JSON with ${isThere ? 'a privateKey that is not text' : `no privateKey (found: ${names.length === 0 ? 'no names' : names.join(', ')})`}, wanted teamId, clientId, keyId and privateKey`,
      'Store the .p8 as it is, or JSON whose privateKey is the content of the .p8.',
    ],
    'no-entry': ({ origin, isThere }) => [
      `${origin} holds JSON ${isThere ? 'whose entry of the name in jsonKey is not text' : 'without the entry that jsonKey names'}, ${WANTED_KEY}`,
      'Correct jsonKey of the key source: it is the name of the entry that holds the .p8.',
    ],
    'several-entries': ({ origin, lengths }) => [
      `${origin} holds JSON with ${lengths.length} entries that hold different keys (texts of ${listed(lengths.map(String))} characters), wanted one`,
      'Name the right entry in jsonKey of the key source, or remove the others.',
    ],
    folder: ({ path, key }) => [
      `${path} is a folder, wanted a file with a key`,
      key === null ? 'Name the .p8 file itself.' : `Name the file itself, perhaps ${key} in it.`,
    ],
    device: ({ path }) => [`${path} is a device or a pipe, wanted a file with a key`, 'Name the .p8 file itself.'],
    'too-large': ({ path }) => [
      `${path} is larger than 64 KB, wanted a key`,
      'Name the .p8 file, which has about 250 bytes.',
    ],
    'readable-by-all': ({ path, mode }) => [
      `every user of this machine may read the key file ${path} (mode ${mode})`,
      'Restrict it to this user.',
      restrict(path),
    ],
    'other-name': ({ path, named, keyId }) => [
      `the name of key file ${path} says Key ID ${named}, but ${keyId} is used`,
      'Check that this key and this Key ID belong together.',
    ],
  },
  ERR_KEY_IDS_MISSING: {
    configuration: ({ ids, origin, named }) => {
      const [first] = ids;
      const where = ids.length === 1 && first !== undefined ? ` (${IDS[first].where})` : '';
      return [
        `${titles(ids)} ${ids.length === 1 ? 'is' : 'are'} missing: neither the configuration nor ${origin} gives ${listed(ids)}`,
        named === null
          ? `Put ${listed(ids)} next to the key of the target, or into the JSON beside privateKey${where}.`
          : `Put keyId: ${named} next to the key of the target, as the file is named.`,
      ];
    },
    'command-line': ({ ids, named }) => [
      `${listed(ids.map((id) => IDS[id].flag))} ${ids.length === 1 ? 'is' : 'are'} missing`,
      named === null
        ? `Pass the ${listed(ids.map((id) => `${IDS[id].title}: ${IDS[id].wanted} (${IDS[id].where})`))}.`
        : `Pass --key-id ${named}, as the key file is named.`,
    ],
  },
  ERR_KEY_IDS_CONFLICT: {
    configuration: ({ id, here, there, origin }) => [
      `${IDS[id].title} is ${here} in the configuration, but ${there} in ${origin}`,
      `Find out which of the two belongs to this key, and correct or remove the other ${id}.`,
    ],
    'command-line': ({ id, here, there, origin }) => [
      `${IDS[id].flag} is ${here}, but ${origin} says ${there}`,
      `Find out which of the two belongs to this key, and correct or leave out the other.`,
    ],
  },
  ERR_KEY_IDS_INVALID: {
    placeholder: ({ id, found }) => [`${IDS[id].title} ${shownId(found)} is a placeholder`, takeFrom(id)],
    form: ({ id, found }) => [`${IDS[id].title} is ${shownId(found)}, wanted ${IDS[id].wanted}`, takeFrom(id)],
    type: ({ id, found, origin }) => [
      `${id} in ${origin} is a ${found}, wanted text`,
      `Put ${id} in quotes in the JSON.`,
    ],
  },
  ERR_KEY_SOURCE_UNAVAILABLE: {
    disk: ({ path, code }) => [
      code === 'ETIMEDOUT' ? `${path} ${fileTrouble(code)}` : `${path} cannot be read now (${code})`,
      'Check the disk or mount that holds the key file.',
    ],
    'aws-call': (params) => [
      `${params.origin} cannot be read now: ${callTrouble(params)}`,
      params.trouble === 'code' || params.trouble === 'http'
        ? 'Check the AWS Health Dashboard and the quotas of Secrets Manager.'
        : REACH,
    ],
    'no-value': ({ origin }) => [
      `${origin} cannot be read now: the answer has no value`,
      'Check the endpoint of the key source.',
    ],
    'unknown-form': ({ origin }) => [
      `${origin} cannot be read now: the answer has an unknown form`,
      'Check the endpoint of the key source.',
    ],
    remote: remoteSentences,
  },
  ERR_KEY_BINDING: ({ mixup, keyId, known, detail }) => [
    `${
      {
        'other-private-key': `Apple has accepted Key ID ${keyId} with another private key`,
        'other-key-id': `Apple has accepted this private key under Key ID ${known}, not ${keyId}`,
        'other-team': `Apple has accepted Key ID ${keyId} in team ${known}`,
      }[mixup]
    }, so one of the two was probably mistyped or swapped${detail === null ? '' : ` (Apple says: ${callTrouble(detail)})`}`,
    'Compare the private key, its Key ID and its Team ID with the Apple Developer portal (Keys); a new key has a new Key ID.',
  ],
};

function titles(ids: readonly IdName[]): string {
  return listed(ids.map((id) => IDS[id].title));
}

function shownId(found: string | number): string {
  return typeof found === 'number' ? `text of ${counted(found, 'character')}` : found;
}
