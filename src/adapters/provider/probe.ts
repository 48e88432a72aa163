// Measures what CloudBase does with a provider and does not document, on one of its own that is switched off and removed
// at the end. Each write carries a witness, so that a reading is compared only once it shows that write.
import { asRotatorError, RotatorError } from '../../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { fingerprint } from '../../core/parsed-secret.ts';
import type { Clock } from '../../core/ports.ts';
import type { ProbeReport } from '../../core/probe.ts';
import { APPLE_ISSUER, authorizationEndpointFor } from '../../core/provider-settings.ts';
import { shownSecret } from '../../core/shown-secret.ts';
import type { TencentClient } from '../tencent/client.ts';
import type { ProbeNote, ProbeNotes } from './probe-note.ts';

export interface ProbeTools {
  readonly client: TencentClient;
  readonly clock: Clock;
  readonly notes: ProbeNotes;
  readonly signal: AbortSignal;
}

/** CloudBase allows 20; the last place is not for a measurement. */
const MOST_PROVIDERS = 19;
/** Waits between readings until one shows a write: half a minute in all. */
const WAITS_MS = [0, 500, 500, 1_000, 2_000, 4_000, 8_000, 16_000] as const;
const MARK = 'made by apple-secret-rotator probe, to be deleted';

/** Removes what an earlier probe left, measures, and removes what it made. Throws ERR_PROBE beside the client's errors. */
export async function probe(place: ProbeNote, tools: ProbeTools): Promise<ProbeReport> {
  await removeLeftover(place, tools);
  const others = await read(place.envId, tools);
  if (others.length >= MOST_PROVIDERS) throw new RotatorError('ERR_PROBE', { problem: 'full', count: others.length });
  await tools.notes.write(place);
  const run = new Probe(place, tools);
  try {
    return await run.measure();
  } finally {
    // Also where the person stopped it.
    await removeMade(place, { ...tools, signal: new AbortController().signal }, run.mayComeLater);
  }
}

async function removeLeftover({ endpoint, envId }: ProbeNote, tools: ProbeTools): Promise<void> {
  const left = await tools.notes.read();
  if (left === undefined) return;
  if (left.endpoint !== endpoint || left.envId !== envId)
    throw new RotatorError('ERR_PROBE', { problem: 'leftover', envId: left.envId, providerId: left.providerId });
  await removeMade(left, tools, false);
}

/** Deletes the provider, if it is there and bears the mark, and then the note. */
async function removeMade(place: ProbeNote, tools: ProbeTools, mayComeLater: boolean): Promise<void> {
  const { envId, providerId } = place;
  const find = async () => (await read(envId, tools)).find((record) => record['Id'] === providerId);
  const found = await find();
  if (found !== undefined) {
    const { Description: mark } = found as { Description?: Json };
    if (!isJsonObject(mark) || mark['Message'] !== MARK)
      throw new RotatorError('ERR_PROBE', { problem: 'no-mark', envId, providerId });
    await call('DeleteProvider', { EnvId: envId, Id: providerId }, place, tools);
    for (const wait of WAITS_MS) {
      await tools.clock.sleep(wait, tools.signal);
      if ((await find()) === undefined) return tools.notes.remove();
    }
  }
  if (found !== undefined || mayComeLater) throw new RotatorError('ERR_PROBE', { problem: 'left', envId, providerId });
  await tools.notes.remove();
}

async function read(envId: string, { client, signal }: ProbeTools): Promise<readonly JsonObject[]> {
  const { response } = await client.call('GetProviders', { EnvId: envId }, { signal, write: false, envId });
  const list = response['Data'];
  if (!Array.isArray(list)) throw new RotatorError('ERR_CLOUDBASE_BAD_ANSWER', { problem: 'no-list' });
  return list.filter(isJsonObject);
}

async function call(action: string, params: JsonObject, { envId }: ProbeNote, tools: ProbeTools): Promise<void> {
  await tools.client.call(action, params, { signal: tools.signal, write: true, envId });
}

const FORM_POST = authorizationEndpointFor('email');

class Probe {
  /** It was created, or may have been, and no reading has shown it yet. */
  mayComeLater = false;
  private readonly place: ProbeNote;
  private readonly tools: ProbeTools;
  private witnesses = 0;
  private slowestMs = 0;

