// English for errors of the command line, the configuration and cloud credentials.
import type { SecretLook } from '../../error-troubles.ts';
import { nearestOf } from '../../nearest.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { command, initCommand, letRead, onFiles, quoted } from '../command.ts';
import { exampleFor, nextFor, takesExample } from '../examples.ts';
import { phrased, problemText, stepOf } from '../problems.ts';
import { callTrouble, remoteSentences } from './calls.ts';
import { fileTrouble } from './files.ts';
import { DOUBT_STEPS, PROBLEMS_EN } from './problems.ts';
import { counted, listed } from './words.ts';

type Setup = Extract<keyof ErrorCatalogue, 'ERR_USAGE' | 'ERR_CONFIG' | `ERR_CREDENTIALS_${string}`>;

const CHECK_NAME = 'Correct the name in the command, or --config if you meant another configuration.';

function unknownName(noun: string, found: string, known: readonly string[], all = listed(known)): string {
  const nearest = nearestOf(found, known);
  const others = nearest === undefined ? `the known ones are ${all}` : `did you mean ${nearest}?`;
  return `no ${noun} is named ${found || '""'}; ${others}`;
}

const PASS_SECRET = 'Pass the secret on standard input or with --file.';

/** What a text is instead of a client secret, and what to do about it. */
const SECRET_LOOKS: Readonly<Record<SecretLook, readonly [is: string, next: string | (() => string)]>> = {
  pem: [
    'a PEM: the key, not the client secret that is made with it',
    () => `Make a client secret with ${command('generate')}; pass the key with --key-file.`,
  ],
  fingerprint: [
    'a fingerprint or digest, from which the secret cannot be recovered',
    'Find the secret itself where it was made; fingerprints are only for comparing.',
  ],
  masked: ['a masked secret', 'Find the secret itself where it was made.'],
  jwe: ['an encrypted JWT (five parts), wanted a signed one (three parts)', 'Sign the claims with ES256, unencrypted.'],
  'cut-off': ['a JWT that is cut off: it has fewer than three parts', 'Copy it again, whole.'],
  page: ['an HTML or XML page', PASS_SECRET],
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
    'unknown-channel': ({ found, known }) => [unknownName('channel', found, known), CHECK_NAME],
    'unknown-target': ({ found, known }) => [unknownName('target', found, known), CHECK_NAME],
    'unknown-story': ({ found, known }) => [
      unknownName('story', found, known, known.join(', ')),
      'Correct the name after --story.',
    ],
    'all-clear-alone': () => ['--all-clear shows the end of a story, and none is named', 'Name one with --story.'],
    'unknown-name': ({ found, known }) => [
      unknownName('error code, reason or alert', found, known),
      `Correct the name, or list all of them with ${command('explain')}.`,
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
    'no-key-file': () => [
      '--key-file is missing',
      'Pass the path of the .p8 that Apple gave for this key id (Apple Developer portal, Keys).',
    ],
    days: ({ found }) => [
      `--days is ${found}, wanted a whole number from 1 to 180`,
      'Leave --days out for the longest: Apple accepts client secrets of up to six months.',
    ],
    'probe-target': ({ envId, target }) => [
      `environment ${envId} is that of target ${target}, and a probe writes`,
      'Name an environment that no target of the configuration uses.',
    ],
    'no-consent': () => ['there is no terminal to ask at', 'Add --yes to change what differs, or --dry-run to see it.'],
    'no-answers': ({ options }) => [
      `there is no terminal to ask at, and ${options.join(', ')} ${options.length === 1 ? 'is' : 'are'} missing`,
      `Add ${options.length === 1 ? 'it' : 'them'}, or run ${initCommand()} at a terminal, where it asks.`,
    ],
    exists: ({ paths }) => [
      `${listed(paths)} ${paths.length === 1 ? 'exists' : 'exist'} already, and nothing is overwritten`,
      'Move what is there away, or write elsewhere with --config FILE and --secrets FOLDER.',
    ],
    'not-written': ({ path, code }) => [
      `${path} cannot be written (${code}), so nothing was`,
      'Check the path and who may write its folder, and try again.',
    ],
    'init-elsewhere': () => ['the configuration and the secrets cannot be written from here', `Run ${initCommand()}.`],
    'same-ids': () => [
      'Team ID and Key ID are the same, and Apple never issues them so',
      'Copy the Team ID from: Apple Developer portal, Membership.',
    ],
    'team-prefix': ({ found, bare }) => [
      `the Services ID ${found} begins with a team, as the portal writes App IDs`,
      `Use the identifier of the Services ID, without the team and its dot, and not that of the app (${bare}).`,
    ],
    'no-domain': ({ found }) => [
      `the Services ID is ${found}, wanted a reverse domain such as com.acme.shop.web`,
      'Copy the identifier from: Apple Developer portal, Identifiers, Services IDs.',
    ],
    'init-env': ({ found }) => [
      `the environment is ${found || '""'}, wanted an id such as shop-prod-1g2h3j`,
      'Copy the id of the environment from the CloudBase console.',
    ],
    'init-name': ({ found }) => [
      `the name is ${found || '""'}, wanted at most 63 of: a-z, 0-9, dot, underscore, hyphen`,
      'Choose a name such as shop-prod.',
    ],
    credentials: ({ keys }) => [
      `--credentials ${keys.length === 0 ? 'is neither a known source nor a mapping' : `is wrong at ${listed(keys)}`}`,
      "Write it as in the configuration: profile, env, cvm-role, tke-oidc, or '{ from: profile, profile: setup }'.",
    ],
    'two-secrets': () => ['both an argument and --file were given, wanted one secret', 'Leave out one of them.'],
    'no-secret': () => ['there is nothing to inspect', PASS_SECRET],
    'secret-file': ({ path, code }) => [`file ${path} ${fileTrouble(code)}`, 'Correct --file.'],
    'secret-look': ({ look, origin }) => {
      const [is, next] = SECRET_LOOKS[look];
      return [`${origin} holds ${is}`, typeof next === 'string' ? next : next()];
    },
    'no-jwt': ({ length, origin }) => [
      length === 0
        ? `${origin} is empty`
        : `${origin} holds no JWT (${counted(length, 'character')} of something else)`,
      'Pass a client secret: three base64url parts with dots between them, which begin with eyJ.',
    ],
    'secret-in-argument': () => [
      "a secret in an argument is visible in the process list and stays in the shell's history",
      'Prefer standard input or --file.',
    ],
    'secret-with-spaces': ({ origin }) => [
      `the secret in ${origin} has spaces or line breaks, which are ignored here`,
      'Leave them out where you store it: CloudBase does not ignore them.',
    ],
    'secret-in-text': ({ origin }) => [
      `${origin} holds other text around the client secret, which is ignored here`,
      'Store the secret alone: it begins with eyJ and has neither spaces nor quotes.',
    ],
    'several-secrets': ({ count, origin }) => [
      `${origin} holds ${count} different JWTs, wanted one`,
      'Pass the one that is to be explained.',
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
    'rehearsal-elsewhere': ({ setting, found, wanted }) => [
      `${setting} is ${found}, and a rehearsal calls the sandbox alone, wanted ${wanted}`,
      `Set ${setting} to ${wanted} in a copy of the configuration, and name that copy.`,
    ],
    'sandbox-host': ({ host }) => [
      `the sandbox listens on loopback only, not on ${host}`,
      'Use 127.0.0.1, ::1 or localhost.',
    ],
    'sandbox-port': ({ host, port, code }) => [
      code === 'EADDRINUSE' ? `port ${port} of ${host} is in use` : `cannot listen on port ${port} of ${host}: ${code}`,
      'Stop the program that uses this one, or choose another port with --port.',
    ],
    'no-journal': ({ path }) => [
      `there is no journal at ${path}, so there is nothing to copy`,
      'Name the configuration of the service whose journal you want with --config FILE.',
    ],
    'no-such-journal': ({ path }) => [
      `there is no journal at ${path || '""'}`,
      'Correct --journal, or leave it out to read the journal that the configuration names.',
    ],
    'no-such-file': ({ path }) => [
      `there is no file ${path}`,
      'Name a file that `journal export` or `journal backup` has written.',
    ],
    'journal-not-empty': ({ path }) => [
      `journal ${path} has rows already, and an import overwrites nothing`,
      'Name an empty journal in the configuration: a file that does not exist yet, or another schema of the database.',
    ],
    'backup-database': ({ path, schema, file }) => [
      `journal ${path} is a database, which its own programs copy`,
      'Run pg_dump, and pg_restore to get it back.',
      `pg_dump --schema=${quoted(schema)} --format=custom --file=${quoted(file)} ${quoted(path.replace(/\?.*$/, ''))}`,
    ],
    'journal-url': () => [
      '--journal names a database in another form than postgres://USER@HOST/DATABASE?sslmode=verify-full',
      'Correct it, or leave it out to read the journal that the configuration names.',
    ],
    'password-in-argument': () => [
      "a password in an argument is visible in the process list and stays in the shell's history",
      'Name the journal in the configuration instead, or the file of its URL by ROTATOR_JOURNAL_FILE.',
    ],
    'file-exists': ({ path }) => [
      `${path} exists, and a copy overwrites nothing`,
      'Name a file that does not exist yet.',
    ],
    'no-folder': ({ path, folder }) => [
      `the folder of ${path} does not exist`,
      'Create it first.',
      onFiles(`mkdir -p ${quoted(folder)}`),
    ],
  },

  ERR_CONFIG: {
    invalid: ({ file, line, next, more, ...problem }) => {
      const example = exampleFor({ ...problem, next });
      const step = phrased(nextFor({ ...problem, next }, example), PROBLEMS_EN);
      const message = `configuration: ${file}${line === null ? '' : ` line ${line}`}: ${problemText(problem, PROBLEMS_EN)}${more === 0 ? '' : ` (and ${more} more)`}`;
      return example !== null && takesExample(next) ? [message, step, example] : [message, step];
    },
    unheard: ({ file, alerts, more }) => {
      const whose = alerts.map(({ target, severity }) => `${severity} of ${target ?? 'the service itself'}`);
      return [
        `${file ?? 'the environment'}: nobody would be notified, because no channel carries these alerts: ${whose.join(', ')}${more === 0 ? '' : ` (and ${more} more)`}`,
        file === null
          ? 'Set ALERT_TYPE and ALERT_URL, or accept silence with ROTATOR_ALERTS=none.'
          : 'Add a channel under `alerts.channels` that carries both severities of every target, or accept silence with `alerts: { none: accepted }`.',
      ];
    },
    'left-out': ({ target, problems }) => [
      `target ${target} is left out because its configuration is wrong: ${problems.map((each) => problemText(each, PROBLEMS_EN)).join('; ')}`,
      'Correct it and send SIGHUP; until then nobody renews its client secret.',
    ],
    doubt: ({ about }) => [phrased(about, PROBLEMS_EN), stepOf(about, DOUBT_STEPS) ?? 'Check the configuration.'],
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

  ERR_CREDENTIALS_MISSING: {
    aws: ({ origin, said }) => [
      `no AWS credentials for ${origin}: ${said}`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (AWS_PROFILE), or give this machine or pod a role.',
    ],
    characters: ({ place }) => [
      `${place} holds characters that no credential has: white space, quotes, an ellipsis, or text that is not UTF-8`,
      'Copy the whole credential again from the console of the cloud, as plain text.',
    ],
    empty: ({ source }) => [`the credentials from ${source} are empty`, 'Give both a secret id and a secret key.'],
    variables: ({ id, key, unset }) => [
      `the environment has no Tencent Cloud credentials: ${listed(unset)} ${unset.length === 1 ? 'is' : 'are'} not set or empty`,
      `Set ${id} and ${key} (or ${id}_FILE and ${key}_FILE), or choose another source in cloudbase.credentials.`,
    ],
    'variable-file': ({ variable, path, code, uid }) => {
      const message = `the file that ${variable}_FILE names ${fileTrouble(code)}: ${path}`;
      return code === 'EACCES'
        ? [message, 'Let the user of this process read it.', letRead(quoted(path), `${uid ?? 'USER'}`)]
        : [message, `Mount the file, or correct ${variable}_FILE.`];
    },
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
    aws: ({ origin, ...call }) => [
      `no AWS credentials for ${origin} now: ${callTrouble(call)}`,
      'Check that this machine can reach STS (HTTPS_PROXY, NO_PROXY).',
    ],
    metadata: (params) => [
      `the metadata service gives no credentials: ${callTrouble(params)}`,
      'Choose another source in cloudbase.credentials if this machine is not a CVM.',
    ],
    'sts-form': ({ action }) => [`the answer to sts ${action} has no credentials`, 'Check the endpoint of assumeRole.'],
    remote: remoteSentences,
  },
};
