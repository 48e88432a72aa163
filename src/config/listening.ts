// Where the running daemon listens, from the part of the configuration that says so: `health` must not call a daemon
// dead because a secret's variable is missing in its own environment, or because somebody is editing the file (the
// daemon then keeps its old configuration). Loads nothing but the YAML parser.
import { HTTP_DEFAULTS } from './http-defaults.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { ConfigError } from './problems.ts';
import { readConfigText } from './source.ts';
import { type MapNode, nodeAt } from './tree.ts';
import { readYaml } from './yaml.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** What could not be read, so that a default stands in; undefined where all could. */
  readonly doubt: string | undefined;
}

/** `http.host` and `http.port`, each by its default where it cannot be read. Never throws for the configuration. */
export async function readListening(file: string | undefined, env: Environment): Promise<Listening> {
  const doubts: string[] = [];
  const found = await readHttp(file, env).catch((thrown: unknown) => {
    if (!(thrown instanceof ConfigError)) throw thrown;
    doubts.push(thrown.message);
    return undefined;
  });
  const host = valueIn(found, 'host', doubts);
  const port = valueIn(found, 'port', doubts);
  const usable = /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535;
  if (!usable) doubts.push('http.port is not a port');
  return {
    host,
    port: Number(usable ? port : HTTP_DEFAULTS.port),
    doubt: doubts.length === 0 ? undefined : doubts.join('; '),
  };
}

/** The tokens of the section `http`; undefined where they cannot be read. Never throws for the configuration. */
export async function readTokens(
  file: string | undefined,
  env: Environment,
): Promise<{ readonly token: string | undefined; readonly readToken: string | undefined } | undefined> {
  const doubts: string[] = [];
  const http = await readHttp(file, env, TOKENS).catch((thrown: unknown) => {
    if (!(thrown instanceof ConfigError)) throw thrown;
    doubts.push(thrown.message);
    return undefined;
  });
  const [token, readToken] = TOKENS.map((key) => {
    const node = http?.entries.get(key);
    if (node === undefined) return undefined;
    if (node.kind === 'text' && node.broken !== true) return node.text === '' ? undefined : node.text;
    doubts.push(`http.${key} cannot be read`);
    return undefined;
  });
  return doubts.length === 0 ? { token, readToken } : undefined;
}

const TOKENS = ['token', 'readToken'] as const;

/** The section `http`, with these keys alone interpolated; undefined where there is none. */
async function readHttp(
  named: string | undefined,
  env: Environment,
  keys: readonly string[] = Object.keys(HTTP_DEFAULTS),
): Promise<MapNode | undefined> {
  const { file, text } = await readConfigText(named, env);
  const { root, problems } = await readYaml(text, file);
  if (root === undefined) throw new ConfigError(problems);
  const http = nodeAt(root, ['http']);
  if (http?.kind !== 'map') return undefined;
  const entries = [...http.entries].filter(([key]) => keys.includes(key));
  return (await interpolate({ name: file, root: { ...http, entries: new Map(entries) } }, env)).tree.root;
}

function valueIn(http: MapNode | undefined, key: keyof typeof HTTP_DEFAULTS, doubts: string[]): string {
  const node = http?.entries.get(key);
  if (node === undefined) return HTTP_DEFAULTS[key];
  if (node.kind === 'text' && node.broken !== true) return node.text === '' ? HTTP_DEFAULTS[key] : node.text;
  doubts.push(`http.${key} cannot be read`);
  return HTTP_DEFAULTS[key];
}