  constructor(place: ProbeNote, tools: ProbeTools) {
    this.place = place;
    this.tools = tools;
  }

  async measure(): Promise<ProbeReport> {
    const { place } = this;
    const secret = madeUpSecret(place.providerId);
    const config = { ...CONFIG, ClientSecret: secret };
    const made = await this.create(config);
    const shown = shownSecret(made['ClientSecret']);
    const stored = shown.shape === 'clear' ? shown.text === secret : shown.text === fingerprint(secret);
    const isReadable = shown.shape === 'clear' || shown.shape === 'digest';
    const existing = await this.codeOf('AddProvider', { ...this.record(), Config: config });
    const absent = {
      EnvId: place.envId,
      Id: `${place.providerId.slice(0, -1)}${place.providerId.endsWith('0') ? 1 : 0}`,
    };
    const absentChange = await this.codeOf('ModifyProvider', { ...absent, Name: { Message: 'probe' } });
    const absentDelete = await this.codeOf('DeleteProvider', absent);
    const { Issuer: _, ...quiet } = config;
    // First without the issuer, so that nothing but a discovery at every write can change the endpoint.
    const afterAny = await this.change(quiet);
    const issuerKept = afterAny['Issuer'] === APPLE_ISSUER;
    const everyWrite = afterAny['AuthorizationEndpoint'] !== FORM_POST;
    // The issuer has to be the same again, where that write has lost it.
    if (!issuerKept) await this.change(config);
    const byIssuer = await this.discovers(config);
    const again = byIssuer && (await this.discovers(config));
    const top = await this.undocumented(config, { RevocationEndpoint: `${APPLE_ISSUER}/auth/revoke` });
    const inner = { ...config.RequestParametersMap, RegisterUserSyncScope: 'probe' };
    const nested = await this.undocumented(config, { RequestParametersMap: inner });
    const emptyTexts = await this.emptyTexts(config);
    const lists = await this.lists(config);
    await this.change(config);
    const afterPart = await this.change({});
    const merges = afterPart['ClientId'] === config.ClientId && afterPart['Scope'] === config.Scope;
    const afterInner = merges ? await this.change({ RequestParametersMap: { ClientId: 'client' } }) : {};
    const map = afterInner['RequestParametersMap'];
    const isDeep = isJsonObject(map ?? null) && (map as JsonObject)['GrantType'] !== undefined;
    return {
      secretShown: shown.shape,
      secretStored: isReadable ? (stored ? 'as-sent' : 'otherwise') : 'unknown',
      merge: merges ? (isDeep ? 'deep' : 'top') : 'none',
      rediscovery: everyWrite ? 'every-write' : again ? 'issuer' : byIssuer ? 'once' : 'never',
      undocumented: { top, nested },
      emptyTexts,
      lists,
      showsAfterMs: this.slowestMs,
      errors: { existing, absentChange, absentDelete },
    };
  }

  private record(): JsonObject {
    const { envId, providerId } = this.place;
    return {
      EnvId: envId,
      Id: providerId,
      Name: { Message: 'probe' },
      Description: { Message: MARK },
      ProviderType: 'OIDC',
      On: 'FALSE',
      AutoSignInWhenEmailMatch: 'FALSE',
      AutoSignInWhenPhoneNumberMatch: 'FALSE',
    };
  }

  private async create(config: JsonObject): Promise<JsonObject> {
    const SignoutEndpoint = this.witness();
    this.mayComeLater = true;
    try {
      await call('AddProvider', { ...this.record(), Config: { ...config, SignoutEndpoint } }, this.place, this.tools);
    } catch (thrown) {
      const error = asRotatorError(thrown);
      this.mayComeLater = error.ambiguous;
      if (!error.ambiguous) throw error;
    }
    const made = await this.shownWith(SignoutEndpoint);
    this.mayComeLater = false;
    return made;
  }

