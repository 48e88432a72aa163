// Which text is the configuration: the file of `--config`, else of ROTATOR_CONFIG, else config/rotator.yaml; with no
// file at all, the form below, which describes one target by variables of the environment.

import { dirname } from 'node:path';
import { shownName } from '../core/shown.ts';
import type { Phrase } from '../core/texts/problems.ts';
import { FileFailure, isOpenToAll, MB, markOf, readNamedFile, statNamedFile, textOf } from '../net/named-file.ts';
import type { Environment } from './interpolate.ts';
import { ConfigError, ownFile, type Problem } from './problems.ts';
import { ENVIRONMENT } from './tree.ts';

const DEFAULT_FILE = 'config/rotator.yaml';
/**
 * The most bytes of all files together. Ten thousand targets have 2 to 3 MB. A smaller limit could refuse a large fleet;
 * what is larger is the wrong file.
 */
export const MOST_BYTES = 16 * MB;

/** `file` is ENVIRONMENT for the form without a file. */
export interface ConfigText {
  readonly file: string;
  readonly text: string;
  readonly bytes: number;
  readonly warnings: readonly Phrase[];
}

/** The files and folders that a configuration was read from, each with its mark (net/named-file.ts) at that time. */
export type Looked = Map<string, string>;

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
export async function readConfigText(
  named: string | undefined,
  env: Environment,
  looked: Looked = new Map(),
): Promise<ConfigText> {
  const chosen = chosenFile(named, env);
  const file = configFile(named, env);
  try {
    looked.set(file, 'none');
    const found = await readNamedFile(file, { maxBytes: MOST_BYTES });
    looked.set(file, markOf(found.status));
    const isOpen = (await isOpenToAll(file, found.status)) || (await isFolderOpen(file));
    const warnings: readonly Phrase[] = isOpen ? [['open-configuration', shownName(file)]] : [];
    return { file, text: textOf(found), bytes: found.bytes.length, warnings };
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    const { code } = thrown;
    if (code === 'ENOENT' && chosen === undefined) return formOf(env);
    const { found, wanted, next = code === 'EACCES' ? await ownFile(file) : namedBy(named, chosen) } = unreadable(code);
    throw refusal(shownName(file), found, wanted, next);
  }
}

async function isFolderOpen(file: string): Promise<boolean> {
  const folder = dirname(file);
  return isOpenToAll(folder, await statNamedFile(folder));
}

/** What is found and wanted where a file cannot be read, and the next step where the path may be right. */
export function unreadable(code: string): Pick<Problem, 'found' | 'wanted' | 'next'> {
  const [found, wanted, next] = REFUSALS[code] ?? [['file', code], ['yaml-file']];
  return { found, wanted, ...(next === undefined ? {} : { next }) };
}

const REFUSALS: Readonly<Record<string, readonly [found: Phrase, wanted: Phrase, next?: Phrase]>> = {
  ENOENT: [['no-file'], ['yaml-file']],
  ENOTPATH: [['no-path'], ['yaml-path']],
  EISDIR: [['directory'], ['yaml-file'], ['name-inner-file']],
  EFBIG: [['too-large'], ['small-yaml-file'], ['name-right-file']],
  ENOTUTF8: [['not-utf8'], ['utf8-file'], ['save-as-utf8']],
};

/** The file of the configuration: the one that is named, or else the usual one. */
export function configFile(named: string | undefined, env: Environment): string {
  return chosenFile(named, env) ?? DEFAULT_FILE;
}

function chosenFile(named: string | undefined, env: Environment): string | undefined {
  return named ?? (env['ROTATOR_CONFIG']?.trim() || undefined);
}

function namedBy(named: string | undefined, chosen: string | undefined): Phrase {
  if (named !== undefined) return ['correct-option'];
  return chosen !== undefined ? ['correct-variable'] : ['make-readable'];
}

function formOf(env: Environment): ConfigText {
  const isSet = (name: string) => Boolean(env[name] || env[`${name}_FILE`]);
  if (!isSet('CLOUDBASE_ENV_ID'))
    throw refusal(
      ENVIRONMENT,
      ['no-configuration', DEFAULT_FILE],
      ['file-or-variables'],
      ['copy-example', DEFAULT_FILE],
    );
  const text = isSet('ALERT_TYPE') || isSet('ALERT_URL') ? FORM + FORM_CHANNEL : FORM;
  return { file: ENVIRONMENT, text, bytes: text.length, warnings: [] };
}

function refusal(file: string, found: Phrase, wanted: Phrase, next: Phrase): ConfigError {
  return new ConfigError([{ file, line: null, key: '', found, wanted, next }]);
}
