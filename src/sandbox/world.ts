// The state of the simulated outside world, which tests and the control interface read and change. The services (tcb.ts,
// ssm.ts, sts.ts, aws.ts, apple.ts …) answer from it alone.
import type { Json, JsonObject } from '../core/json.ts';
import { AppleKeys, type SecretWish } from './apple-keys.ts';
import { type Behaviour, defaultBehaviour } from './behaviour.ts';
import { type Credential, initialCredentials, type TemporaryCredential, temporaryCredential } from './credentials.ts';
import { Faults } from './faults.ts';
import { Providers } from './providers.ts';
import { Requests } from './requests.ts';
import { SecretStore } from './secret-store.ts';

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
  /** The code with which the service refuses the message; absent: it was accepted. */
  readonly refused?: string;
}

const TEMPORARY_SECONDS = 7_200;

/** What an inbox asks of the messages to it. */
export interface InboxGuard {
  /** Signs the messages. */
  readonly secret?: string;
  /** A robot that is protected by this word, not by a signature. */
  readonly keyword?: string;
  /** The header `Authorization`. */
  readonly authorization?: string;
}

export class World {
  readonly clock: SandboxClock;
  /** By access key id; the pairs of both clouds exist at start. */
  credentials: Map<string, Credential> = initialCredentials();
  behaviour: Behaviour = defaultBehaviour();
  providers: Providers;
  appleKeys = new AppleKeys();
  ssmSecrets: SecretStore;
  awsSecrets: SecretStore;
  /** The role of the simulated machine; undefined: none. */
  cvmRole: string | undefined = 'sandbox-role';
  readonly inbox: InboxMessage[] = [];
  /** By inbox name: what it asks of its messages, if that is not a signature with the usual `SECtest`. */
  readonly inboxGuards = new Map<string, InboxGuard>();
  readonly faults = new Faults();
  readonly requests = new Requests();

  constructor(clock: SandboxClock) {
    this.clock = clock;
    this.providers = this.#providers();
    this.ssmSecrets = this.#ssmStore();
    this.awsSecrets = this.#awsStore();
  }

  /** Puts everything back as it was at start. Listeners of `onRequest` stay. */
  reset(): void {
    this.credentials = initialCredentials();
    this.behaviour = defaultBehaviour();
    this.providers = this.#providers();
    this.appleKeys = new AppleKeys();
    this.ssmSecrets = this.#ssmStore();
    this.awsSecrets = this.#awsStore();
    this.cvmRole = 'sandbox-role';
    this.inbox.length = 0;
    this.inboxGuards.clear();
    this.faults.clear();
    this.faults.seed(1);
    this.requests.clear();
  }

  /** Sets single Config keys, as an administrator would. Throws a TypeError if there is no such provider. */
  patchConfig(envId: string, id: string, patch: JsonObject): void {
    const provider = this.providers.get(envId, id);
    if (provider === undefined) throw new TypeError(`no provider ${id} in environment ${envId}`);
    this.providers.put(envId, { ...provider, Config: { ...provider.Config, ...patch } });
  }

  /** A client secret of any age, signed with a key from `appleKeys.generate`. */
  mintSecret(wish: SecretWish): string {
    return this.appleKeys.mint(wish, this.clock.now());
  }

  /** Issues a temporary credential, valid from now on. */
  issueCredential(askedSeconds?: number): TemporaryCredential {
    const seconds = this.behaviour.temporaryCredentialSeconds ?? askedSeconds ?? TEMPORARY_SECONDS;
    const issued = temporaryCredential(this.clock.now() + seconds * 1000);
    const { secretId, ...credential } = issued;
    this.credentials.set(secretId, credential);
    return issued;
  }

  #providers(): Providers {
    return new Providers(() => this.clock.now());
  }

  #ssmStore(): SecretStore {
    return new SecretStore({ region: 'ap-shanghai', label: 'SSM_Current' }, () => this.clock.now());
  }

  #awsStore(): SecretStore {
    return new SecretStore({ region: 'ap-southeast-1', label: 'AWSCURRENT' }, () => this.clock.now());
  }
}