  /** Writes this much of a Config, and gives the Config that shows then. */
  private async change(config: JsonObject): Promise<JsonObject> {
    const SignoutEndpoint = this.witness();
    const { envId, providerId } = this.place;
    const params = { EnvId: envId, Id: providerId, Config: { ...config, SignoutEndpoint } };
    await call('ModifyProvider', params, this.place, this.tools);
    return this.shownWith(SignoutEndpoint);
  }

  /** Whether a write of this Config has its endpoint replaced by the one that Apple publishes. */
  private async discovers(config: JsonObject): Promise<boolean> {
    const { AuthorizationEndpoint } = await this.change(config);
    return AuthorizationEndpoint !== FORM_POST;
  }

  private witness(): string {
    this.witnesses += 1;
    return `https://probe.invalid/${this.witnesses}`;
  }

  private async shownWith(witness: string): Promise<JsonObject> {
    const { clock, signal } = this.tools;
    const since = clock.monotonic();
    for (const wait of WAITS_MS) {
      await clock.sleep(wait, signal);
      const found = (await read(this.place.envId, this.tools)).find(({ Id }) => Id === this.place.providerId);
      const config = found?.['Config'] ?? null;
      if (!isJsonObject(config) || config['SignoutEndpoint'] !== witness) continue;
      this.slowestMs = Math.max(this.slowestMs, clock.monotonic() - since);
      return config;
    }
    throw new RotatorError('ERR_PROBE', { problem: 'not-shown' });
  }

  /** What becomes of keys that Tencent's SDK does not know. */
  private async undocumented(config: JsonObject, keys: JsonObject): Promise<'shown' | 'not-shown' | 'refused'> {
    try {
      const after = await this.change({ ...config, ...keys });
      return Object.entries(keys).every(([key, value]) => holds(after[key], value)) ? 'shown' : 'not-shown';
    } catch (thrown) {
      if (isRefusal(thrown)) return 'refused';
      throw thrown;
    }
  }

  private async emptyTexts(config: JsonObject): Promise<ProbeReport['emptyTexts']> {
    const before = 'https://probe.invalid/before';
    await this.change({ ...config, UserinfoEndpoint: before });
    const { UserinfoEndpoint: after } = await this.change({ ...config, UserinfoEndpoint: '' });
    return after === before ? 'before' : after === '' ? 'empty' : 'nothing';
  }

  private async lists(config: JsonObject): Promise<ProbeReport['lists']> {
    const list = ['a.invalid', 'b.invalid'];
    try {
      await this.change({ ...config, Domains: list });
      const { Domains: after } = await this.change({ ...config, Domains: list });
      if (!Array.isArray(after)) return 'not-shown';
      return after.length > list.length ? 'appended' : 'replaced';
    } catch (thrown) {
      if (isRefusal(thrown)) return 'refused';
      throw thrown;
    }
  }

  /** The code with which a call is refused; null: it is not. */
  private async codeOf(action: string, params: JsonObject): Promise<string | null> {
    try {
      await call(action, params, this.place, this.tools);
      return null;
    } catch (thrown) {
      const { remoteCode, code } = asRotatorError(thrown);
      return remoteCode ?? code;
    }
  }
}

/** What the measurements rest on: known keys, a map among them. */
const CONFIG = {
  Issuer: APPLE_ISSUER,
  AuthorizationEndpoint: FORM_POST,
  ClientId: 'com.example.probe',
  Scope: 'openid email',
  ResponseType: 'code',
  RequestParametersMap: { ClientId: 'client_id', GrantType: 'grant_type' },
} as const;

/** The API knows no such parameter, or none of this form. */
function isRefusal(thrown: unknown): boolean {
  return /^(?:UnknownParameter|InvalidParameter)/.test(asRotatorError(thrown).remoteCode ?? '');
}

/** Everything of `wanted`, at any depth. */
function holds(found: Json | undefined, wanted: Json | undefined): boolean {
  if (!isJsonObject(wanted ?? null)) return found === wanted;
  return (
    isJsonObject(found ?? null) &&
    Object.entries(wanted as JsonObject).every(([key, value]) => holds((found as JsonObject)[key], value))
  );
}

/** In the form of a client secret; it opens nothing. */
function madeUpSecret(id: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', kid: 'PROBEPROBE' })}.${part({ sub: id })}.${Buffer.alloc(64, id).toString('base64url')}`;
}
