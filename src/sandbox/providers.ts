// CloudBase's environments and their identity providers: the true state, and what a reader is shown of it. Records are
// kept as they came, unknown keys included, and are handed out as copies.
import { undocumented } from '../adapters/provider/documented.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Behaviour } from './behaviour.ts';
import { sha256 } from './digest.ts';
import { withoutPaths } from './provider-config.ts';

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
  reads: number;
}

type Change = (old: ProviderRecord | undefined) => ProviderRecord | undefined;

export class Providers {
  readonly #environments = new Map<string, Environment>();
  /** Writes that were answered and have no effect yet. */
  #late: { readonly at: number; readonly envId: string; readonly id: string; readonly change: Change }[] = [];
  readonly #now: () => number;

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes an environment without providers; an existing one stays as it is. */
  addEnvironment(envId: string): void {
    if (!this.#environments.has(envId))
      this.#environments.set(envId, { providers: new Map(), before: undefined, readsSinceWrite: 0, reads: 0 });
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
    return structuredClone(this.#find(envId)?.providers.get(id));
  }

  delete(envId: string, id: string): boolean {
    const environment = this.#find(envId);
    if (environment === undefined) return false;
    environment.before = undefined;
    return environment.providers.delete(id);
  }

  /** The true state of all providers of an environment, without those that CloudBase adds. */
  list(envId: string): ProviderRecord[] {
    return [...(this.#find(envId)?.providers.values() ?? [])].map((one) => structuredClone(one));
  }

  /** What GetProviders shows: perhaps an old state, the secret in the shape that `behaviour` says, and two more records. */
  shown(envId: string, behaviour: Behaviour): ProviderRecord[] {
    const environment = this.#environment(envId);
    const late = environment.before !== undefined && environment.readsSinceWrite < behaviour.staleReads;
    environment.readsSinceWrite += 1;
    environment.reads += 1;
    const records = [...((late ? environment.before : undefined) ?? environment.providers).values()];
    const added = (['custom', 'email'] as const).filter((id) => !records.some((record) => record.Id === id));
    const show = (record: ProviderRecord) => ({
      ...record,
      Config: shownConfig(record.Config, behaviour, environment.reads),
    });
    return [...records.map(show), ...added.map(switchedOff)];
  }

  /**
   * A write over the API, now or `lateMs` later: `change` makes the new record from the old one; undefined: there is none.
   * Nothing happens if the environment is gone by then.
   */
  write(envId: string, id: string, change: Change, lateMs: number): void {
    this.#late.push({ at: this.#now() + lateMs, envId, id, change });
    this.#find(envId);
  }

  #environment(envId: string): Environment {
    const environment = this.#find(envId);
    if (environment === undefined) throw new TypeError(`no environment ${envId}`);
    return environment;
  }

  /** The environment, after the writes that were due. */
  #find(envId: string): Environment | undefined {
    const now = this.#now();
    const due = this.#late.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    this.#late = this.#late.filter(({ at }) => at > now);
    for (const late of due) {
      const environment = this.#environments.get(late.envId);
      if (environment === undefined) continue;
      environment.before = new Map(environment.providers);
      environment.readsSinceWrite = 0;
      const next = late.change(structuredClone(environment.providers.get(late.id)));
      if (next === undefined) environment.providers.delete(late.id);
      else environment.providers.set(late.id, next);
    }
    return this.#environments.get(envId);
  }
}

/** A Config as the `read`th reading of its environment shows it. */
function shownConfig(config: JsonObject, { showSecret, hiddenKeys }: Behaviour, read: number): JsonObject {
  const { ClientSecret: secret, ...rest } = withoutPaths(config, undocumented(config, hiddenKeys));
  if (showSecret === 'missing' || secret === undefined) return rest;
  if (showSecret === 'null') return { ...rest, ClientSecret: null };
  if (showSecret === 'empty') return { ...rest, ClientSecret: '' };
  if (typeof secret !== 'string' || secret === '') return { ...rest, ClientSecret: secret };
  return { ...rest, ClientSecret: SHOWN[showSecret](secret, read) };
}

const SHOWN = {
  clear: (secret) => secret,
  digest: (secret) => sha256(secret),
  masked: (secret) => `${secret.slice(0, 4)}****${secret.slice(-4)}`,
  varying: (secret, read) => `****${sha256(`${secret}${read}`).slice(0, 6)}`,
} as const satisfies Record<string, (secret: string, read: number) => string>;

function switchedOff(id: 'custom' | 'email'): ProviderRecord {
  return { Id: id, ProviderType: id.toUpperCase(), Name: { Message: id }, On: 'FALSE', Config: {} };
}
