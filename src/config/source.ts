// Which file is the configuration, and its text: `--config`, else ROTATOR_CONFIG, else config/rotator.yaml; with no
// file at all the environment may stand in (environment.ts).
import { open } from 'node:fs/promises';
import { type Environment, whyUnreadable } from './interpolate.ts';
import { ConfigError, type Problem } from './problems.ts';
import { ENVIRONMENT } from './raw.ts';

const DEFAULT_FILE = 'config/rotator.yaml';
const LARGEST_FILE = 1024 * 1024;

export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

/**
 * The text of the configuration file; undefined if none is named, none lies in the usual place and CLOUDBASE_ENV_ID is
 * set. Throws ConfigError if the file cannot be used, or if there is neither.
 */
export async function readConfigFile(named: string | undefined, env: Environment): Promise<ConfigText | undefined> {
  const chosen = named ?? (env['ROTATOR_CONFIG'] || undefined);
  const file = chosen ?? DEFAULT_FILE;
  try {
    return { file, text: await readText(file) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    const missing = (thrown as { code?: unknown }).code === 'ENOENT';
    if (missing && chosen === undefined) return nothingNamed(env);
    const found = missing ? 'no such file' : `a file that ${whyUnreadable(thrown)}`;
    throw refusal(file, found, 'a readable YAML file', namedBy(named, chosen));
  }
}

function namedBy(named: string | undefined, chosen: string | undefined): string {
  if (named !== undefined) return 'Correct the path given with --config.';
  return chosen !== undefined ? 'Correct the path in ROTATOR_CONFIG.' : 'Make the file readable for this user.';
}

function nothingNamed(env: Environment): undefined {
  if ((env['CLOUDBASE_ENV_ID'] ?? '') !== '') return undefined;
  throw refusal(
    ENVIRONMENT,
    `no configuration: neither --config nor ROTATOR_CONFIG is given, ${DEFAULT_FILE} does not exist, CLOUDBASE_ENV_ID is not set`,
    'a configuration file, or CLOUDBASE_ENV_ID and its companions for a single target',
    `Copy config/rotator.example.yaml to ${DEFAULT_FILE} and fill it in, or name a file with --config.`,
  );
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw refusal(file, 'a directory', 'a YAML file', 'Name the file inside it.');
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
  const problem: Problem = { file, line: null, key: '', found, wanted, next };
  return new ConfigError([problem]);
}
