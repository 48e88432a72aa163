// CloudBase's environments and their identity providers: the true state, and what a reader is shown of it. Records are
// kept as they came, unknown keys included, and are handed out as copies.
import type { Json, JsonObject } from '../core/json.ts';
import type { Behaviour } from './behaviour.ts';
import { sha256 } from './digest.ts';

/** A provider as CloudBase keeps it; `Config.ClientSecret` in clear. */
export interface ProviderRecord {
  readonly Id: string;
  readonly Config: JsonObject;
  readonly [field: string]: Json;
}

interface Environment {
  readonly providers: Map<string, ProviderRecord>;
  /** The providers before the last write over the API, for stale reads. */
  before: Map<string, ProviderRecord> | undefined;
  readsSinceWrite: number;
}

/** The Config keys of tencentcloud-sdk-nodejs 4.1.313 (tcb_models.d.ts, ProviderConfig). */
const KNOWN_CONFIG_KEYS: ReadonlySet<string> = new Set([
  'Issuer',
  'JwksUri',
  'ClientId',
  'ClientSecret',
  'RedirectUri',
  'Scope',
  'AuthorizationEndpoint',
  'TokenEndpoint',
  'UserinfoEndpoint',
  'ResponseType',
  'SignoutEndpoint',
  'TokenEndpointAuthMethod',
  'SamlMetadata',
  'RequestParametersMap',
  'ResponseParametersMap',
]);

const DISCOVERED_AUTHORIZATION_ENDPOINT = 'https://appleid.apple.com/auth/authorize';

export class Providers {
  readonly #environments = new Map<string, Environment>();

  /** Makes an environment without providers; an existing one stays as it is. */
  addEnvironment(envId: string): void {
    if (!this.#environments.has(envId))
      this.#environments.set(envId, { providers: new Map(), before: undefined, readsSinceWrite: 0 });
  }

  deleteEnvironment(envId: string): boolean {
    return this.#environments.delete(envId);
  }

  environments(): string[] {
    return [...this.#environments.keys()];
  }

  has(envId: string): boolean {
    return this.#environments.has(envId);
  }

  /** Sets the true state at once, as an administrator would; reads then show it without delay. */
  put(envId: string, provider: ProviderRecord): void {
    this.addEnvironment(envId);
    const environment = this.#environment(envId);
    environment.providers.set(provider.Id, structuredClone(provider));
    environment.before = undefined;
  }

  /** The true state. */
  get(envId: string, id: string): ProviderRecord | undefined {
    return structuredClone(this.#environments.get(envId)?.providers.get(id));
  }

  delete(envId: string, id: string): boolean {
    const environment = this.#environments.get(envId);
    if (environment === undefined) return false;
    environment.before = undefined;
    return environment.providers.delete(id);
  }

  /** The true state of all providers of an environment, without those that CloudBase adds. */
  list(envId: string): ProviderRecord[] {
    return [...(this.#environments.get(envId)?.providers.values() ?? [])].map((one) => structuredClone(one));
  }

  /** What GetProviders shows: perhaps an old state, the secret in the shape that `behaviour` says, and two more records. */
  shown(envId: string, behaviour: Behaviour): ProviderRecord[] {
    const environment = this.#environment(envId);
    const late = environment.before !== undefined && environment.readsSinceWrite < behaviour.staleReads;
    environment.readsSinceWrite += 1;
    const records = [...((late ? environment.before : undefined) ?? environment.providers).values()];
    const added = (['custom', 'email'] as const).filter((id) => !records.some((record) => record.Id === id));
    return [...records.map((record) => showSecret(record, behaviour.showSecret)), ...added.map(switchedOff)];
  }

  /** A write over the API: `change` makes the new record from the old one; undefined deletes it. */
  write(envId: string, id: string, change: (old: ProviderRecord | undefined) => ProviderRecord | undefined): void {
    const environment = this.#environment(envId);
    const next = change(structuredClone(environment.providers.get(id)));
    environment.before = new Map(environment.providers);
    environment.readsSinceWrite = 0;
    if (next === undefined) environment.providers.delete(id);
    else environment.providers.set(id, next);
  }

  #environment(envId: string): Environment {
    const environment = this.#environments.get(envId);
    if (environment === undefined) throw new TypeError(`no environment ${envId}`);
    return environment;
  }
}

/** What Config is after ModifyProvider. CloudBase does not document this. */
export function writtenConfig(old: JsonObject, sent: JsonObject, behaviour: Behaviour): JsonObject {
  const written =
    behaviour.configWrite === 'merge'
      ? { ...old, ...sent }
      : behaviour.configWrite === 'replace'
        ? sent
        : Object.fromEntries(Object.entries(sent).filter(([key]) => KNOWN_CONFIG_KEYS.has(key)));
  if (behaviour.rediscovery === false || sent['Issuer'] === undefined) return written;
  if (behaviour.rediscovery === 'once') behaviour.rediscovery = false;
  return { ...written, AuthorizationEndpoint: DISCOVERED_AUTHORIZATION_ENDPOINT };
}

function showSecret(record: ProviderRecord, shape: Behaviour['showSecret']): ProviderRecord {
  const { ClientSecret: secret, ...rest } = record.Config;
  if (shape === 'missing') return { ...record, Config: rest };
  if (shape === 'null') return { ...record, Config: { ...record.Config, ClientSecret: null } };
  if (shape === 'empty') return { ...record, Config: { ...record.Config, ClientSecret: '' } };
  if (typeof secret !== 'string' || secret === '' || shape === 'clear') return record;
  const shown = shape === 'digest' ? sha256(secret) : `${secret.slice(0, 4)}****${secret.slice(-4)}`;
  return { ...record, Config: { ...record.Config, ClientSecret: shown } };
}

function switchedOff(id: 'custom' | 'email'): ProviderRecord {
  return { Id: id, ProviderType: id.toUpperCase(), Name: { Message: id }, On: 'FALSE', Config: {} };
}
