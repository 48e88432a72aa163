// English for errors of the command line, the configuration, key material and cloud credentials.
import type { IdName, KeyLook } from '../../error-params.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { program, quoted } from '../command.ts';
import { callTrouble, fileTrouble, remoteSentences, verdictDetail } from './calls.ts';
import { listed } from './words.ts';

type Setup = Extract<keyof ErrorCatalogue, `ERR_${'USAGE' | 'CONFIG'}` | `ERR_${'KEY' | 'CREDENTIALS'}_${string}`>;

const WANTED_KEY = 'wanted the P-256 private key from Apple (AuthKey_….p8)';
const USE_P8 = 'Use the .p8 file exactly as Apple gave it (Apple Developer portal, Keys).';
const WHOLE_LINES = 'Store the .p8 with its line ends: the BEGIN line, the base64 lines and the END line.';
const CHECK_NAME = 'Correct the name in the command, or --config if you meant another configuration.';
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
  'base64-pem': ['the base64 of a PEM', 'Decode it once (base64 -d) and store the PEM itself.'],
  'bare-base64': ['base64 without its BEGIN and END lines', WHOLE_LINES],
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

interface IdWords {
  readonly title: string;
  readonly flag: string;
  readonly wanted: string;
  readonly where: string;
}

export const IDS: Readonly<Record<IdName, IdWords>> = {
  teamId: {
    title: 'Team ID',
    flag: '--team-id',
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Membership',
  },
  clientId: {
    title: 'Services ID',
    flag: '--client-id',
    wanted: 'the Services ID, such as com.acme.shop.web',
    where: 'Apple Developer portal, Identifiers, Services IDs',
  },
  keyId: {
    title: 'Key ID',
    flag: '--key-id',
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Keys',
  },
};

