// A simulated secret store (Tencent SSM or AWS Secrets Manager): secrets by region, name, and version or stage.
import { randomUUID } from 'node:crypto';

export const SECRET_STATES = ['enabled', 'disabled', 'pending-delete', 'denied', 'key-failure'] as const;
export type SecretState = (typeof SECRET_STATES)[number];

interface SecretPlace {
  readonly name: string;
  /** Default: the store's own, `ap-shanghai` for SSM and `ap-southeast-1` for AWS. */
  readonly region?: string | undefined;
}

interface SecretWrite extends SecretPlace {
  /** SSM's version id; default `SSM_Current`. */
  readonly version?: string | undefined;
  /** AWS's stage; default `AWSCURRENT`. */
  readonly stage?: string | undefined;
  /** Exactly one of `text` and `binary`. A string in `binary` is base64. */
  readonly text?: string | undefined;
  readonly binary?: Uint8Array | string | undefined;
  /** Of the secret as a whole; default `enabled`. `key-failure`: KMS cannot decrypt it. */
  readonly state?: SecretState | undefined;
}

export interface SecretVersion {
  /** SSM's version id or AWS's stage. */
  readonly label: string;
  readonly versionId: string;
  readonly text: string | undefined;
  readonly binary: Buffer | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

interface Secret {
  state: SecretState;
  readonly versions: Map<string, SecretVersion>;
}

export class SecretStore {
  readonly #secrets = new Map<string, Secret>();
  readonly #defaults: { readonly region: string; readonly label: string };
  readonly #now: () => number;

  constructor(defaults: { readonly region: string; readonly label: string }, now: () => number) {
    this.#defaults = defaults;
    this.#now = now;
  }

  /** Adds or replaces one version of a secret and sets the secret's state. */
  put(write: SecretWrite): void {
    if ((write.text === undefined) === (write.binary === undefined))
      throw new TypeError('a secret has either text or binary');
    const key = this.#key(write);
    const secret = this.#secrets.get(key) ?? { state: 'enabled', versions: new Map() };
    const label = write.version ?? write.stage ?? this.#defaults.label;
    secret.state = write.state ?? 'enabled';
    secret.versions.set(label, {
      label,
      versionId: randomUUID(),
      text: write.text,
      binary: typeof write.binary === 'string' ? Buffer.from(write.binary, 'base64') : copy(write.binary),
      createdAt: this.#now(),
    });
    this.#secrets.set(key, secret);
  }

  /** False: no such secret. */
  delete(place: SecretPlace): boolean {
    return this.#secrets.delete(this.#key(place));
  }

  get(place: SecretPlace): { readonly state: SecretState; readonly versions: readonly SecretVersion[] } | undefined {
    const secret = this.#secrets.get(this.#key(place));
    return secret && { state: secret.state, versions: [...secret.versions.values()] };
  }

  #key({ region, name }: SecretPlace): string {
    return `${region ?? this.#defaults.region}/${name}`;
  }
}

function copy(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
