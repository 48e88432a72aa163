// A whole target in one process: the sandbox over real sockets, the real SDK clients and adapters, a real SQLite
// journal, and a clock that goes on by itself whenever somebody sleeps.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTokenEndpointCheck } from '../../src/adapters/apple/token-endpoint.ts';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { createFileKeySource } from '../../src/adapters/keys/file.ts';
import { createCloudbaseProvider } from '../../src/adapters/provider/cloudbase.ts';
import { createTencentClient } from '../../src/adapters/tencent/client.ts';
import { errorView } from '../../src/core/errors.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Clock, Target } from '../../src/core/ports.ts';
import { type Rotation, type TargetState, targetKey } from '../../src/core/records.ts';
import { DAY } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Lanes } from '../../src/daemon/lanes.ts';
import { createRateLimit } from '../../src/net/rate-limit.ts';
import { type PassRequest, type PassResult, type PassTools, runPass } from '../../src/pass/pass.ts';
import type { Behaviour } from '../../src/sandbox/behaviour.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import { fastFolder } from './journal.ts';

export const ENV_ID = 'shop-1g2h3j';
export const IDS = { teamId: 'TEAM123456', clientId: 'com.example.shop.web', keyId: 'KEYAAAAAAA' };

/** Sleeping takes no time on the machine and all of it on this clock. */
export class LeapingClock implements Clock {
  wall = Date.now();
  mono = 0;
  readonly slept: number[] = [];
  private readonly timers = new Set<{ at: number; readonly ms: number; readonly work: () => void }>();

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.mono;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.pass(ms);
  }

  every(ms: number, work: () => void): () => void {
    const timer = { at: this.mono + ms, ms, work };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Time goes by for a process that runs: its timers fire on the way. */
  pass(ms: number): void {
    const end = this.mono + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.freeze(Math.max(0, next.at - this.mono));
      next.at += next.ms;
      next.work();
    }
    this.freeze(end - this.mono);
  }

  /** Time goes by for a process that stands still. */
  freeze(ms: number): void {
    this.wall += ms;
    this.mono += ms;
  }
}

/** Every field of an Apple provider has a value, and three keys are none that the SDK's types know. */
export function fullProvider(clientSecret: string | undefined): JsonObject & { Id: string; Config: JsonObject } {
  return {
    Id: 'apple',
    Name: { Message: 'Apple', Localized: [{ Locale: 'zh-CN', Message: '苹果' }] },
    ProviderType: 'OIDC',
    Picture: 'https://example.com/apple.png',
    Homepage: 'https://example.com',
    On: 'TRUE',
    Description: { Message: 'Sign in with Apple' },
    TransparentMode: 'FALSE',
    ReuseUserId: 'TRUE',
    AutoSignUpWithProviderUser: 'TRUE',
    AutoSignInWhenEmailMatch: 'FALSE',
    AutoSignInWhenPhoneNumberMatch: 'UNSPECIFIED',
    Config: {
      Issuer: 'https://appleid.apple.com',
      JwksUri: 'https://appleid.apple.com/auth/keys',
      ClientId: IDS.clientId,
      ...(clientSecret === undefined ? {} : { ClientSecret: clientSecret }),
      RedirectUri: `https://${ENV_ID}.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback`,
      Scope: 'openid email name',
      AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize?response_mode=form_post',
      TokenEndpoint: 'https://appleid.apple.com/auth/token',
      UserinfoEndpoint: 'https://appleid.apple.com/auth/userinfo',
      ResponseType: 'code',
      SignoutEndpoint: 'https://example.com/signout',
      TokenEndpointAuthMethod: 'CLIENT_SECRET_POST',
      SamlMetadata: '<md/>',
      RequestParametersMap: { ClientId: 'client_id', Scope: null },
      ResponseParametersMap: { Sub: 'sub', Name: 'name' },
      RevocationEndpoint: 'https://appleid.apple.com/auth/revoke',
      ProfileMetaMap: { Email: 'email' },
      Proxy: false,
    },
  };
}

export interface RigOptions {
  readonly target?: Partial<Target>;
  readonly showSecret?: Behaviour['showSecret'];
}

