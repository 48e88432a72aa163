// CloudBase and Apple as a process of its own, as bare as they can be: every answer comes at once, and nothing is checked
// but the signature of a client secret, because a program that is told only yes raises an alert. The sandbox of the
// program would cost as much CPU as what is measured, on the same machine. Started by start-server.ts, which speaks to it
// over the channel between processes.
import { createPublicKey, type JsonWebKey, randomUUID, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';

/** What the bench tells and asks the server. */
export type ServerOrder =
  /** What every environment holds, whatever its name, until it is written; what was written is forgotten. */
  | { readonly order: 'seed'; readonly provider: object; readonly publicJwk: JsonWebKey }
  /** Counts from here on. */
  | { readonly order: 'count' }
  | { readonly order: 'arrivals' };

/** What arrived since the last order but `arrivals`. */
export interface Arrivals {
  /** By action; `token` stands for Apple. */
  readonly actions: Readonly<Record<string, number>>;
  /** By region: when each call to CloudBase arrived, in ms. */
  readonly times: Readonly<Record<string, readonly number[]>>;
}

interface Provider {
  readonly Config?: { readonly ClientSecret?: string };
}

try {
  // What waits here for a busy processor would seem to have arrived later, and together.
  setPriority(-20);
} catch {
  // Only root may.
}

let seed: Provider = {};
let publicJwk: JsonWebKey = {};
const written = new Map<string, Provider>();
let actions: Record<string, number> = {};
let times: Record<string, number[]> = {};

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const action = request.headers['x-tc-action'];
    const text = Buffer.concat(parts).toString('utf8');
    const [status, answer] = typeof action === 'string' ? cloudbase(action, text, request.headers) : apple(text);
    const body = JSON.stringify(answer);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});

function cloudbase(action: string, text: string, headers: NodeJS.Dict<string | string[]>): [number, object] {
  const region = String(headers['x-tc-region'] ?? '');
  const arrived = times[region] ?? [];
  arrived.push(performance.now());
  times[region] = arrived;
  count(action);
  const { EnvId: envId = '', ...sent } = JSON.parse(text) as { EnvId?: string } & Provider;
  const provider = written.get(envId) ?? seed;
  if (action === 'ModifyProvider') written.set(envId, { ...provider, Config: { ...provider.Config, ...sent.Config } });
  const data = action === 'GetProviders' ? { Total: 1, Data: [provider] } : {};
  return [200, { Response: { ...data, RequestId: randomUUID() } }];
}

/** `invalid_grant` means that the client secret is good. */
function apple(form: string): [number, object] {
  count('token');
  const [head = '', body = '', signature = ''] = (new URLSearchParams(form).get('client_secret') ?? '').split('.');
  const key = { key: createPublicKey({ key: publicJwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  const isGood = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  return [400, { error: isGood ? 'invalid_grant' : 'invalid_client' }];
}

function count(action: string): void {
  actions[action] = (actions[action] ?? 0) + 1;
}

process.on('message', (order: ServerOrder) => {
  if (order.order === 'arrivals') {
    const arrivals: Arrivals = { actions, times };
    process.send?.(arrivals);
    return;
  }
  if (order.order === 'seed') ({ provider: seed, publicJwk } = order);
  if (order.order === 'seed') written.clear();
  [actions, times] = [{}, {}];
  process.send?.({});
});
// It must not outlive the bench, however that ends.
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
