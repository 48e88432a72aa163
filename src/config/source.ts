// Which text is the configuration: the file of `--config`, else of ROTATOR_CONFIG, else config/rotator.yaml; with no
// file at all, the form below, which describes one target by variables of the environment.
import { open } from 'node:fs/promises';
import { type Environment, whyUnreadable } from './interpolate.ts';
import { ConfigError } from './problems.ts';
import { ENVIRONMENT } from './tree.ts';

const DEFAULT_FILE = 'config/rotator.yaml';
/** A thousand targets have 300 KB: above this, the wrong file was named. */
const LARGEST_FILE = 1024 * 1024;

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
    return { file, text: await readText(file) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    const missing = (thrown as { code?: unknown }).code === 'ENOENT';
    if (missing && chosen === undefined) return formOf(env);
    const found = missing ? 'no such file' : `a file that ${whyUnreadable(thrown)}`;
    throw refusal(file, found, 'a readable YAML file', namedBy(named, chosen));
  }
}

/** Where the configuration file lies, whether it is there or not. */
export function configFile(named: string | undefined, env: Environment): string {
  return chosenFile(named, env) ?? DEFAULT_FILE;
}

function chosenFile(named: string | undefined, env: Environment): string | undefined {
  return named ?? (env['ROTATOR_CONFIG'] || undefined);
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
      'a configuration file, or CLOUDBASE_ENV_ID and its companions for a single target',
      `Copy config/rotator.example.yaml to ${DEFAULT_FILE} and fill it in, or name a file with --config.`,
    );
  return { file: ENVIRONMENT, text: isSet('ALERT_TYPE') || isSet('ALERT_URL') ? FORM + FORM_CHANNEL : FORM };
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    if ((await handle.stat()).isDirectory())
      throw refusal(file, 'a directory', 'a YAML file', 'Name the file inside it.');
    const buffer = Buffer.alloc(LARGEST_FILE + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0) break;
      if (length > LARGEST_FILE)
        throw refusal(file, 'more than 1 MB', 'a YAML file of at most 1 MB', 'Name the right file.');
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw refusal(file, 'bytes that are not UTF-8 text', 'a YAML file in UTF-8', 'Save the file as UTF-8.');
  } finally {
    await handle.close();
  }
}

function refusal(file: string, found: string, wanted: string, next: string): ConfigError {
  return new ConfigError([{ file, line: null, key: '', found, wanted, next }]);
}
