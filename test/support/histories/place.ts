// Where histories happen: one sandbox for all histories of a worker, emptied before each of them; the key file, the
// configuration, and what only the sandbox knows: whether a login would work now.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/resolve.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { secretFault } from '../../../src/sandbox/apple.ts';
import { SANDBOX_CREDENTIALS, type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { fastFolder } from '../journal.ts';
import { fullProvider, IDS } from '../pass-rig.ts';
import { ProgramClock, Truth } from './clock.ts';

/** A Sunday. */
const START = Date.UTC(2026, 10, 22, 10, 30);

export const NAMES = ['shop', 'mall'] as const;
export type Name = (typeof NAMES)[number];
export const envOf = (name: string): string => `${name}-1g2h3j`;

/** What a history is played with; see World in steps.ts. */
export interface Setting {
  readonly targets: 1 | 2;
  readonly check: 'compare' | 'require' | 'off';
  readonly cron: string;
  /** Limit of a call to CloudBase, in ms of real time. */
  readonly timeoutMs: number;
  /** Where the key is read from; the key file of the place by default. */
  readonly key?: JsonObject;
  /** Changes of the section `cloudbase`. */
  readonly cloudbase?: JsonObject;
}

const { secretId, secretKey } = SANDBOX_CREDENTIALS;
/** What the file with the credentials should hold. */
export const CREDENTIALS = `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`;

/** Why nobody can log in; `works`: they can. */
export type Login = 'works' | 'expired' | 'rejected' | 'unusable' | 'missing' | 'gone' | 'off';

export class Place {
  readonly truth = new Truth();
  readonly folder = mkdtempSync(join(fastFolder(), 'rotator-histories-'));
  readonly keyFile = join(this.folder, 'key.json');
  readonly credentialsFile = join(this.folder, 'credentials');
  /** The program's environment. */
  env: Record<string, string> = {};
  private readonly configs = new Map<string, Config>();
  private sandbox: Sandbox | undefined;
  /** Histories that were played here. */
  private played = 0;
  private counted = 0;
  /** The program's clock. */
  clock = new ProgramClock(this.truth);

  get world() {
    if (this.sandbox === undefined) throw new TypeError('open first');
    return this.sandbox.world;
  }

  /**
   * `port`: where its sandbox listens if that is free. It is part of a target's identity, of which the day of its renewal
   * depends a little: so a history is the same again at the same port alone.
   */
  async open(port: number): Promise<void> {
    const clock = this.truth;
    this.sandbox = await startSandbox({ port, clock }).catch(() => startSandbox({ port: 0, clock }));
    this.putCredentials(CREDENTIALS);
  }

  /** What the file with the credentials holds. */
  putCredentials(text: string): void {
    rmSync(this.credentialsFile, { recursive: true, force: true });
    writeFileSync(this.credentialsFile, text, { mode: 0o600 });
  }

  async close(): Promise<void> {
    await this.sandbox?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Empties the world; the clock is right again. */
  clear(): void {
    this.world.reset();
    this.truth.wall = START;
    this.truth.mono = 0;
    this.clock = new ProgramClock(this.truth);
    this.played += 1;
    this.counted = 0;
  }

  /** Counts up from 1 in each history. */
  count(): number {
    this.counted += 1;
    return this.counted;
  }

  /** The configuration, with a journal of its own for each history and each `owner`. */
  async config(setting: Setting, owner: 'ours' | 'other', journals: number): Promise<Config> {
    const id = JSON.stringify(setting);
    const known = this.configs.get(id) ?? (await this.load(setting));
    this.configs.set(id, known);
    const path = join(this.folder, `${this.played}-${owner}-${journals}.db`);
    return { ...known, instance: owner, journal: { ...known.journal, path } };
  }

  get url(): string {
    if (this.sandbox === undefined) throw new TypeError('open first');
    return this.sandbox.url;
  }

  private async load({ targets, check, cron, timeoutMs, key, cloudbase }: Setting): Promise<Config> {
    const { url } = this;
    const document: JsonObject = {
      http: { port: 0 },
      schedule: { cron },
      apple: { tokenUrl: `${url}/auth/token`, check },
      cloudbase: {
        endpoint: url,
        requestsPerSecond: 20,
        credentials: { from: 'profile', path: this.credentialsFile },
        loginEndpoint: `${url}/login/{envId}`,
        ...cloudbase,
      },
      targets: NAMES.slice(0, targets).map((name) => ({
        name,
        envId: envOf(name),
        key: key ?? { from: 'file', path: this.keyFile },
      })),
      alerts: { digest: 'off', channels: [{ name: 'ops', type: 'webhook', url: `${url}/inbox/webhook-ops` }] },
    };
    const file = join(this.folder, 'rotator.yaml');
    writeFileSync(file, stringify(document));
    const { config } = await loadConfig({ file, env: {}, mode: 'strict', now: START });
    const own = config.targets.map((target) => ({ ...target, cloudbase: { ...target.cloudbase, timeoutMs } }));
    return { ...config, targets: own };
  }

  /** Makes a key at Apple; the private half. */
  makeKey(keyId: string): string {
    return this.world.appleKeys.generate({ teamId: IDS.teamId, keyId, clientIds: [IDS.clientId] }).privateKeyPem;
  }

  /** What the key source holds. */
  putKey(privateKey: string, keyId: string, teamId = IDS.teamId): void {
    this.putKeyText(JSON.stringify({ teamId, clientId: IDS.clientId, keyId, privateKey }));
  }

  putKeyText(text: string): void {
    rmSync(this.keyFile, { recursive: true, force: true });
    writeFileSync(this.keyFile, text, { mode: 0o600 });
  }

  mint(keyId: string, days: number): string {
    const expiresInSeconds = Math.round(days * 86_400);
    return this.world.mintSecret({ keyId, clientId: IDS.clientId, expiresInSeconds });
  }

  provider(name: string) {
    return this.world.providers.get(envOf(name), 'apple');
  }

  secret(name: string): string | undefined {
    const secret = this.provider(name)?.Config['ClientSecret'];
    return typeof secret === 'string' ? secret : undefined;
  }

  /** As an administrator would. */
  put(name: string, secret: string | undefined): void {
    this.world.providers.put(envOf(name), fullProvider(secret));
  }

  /** What a login would meet now. */
  login(name: string): Login {
    const provider = this.provider(name);
    if (provider === undefined) return 'gone';
    if (provider['On'] === 'FALSE') return 'off';
    const { ClientSecret: secret, ClientId: clientId } = provider.Config;
    if (typeof secret !== 'string' || secret === '') return 'missing';
    return this.judge(secret, typeof clientId === 'string' ? clientId : '');
  }

  /** What Apple would say about a secret now, if it were asked by CloudBase. */
  judge(secret: string, clientId: string): Login {
    const fault = secretFault(this.world, clientId, secret);
    if (fault === undefined) return 'works';
    if (fault === 'exp') return 'expired';
    return fault === 'revoked' || fault === 'kid' || fault === 'signature' ? 'rejected' : 'unusable';
  }
}
