// The state of the simulated outside world: what tests and the control interface read and change. The services
// (tcb.ts, ssm.ts, sts.ts, aws.ts, apple.ts …) answer from it and from nothing else.
import type { JsonWebKey } from 'node:crypto';
import type { Json, JsonObject } from '../core/json.ts';
import { type AppleKeyIds, AppleKeys, type SecretWish } from './apple-keys.ts';
import { type Behaviour, defaultBehaviour } from './behaviour.ts';
import { initialCredentials, type TemporaryCredential, temporaryCredential } from './credentials.ts';
import { type Fault, Faults, type ServiceName } from './faults.ts';
import { type ProviderRecord, Providers } from './providers.ts';
import { type RequestHook, type RequestRecord, Requests } from './requests.ts';
import { SecretStore } from './secret-store.ts';
import type { Tc3Credential } from './tc3.ts';

export interface SandboxClock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A message that was sent to /inbox/NAME. */
export interface InboxMessage {
  /** Milliseconds since the epoch, by the sandbox's clock. */
  readonly at: number;
  readonly name: string;
  readonly method: string;
  /** What follows /inbox/NAME in the path, and the query: `/fail`, `/api/v2/alerts`, `?timestamp=…&sign=…`. */
  readonly rest: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body; the text itself where it is not JSON. */
  readonly body: Json;
  /** The code under which the service behind the channel refuses it; absent: it was taken. */
  readonly refused?: string;
}

const TEMPORARY_SECONDS = 7_200;

export class World {
  readonly clock: SandboxClock;
  /** Access key id → secret key (and token); both clouds' pairs exist at start. */
  credentials: Map<string, Tc3Credential> = initialCredentials();
  behaviour: Behaviour = defaultBehaviour();
  providers = new Providers();
  appleKeys = new AppleKeys();
  ssmSecrets: SecretStore;
  awsSecrets: SecretStore;
  /** The role that the simulated machine carries; undefined: none. */
  cvmRole: string | undefined = 'sandbox-role';
  readonly inbox: InboxMessage[] = [];
  /** By the inbox's name: what its messages are signed with, where that is not `SECtest`. */
  readonly inboxSecrets = new Map<string, string>();
  readonly faults = new Faults();
  readonly #requests = new Requests();

  constructor(clock: SandboxClock) {
    this.clock = clock;
    this.ssmSecrets = this.#ssmStore();
    this.awsSecrets = this.#awsStore();
  }

  /** Everything as it was at start, but for those who listen by `onRequest`. */
  reset(): void {
    this.credentials = initialCredentials();
    this.behaviour = defaultBehaviour();
    this.providers = new Providers();
    this.appleKeys = new AppleKeys();
    this.ssmSecrets = this.#ssmStore();
    this.awsSecrets = this.#awsStore();
    this.cvmRole = 'sandbox-role';
    this.inbox.length = 0;
    this.inboxSecrets.clear();
    this.faults.clear();
    this.faults.seed(1);
    this.#requests.clear();
  }

  // Environments and providers

  /** Sets a provider (and its environment) at once; `Config.ClientSecret` in clear. */
  putProvider(envId: string, provider: ProviderRecord): void {
    this.providers.put(envId, provider);
  }

  /** A copy of the true state. */
  provider(envId: string, id: string): ProviderRecord | undefined {
    return this.providers.get(envId, id);
  }

  /** Sets Config keys one by one, as an administrator would. Throws a TypeError where there is no such provider. */
  patchConfig(envId: string, id: string, patch: JsonObject): void {
    const provider = this.provider(envId, id);
    if (provider === undefined) throw new TypeError(`no provider ${id} in environment ${envId}`);
    this.putProvider(envId, { ...provider, Config: { ...provider.Config, ...patch } });
  }

  /** False: there was none. */
  deleteProvider(envId: string, id: string): boolean {
    return this.providers.delete(envId, id);
  }

  // Apple

  generateAppleKey(ids: AppleKeyIds): { readonly privateKeyPem: string; readonly publicJwk: JsonWebKey } {
    return this.appleKeys.generate(ids);
  }

  registerAppleKey(key: AppleKeyIds & { readonly publicJwk: JsonWebKey }): void {
    this.appleKeys.register(key);
  }

  revokeAppleKey(keyId: string): boolean {
    return this.appleKeys.revoke(keyId);
  }

  /** A client secret of any age, signed with a key from `generateAppleKey`. */
  mintSecret(wish: SecretWish): string {
    return this.appleKeys.mint(wish, this.clock.now());
  }

  // Temporary credentials

  /** Gives a temporary credential, good from now on. */
  issueCredential(askedSeconds?: number): TemporaryCredential {
    const seconds = this.behaviour.temporaryCredentialSeconds ?? askedSeconds ?? TEMPORARY_SECONDS;
    const issued = temporaryCredential(this.clock.now() + seconds * 1000);
    const { secretId, ...credential } = issued;
    this.credentials.set(secretId, credential);
    return issued;
  }

  // Faults and requests

  /** Returns the fault's id. Throws a ZodError where a field is wrong. */
  addFault(fault: Fault): string {
    return this.faults.add(fault);
  }

  clearFaults(): void {
    this.faults.clear();
  }

  /** Sets the seed from which the shares of faults are drawn. */
  seed(seed: number): void {
    this.faults.seed(seed);
  }

  /** What arrived, in order, without secrets. */
  get requests(): readonly RequestRecord[] {
    return this.#requests.log;
  }

  clearRequests(): void {
    this.#requests.log.length = 0;
  }

  onRequest(listener: (request: RequestRecord) => void): () => void {
    return this.#requests.onRequest(listener);
  }

  /** Acts between two requests: `hook` is awaited before each request of this kind takes effect. */
  before(service: ServiceName, action: string, hook: RequestHook): () => void {
    return this.#requests.before(service, action, hook);
  }

  /** For the server: logs a request and waits for the hooks. */
  arrive(request: RequestRecord): Promise<void> {
    return this.#requests.arrive(request);
  }

  #ssmStore(): SecretStore {
    return new SecretStore({ region: 'ap-shanghai', label: 'SSM_Current' }, () => this.clock.now());
  }

  #awsStore(): SecretStore {
    return new SecretStore({ region: 'ap-southeast-1', label: 'AWSCURRENT' }, () => this.clock.now());
  }
}