/** Starts everything; the provider holds a secret of our key with five days left unless the test sets another. */
export async function startRig(options: RigOptions = {}) {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const folder = mkdtempSync(join(fastFolder(), 'rotator-pass-'));
  const { world } = sandbox;
  const keyFile = join(folder, `AuthKey_${IDS.keyId}.p8`);
  const useKey = (keyId: string, teamId = IDS.teamId) => {
    const { privateKeyPem } = world.appleKeys.generate({ teamId, keyId, clientIds: [IDS.clientId] });
    writeFileSync(keyFile, privateKeyPem, { mode: 0o600 });
  };
  useKey(IDS.keyId);
  const mint = (days: number, keyId = IDS.keyId, lifetimeDays = 180) =>
    world.mintSecret({
      keyId,
      clientId: IDS.clientId,
      expiresInSeconds: days * 86_400,
      lifetimeSeconds: lifetimeDays * 86_400,
    });
  world.providers.put(ENV_ID, fullProvider(mint(5)));
  world.behaviour.showSecret = options.showSecret ?? 'clear';

  const env = {};
  const identity = { endpoint: sandbox.url, envId: ENV_ID, providerId: 'apple' };
  const target: Target = {
    ...identity,
    key: targetKey(identity),
    name: 'shop',
    ids: IDS,
    policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: undefined },
    appleCheck: 'compare',
    write: 'whole',
    loginCheck: 'off',
    stated: {},
    isAllowedHost: (host) => host === 'appleid.apple.com',
    ...options.target,
  };
  const credentials = { id: 'test', get: async () => SANDBOX_CREDENTIALS, renew: () => undefined };
  const provider = createCloudbaseProvider({
    client: createTencentClient({
      service: 'tcb',
      endpoint: sandbox.url,
      region: 'ap-shanghai',
      credentials,
      timeoutMs: 2_000,
      clock,
      env,
      rateLimit: createRateLimit(1_000, clock),
    }),
    lane: 'test',
    clock,
  });
  const journalPath = join(folder, 'journal.db');
  const journal = await openJournal({ path: journalPath }, { mode: 'write', clock });
  const events: RotatorEvent[] = [];
  const newId = () => uuidv7(clock.now(), randomBytes(10));
  const tools: PassTools = {
    clock,
    journal,
    emit: (event) => events.push(event),
    keySource: createFileKeySource({ from: 'file', path: keyFile }, { keyId: undefined }),
    provider,
    apple: createTokenEndpointCheck({ tokenUrl: `${sandbox.url}/auth/token`, clock, env, timeoutMs: 2_000 }),
    lane: new Lanes().lane(provider.lane, 4, { clock, journal, leaseHolder: 'test:', newId }),
    isDegraded: () => false,
    loginCheck: undefined,
    startedAt: clock.now(),
    crashedBefore: undefined,
    leaseHolder: 'test:',
    newId,
    nextTick: () => undefined,
  };

  const rig = {
    clock,
    sandbox,
    world,
    target,
    tools,
    journal: journal as Journal,
    journalPath,
    folder,
    events,
    keyFile,
    useKey,
    mint,
    /** Runs a pass; what is not said is as the schedule would ask. */
    pass(request: Partial<PassRequest> = {}, change: { target?: Partial<Target>; tools?: Partial<PassTools> } = {}) {
      return runPass(
        { ...target, ...change.target },
        {
          trigger: 'schedule',
          requestedBy: null,
          force: false,
          waiveAppleCheck: false,
          leaseWaitMs: 0,
          drop: new AbortController().signal,
          cutOff: new AbortController().signal,
          ...request,
        },
        { ...tools, ...change.tools },
      ) as Promise<PassResult>;
    },
    /** The provider's true state. */
    provider: () => world.providers.get(ENV_ID, 'apple') as JsonObject & { Config: JsonObject },
    /** The secret that the provider truly holds. */
    secret: () => rig.provider().Config['ClientSecret'] as string,
    put: (clientSecret: string | undefined, config: JsonObject = {}) => {
      const full = fullProvider(clientSecret);
      world.providers.put(ENV_ID, { ...full, Config: { ...full.Config, ...config } });
    },
    writes: () => world.requests.log.filter(({ action }) => action === 'ModifyProvider'),
    reads: () => world.requests.log.filter(({ action }) => action === 'GetProviders'),
    asked: () => world.requests.log.filter(({ service }) => service === 'apple'),
    state: async () => (await journal.target(target.key)) as TargetState,
    rotations: (): Promise<Rotation[]> => journal.rotations({ limit: 100 }),
    warnings: () => events.flatMap((event) => (event.event === 'warning' ? [errorView(event.error.stored)] : [])),
    eventNames: () => events.map(({ event }) => event).filter((event) => event !== 'rotation.step'),
    async stop() {
      await journal.close();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

export type Rig = Awaited<ReturnType<typeof startRig>>;