const LISTEN: Readonly<Record<string, readonly [found: string, next: string]>> = {
  EADDRINUSE: ['the port is in use', 'Set another http.port, or stop the program that uses this one.'],
  EACCES: ['this user may not use the port', 'Set an http.port from 1024.'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Set http.host to an address of this machine.'],
  ENOTFOUND: ['there is no such host', 'Set http.host to an address of this machine.'],
};

export const SETUP_EN: Pick<ErrorCatalogue, Setup> = {
  ERR_USAGE: {
    'no-channel': () => [
      'no channel is configured, so there is nothing to test',
      'Add one under `alerts.channels`; config/rotator.example.yaml shows each type.',
    ],
    'unknown-channel': ({ found, known }) => [
      `no channel is named ${found}, the configuration has ${listed(known)}`,
      CHECK_NAME,
    ],
    'unknown-target': ({ found, known }) => [
      `no target is named ${found}, the configuration has ${listed(known)}`,
      CHECK_NAME,
    ],
    'target-gone': () => ['the target is no longer in the configuration', 'Name a target of the configuration.'],
    'stdin-is-terminal': () => [
      '--key-file - reads the key from standard input, which is a terminal',
      'Pipe the .p8 into the command, or name its file.',
    ],
    'stdin-too-large': () => [
      'standard input holds more than 1 MB, wanted a client secret',
      'Pipe only the client secret.',
    ],
    'old-node': ({ found, wanted }) => [
      `this is Node ${found}, wanted Node ${wanted} or newer`,
      `Start it with Node ${wanted}; in a checkout use npm run -s rotator -- ARGS.`,
    ],
    'no-demo-config': ({ path }) => [
      `${path} is not in this folder, and the demo needs it`,
      'Start the demo in a checkout of the project.',
      'npm run demo',
    ],
    'demo-folder': ({ path, isLink }) => [
      `${path} is ${isLink ? 'a symbolic link' : 'not a folder'}, and the demo empties it`,
      'Remove it, or start the demo in another folder.',
    ],
    'sandbox-host': ({ host }) => [
      `the sandbox listens on loopback only, not on ${host}`,
      'Use 127.0.0.1, ::1 or localhost.',
    ],
    'sandbox-port': ({ host, port, code }) => [
      code === 'EADDRINUSE' ? `port ${port} of ${host} is in use` : `cannot listen on port ${port} of ${host}: ${code}`,
      'Stop the program that uses this one, or choose another port.',
      program('sandbox --port 0'),
    ],
    'no-journal': ({ path }) => [
      `there is no journal at ${path}, so there is nothing to copy`,
      'Name the configuration of the service whose journal you want with --config FILE.',
    ],
    'file-exists': ({ path }) => [
      `${path} exists, and a copy overwrites nothing`,
      'Name a file that does not exist yet.',
    ],
    'no-folder': ({ path, folder }) => [
      `the folder of ${path} does not exist`,
      'Create it first.',
      `mkdir -p ${quoted(folder)}`,
    ],
  },

  ERR_CONFIG: {
    invalid: ({ file, line, key, found, wanted, next, more }) => {
      const place = `${file}${line === null ? '' : ` line ${line}`}: ${key === '' ? '' : `${key}: `}`;
      return [
        `configuration: ${place}found ${found}, wanted ${wanted}${more === 0 ? '' : ` (and ${more} more)`}`,
        next ?? 'Correct the configuration as the message says and try again.',
      ];
    },
    unheard: ({ file, alerts, more }) => {
      const whose = alerts.map(({ target, severity }) => `${severity} alerts of ${target ?? 'the service itself'}`);
      return [
        `${file ?? 'the environment'}: no channel carries ${listed(whose)}${more === 0 ? '' : ` (and ${more} more)`}`,
        'Add a channel under `alerts.channels` that carries both severities of every target, or accept silence with `alerts: { none: accepted }` (ROTATOR_ALERTS=none).',
      ];
    },
    'left-out': ({ target, problems }) => [
      `target ${target} is left out because its configuration is wrong: ${problems.join('; ')}`,
      'Correct it and send SIGHUP; until then nobody renews its client secret.',
    ],
    doubt: ({ text }) => [text, 'Check the configuration.'],
    fixed: ({ keys }) => [
      `a reload does not change ${listed(keys)}; the old values stay`,
      'Restart the service to apply them.',
    ],
    'http-listen': ({ host, port, code }) => {
      const [found, next] = LISTEN[code] ?? [code, 'Correct http.host and http.port.'];
      return [`cannot listen on http.host ${host}, http.port ${port}: ${found}`, next];
    },
    'plain-http': ({ channel }) => [
      `channel ${channel} has an http:// URL, wanted https://`,
      'Use https://, or set insecure: true on the channel.',
    ],
    proxy: ({ variable, scheme }) => [
      `${variable} holds ${scheme === null ? 'text that is no URL' : `a ${scheme}// proxy`}, wanted an http:// or https:// URL`,
      `Set ${variable} to a proxy such as http://proxy.example:3128, or unset it.`,
    ],
    'files-hang': () => [
      'too many files that the configuration or the environment names do not answer, so the process ends',
      'Check the disks and mounts that hold them (a network file system that is down), and start it again.',
    ],
    endpoint: () => [
      'an endpoint of Tencent Cloud is not a bare origin such as https://tcb.tencentcloudapi.com',
      'Give only scheme and host: no path, no query, no user.',
    ],
  },

  ERR_KEY_NOT_FOUND: {
    'no-path': ({ length }) => [
      `the path of the key file is not a path, but ${length} characters of other text`,
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
        `chown ${uid ?? 'USER'} ${quoted(owner === null ? folder : path)}`,
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
      `${origin} holds no key (${length} characters of other text), ${WANTED_KEY}`,
      USE_P8,
    ],
    'no-private-key': ({ origin, names, isThere }) => [
      `${origin} holds JSON with ${isThere ? 'a privateKey that is not text' : `no privateKey (found: ${names.length === 0 ? 'no names' : names.join(', ')})`}, wanted teamId, clientId, keyId and privateKey`,
      'Store the .p8 as it is, or JSON whose privateKey is the content of the .p8.',
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
      `chmod 600 ${quoted(path)}`,
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
    call: (params) => [
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
  ERR_KEY_BINDING: ({ detail }) => [
    `the Key ID was used with another public key before, and Apple did not accept this one (${verdictDetail(detail)})`,
    'Check that the key source holds the private key that Apple issued under this Key ID; a new key has a new Key ID.',
  ],

  ERR_CREDENTIALS_MISSING: {
    aws: ({ origin, said }) => [
      `no AWS credentials for ${origin}: ${said}`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (AWS_PROFILE), or give this machine or pod a role.',
    ],
    empty: ({ source }) => [`the credentials from ${source} are empty`, 'Give both a secret id and a secret key.'],
    variables: ({ id, key, unset }) => [
      `the environment has no Tencent Cloud credentials: ${listed(unset)} ${unset.length === 1 ? 'is' : 'are'} not set or empty`,
      `Set ${id} and ${key} (or ${id}_FILE and ${key}_FILE), or choose another source in cloudbase.credentials.`,
    ],
    'variable-file': ({ variable, path, code }) => [
      `the file that ${variable}_FILE names ${fileTrouble(code)}: ${path}`,
      `Mount the file, or correct ${variable}_FILE.`,
    ],
    'profile-file': ({ path, code }) => [
      code === 'ENOENT' ? `there is no credentials file ${path}` : `the credentials file ${path} ${fileTrouble(code)}`,
      'Create it with [default], secret_id = … and secret_key = …, readable by this user only, or name another path.',
    ],
    profile: ({ path, profile, known }) => [
      `the credentials file ${path} has no profile [${profile}], but ${known.length === 0 ? 'no profile at all' : listed(known.map((name) => `[${name}]`))}`,
      `Add [${profile}] with secret_id and secret_key, or name another profile.`,
    ],
    'profile-keys': ({ path, profile, lacking }) => [
      `the profile [${profile}] in ${path} lacks ${listed(lacking)}`,
      `Write ${lacking.map((key) => `${key} = …`).join(' and ')} below [${profile}].`,
    ],
    'no-role': () => [
      'the metadata service knows no CAM role of this machine',
      'Bind a CAM role to the machine in the CVM console, or choose another source in cloudbase.credentials.',
    ],
    tke: ({ unset }) => [
      `the environment lacks what TKE gives to a pod with a CAM role: ${listed(unset)}`,
      'Annotate the service account with its CAM role and restart the pod, or choose another source.',
    ],
    'tke-token': ({ path, code }) => [
      code === null
        ? `the file that TKE_WEB_IDENTITY_TOKEN_FILE names is empty: ${path}`
        : `the file that TKE_WEB_IDENTITY_TOKEN_FILE names ${fileTrouble(code)}: ${path}`,
      'Check the volumes of the pod: TKE mounts the token there.',
    ],
  },
  ERR_CREDENTIALS_REJECTED: {
    'aws-call': ({ origin, said }) => [
      `AWS refuses the credentials for ${origin} (${said})`,
      'Renew the AWS credentials; if they are right, set the clock of this machine.',
    ],
    'aws-chain': ({ origin, said }) => [
      `no AWS credentials for ${origin}: ${said}`,
      'Check the role and its trust policy, and the token or keys that assume it.',
    ],
    remote: remoteSentences,
  },
  ERR_CREDENTIALS_UNAVAILABLE: {
    aws: ({ origin, said }) => [
      `no AWS credentials for ${origin} now: ${said}`,
      `Check that this machine can reach STS (HTTPS_PROXY, NO_PROXY).`,
    ],
    metadata: (params) => [
      `the metadata service gives no credentials: ${callTrouble(params)}`,
      'Choose another source in cloudbase.credentials if this machine is not a CVM.',
    ],
    'sts-form': ({ action }) => [`the answer to sts ${action} has no credentials`, 'Check the endpoint of assumeRole.'],
    remote: remoteSentences,
  },
};

function titles(ids: readonly IdName[]): string {
  return listed(ids.map((id) => IDS[id].title));
}

export function takeFrom(id: IdName): string {
  return `Copy the ${IDS[id].title} from: ${IDS[id].where}.`;
}

function shownId(found: string | number): string {
  return typeof found === 'number' ? `text of ${found} characters` : found;
}
