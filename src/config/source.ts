// Which text is the configuration: the file of `--config`, else of ROTATOR_CONFIG, else config/rotator.yaml; with no
// file at all, the form below, which describes one target by variables of the environment.
import { shownName } from '../core/shown.ts';
import { fileTrouble } from '../core/texts/en/calls.ts';
import { FileFailure, MB, readNamedText } from '../net/named-file.ts';
import type { Environment } from './interpolate.ts';
import { ConfigError } from './problems.ts';
import { ENVIRONMENT } from './tree.ts';

const DEFAULT_FILE = 'config/rotator.yaml';
/** A thousand targets have 300 KB. A smaller limit could refuse a large fleet; what is larger is the wrong file. */
const LARGEST_FILE = 16 * MB;

/** `file` is ENVIRONMENT for the form without a file. */
export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

/** The configuration of somebody who has no file. CLOUDBASE_ENV_ID is set. */
const FORM = `
journal: \${ROTATOR_JOURNAL:-}
cloudbase: { region: "\${CLOUDBASE_REGION:-}" }
targets:
  - name: \${CLOUDBASE_ENV_ID}
    envId: \${CLOUDBASE_ENV_ID}
    teamId: \${APPLE_TEAM_ID:-}
    clientId: \${APPLE_CLIENT_ID:-}
    keyId: \${APPLE_KEY_ID:-}
    key: { from: env, variable: APPLE_PRIVATE_KEY }
heartbeat: { url: "\${HEARTBEAT_URL:-}" }
alerts:
  none: \${ROTATOR_ALERTS:-}
`;
const FORM_CHANNEL = `  channels: [{ name: default, type: "\${ALERT_TYPE:-}", url: "\${ALERT_URL:-}" }]\n`;

/**
 * The text of the configuration. Throws ConfigError if the file cannot be used, or if there is none and
 * CLOUDBASE_ENV_ID is not set either.
 */
export async function readConfigText(named: string | undefined, env: Environment): Promise<ConfigText> {
  const chosen = chosenFile(named, env);
  const file = configFile(named, env);
  try {
    return { file, text: await readNamedText(file, { maxBytes: LARGEST_FILE }) };
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    const { code } = thrown;
    if (code === 'ENOENT' && chosen === undefined) return formOf(env);
    const [found, wanted, next] = REFUSALS[code] ?? [`a file that ${fileTrouble(code)}`, 'a readable YAML file'];
    throw refusal(shownName(file), found, wanted, next ?? namedBy(named, chosen));
  }
}

/** What is found and wanted, by the code of the reader; and the next step where the path may be right. */
const REFUSALS: Readonly<Record<string, readonly [found: string, wanted: string, next?: string]>> = {
  ENOENT: ['no such file', 'a readable YAML file'],
  ENOTPATH: ['text that is not a path', 'the path of a YAML file'],
  EISDIR: ['a directory', 'a YAML file', 'Name the file inside it.'],
  EFBIG: ['more than 16 MB', 'a YAML file of at most 16 MB', 'Name the right file.'],
  ENOTUTF8: ['bytes that are not UTF-8 text', 'a YAML file in UTF-8', 'Save the file as UTF-8.'],
};

/** Where the configuration file lies, whether it is there or not. */
export function configFile(named: string | undefined, env: Environment): string {
  return chosenFile(named, env) ?? DEFAULT_FILE;
}

function chosenFile(named: string | undefined, env: Environment): string | undefined {
  return named ?? (env['ROTATOR_CONFIG']?.trim() || undefined);
}

function namedBy(named: string | undefined, chosen: string | undefined): string {
  if (named !== undefined) return 'Correct the path given with --config.';
  return chosen !== undefined ? 'Correct the path in ROTATOR_CONFIG.' : 'Make the file readable for this user.';
}

function formOf(env: Environment): ConfigText {
  const isSet = (name: string) => Boolean(env[name] || env[`${name}_FILE`]);
  if (!isSet('CLOUDBASE_ENV_ID'))
    throw refusal(
      ENVIRONMENT,
      `no configuration: neither --config nor ROTATOR_CONFIG is given, ${DEFAULT_FILE} does not exist, CLOUDBASE_ENV_ID is not set`,
      'a configuration file, or CLOUDBASE_ENV_ID and the other variables for a single target',
      `Copy config/rotator.example.yaml to ${DEFAULT_FILE} and fill it in, or name a file with --config.`,
    );
  return { file: ENVIRONMENT, text: isSet('ALERT_TYPE') || isSet('ALERT_URL') ? FORM + FORM_CHANNEL : FORM };
}

function refusal(file: string, found: string, wanted: string, next: string): ConfigError {
  return new ConfigError([{ file, line: null, key: '', found, wanted, next }]);
}
