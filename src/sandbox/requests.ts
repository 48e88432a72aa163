// The requests that arrived, in order, with listeners and hooks. A secret is never kept: its fingerprint (lower-case hex
// SHA-256) takes its place. Authorization headers are not kept at all.
import type { Json } from '../core/json.ts';
import { sha256 } from './digest.ts';
import type { ServiceName } from './faults.ts';

export interface RequestRecord {
  /** Milliseconds since the epoch, by the sandbox's clock. */
  readonly at: number;
  readonly service: ServiceName;
  /** The API's action, `token` for Apple and logins, the inbox's name. */
  readonly action: string;
  readonly envId?: string;
  readonly region?: string;
  /** The access key id that the request named. */
  readonly signedBy?: string;
  /** The parsed body, secrets replaced. */
  readonly body: Json;
}

export type RequestHook = (request: RequestRecord) => void | Promise<void>;

const SECRET_NAMES = /^(?:client_?secret|web_?identity_?token|routing_?key|password|token)$/i;

export class Requests {
  /** What arrived, in order. */
  readonly log: RequestRecord[] = [];
  readonly #listeners = new Set<(request: RequestRecord) => void>();
  readonly #hooks = new Set<{ readonly service: ServiceName; readonly action: string; readonly hook: RequestHook }>();

  /** Calls `listener` for each request as it arrives, before it takes effect. Returns the function that ends this. */
  onRequest(listener: (request: RequestRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Awaits `hook` before every request of this kind takes effect. Returns the function that ends this. */
  before(service: ServiceName, action: string, hook: RequestHook): () => void {
    const entry = { service, action, hook };
    this.#hooks.add(entry);
    return () => this.#hooks.delete(entry);
  }

  /** Logs a request, calls the listeners and waits for the hooks. */
  async arrive(request: RequestRecord): Promise<void> {
    const record = { ...request, body: withoutSecrets(request.body) };
    this.log.push(record);
    for (const listener of this.#listeners) listener(record);
    for (const { service, action, hook } of [...this.#hooks])
      if (service === record.service && action === record.action) await hook(record);
  }

  clearLog(): void {
    this.log.length = 0;
  }

  /** Empties the log and removes the hooks; listeners stay. */
  clear(): void {
    this.clearLog();
    this.#hooks.clear();
  }
}

function withoutSecrets(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(withoutSecrets);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAMES.test(name) && typeof item === 'string' && item !== '' ? sha256(item) : withoutSecrets(item),
    ]),
  );
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
