// Where the running daemon listens, from as much of the configuration as that takes: `health` must not call a daemon
// dead because a secret's variable is missing in its own environment, or because the file is being edited and wrong
// just now (the daemon then keeps to what it had). Nothing is loaded but YAML's parser.
import { readYaml } from './document.ts';
import { HTTP_DEFAULTS } from './http-defaults.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { ConfigError } from './problems.ts';
import { nodeAt, type RawMap, type RawNode } from './raw.ts';
import { readConfigFile } from './source.ts';

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
  const host = text(found, 'host', doubts);
  const port = text(found, 'port', doubts);
  const usable = /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535;
  if (!usable) doubts.push('http.port is not a port');
  return {
    host,
    port: Number(usable ? port : HTTP_DEFAULTS.port),
    doubt: doubts.length === 0 ? undefined : doubts.join('; '),
  };
}

/** The section `http`, with host and port alone interpolated; undefined where there is none. */
async function readHttp(named: string | undefined, env: Environment): Promise<RawMap | undefined> {
  const source = await readConfigFile(named, env);
  if (source === undefined) return undefined;
  const { root, problems } = readYaml(source.text, source.file);
  if (root === undefined) throw new ConfigError(problems);
  const http = nodeAt(root, ['http']);
  if (http?.kind !== 'map') return undefined;
  const entries = [...http.entries].filter(([key]) => key in HTTP_DEFAULTS);
  const part: RawMap = { ...http, entries: new Map(entries) };
  return (await interpolate(part, source.file, env)).root;
}

function text(http: RawNode | undefined, key: keyof typeof HTTP_DEFAULTS, doubts: string[]): string {
  const node = http === undefined ? undefined : nodeAt(http, [key]);
  if (node === undefined || (node.kind === 'text' && node.text === '' && node.broken !== true))
    return HTTP_DEFAULTS[key];
  if (node.kind === 'text' && node.broken !== true) return node.text;
  doubts.push(`http.${key} cannot be read`);
  return HTTP_DEFAULTS[key];
}
