// From a configuration to wired targets: real clients, shared where targets share an account, an endpoint or a token
// URL. Nothing is read or called here; SDKs are loaded when a target first needs them.
import { createTokenEndpointCheck } from '../adapters/apple/token-endpoint.ts';
import { createKeySource, type KeySourceOptions } from '../adapters/keys/registry.ts';
import { createLoginChecks } from '../adapters/login/public-interface.ts';
import { createCloudbaseProvider } from '../adapters/provider/cloudbase.ts';
import { createTencentClient } from '../adapters/tencent/client.ts';
import { type CredentialsOptions, createCredentials } from '../adapters/tencent/credentials/registry.ts';
import type { CredentialSource, RequestRecord } from '../adapters/tencent/credentials/source.ts';
import { createRateLimits, laneOf } from '../adapters/tencent/rate-limit.ts';
import { isLoginHost } from '../config/hosts.ts';
import type { PolicyConfig } from '../config/policy.ts';
import type { CloudBaseConfig, Config, TargetConfig } from '../config/resolve.ts';
import { createWindow, parseCron } from '../core/cron.ts';
import type { SharedPace } from '../core/journal-ports.ts';
import type { AppleAnswer, Target, TargetPolicy } from '../core/ports.ts';
import { targetKey } from '../core/records.ts';
import type { Plan } from '../daemon/daemon.ts';
import { byKey, type WiredTarget } from '../daemon/sweep.ts';
import type { ServiceTools } from './tools.ts';

export interface WiringTools extends ServiceTools {
  /** See PassTools. */
  readonly leaseHolder: string;
  /** Undefined: nobody keeps pace with this process, as with `plan`, which cannot write the journal. */
  readonly pace?: SharedPace;
  /** Hears of every call to the outside, for the metrics. */
  readonly observe?: CallObserver;
}

/** Must not throw. */
export interface CallObserver {
  /** A request to Tencent Cloud (CloudBase, SSM, STS) has ended. */
  readonly tencentRequest: (record: RequestRecord) => void;
  /** Apple was asked about a client secret. */
  readonly appleAnswer: (verdict: AppleAnswer['verdict']) => void;
}

/**
 * How many passes of a lane run at once: as many as have requests for this long. More passes would wait for the rate
 * limit between their own reads and writes, fewer would leave it unused while they wait for Apple, or for those that go
 * together.
 */
const LANE_SECONDS = 2;
const WIDEST_LANE = 20;

/** With the credentials of its calls to CloudBase, and what the alerts go by. */
export interface WiredEntry extends WiredTarget {
  readonly tools: WiredTarget['tools'] & { readonly credentials: CredentialSource };
  readonly expiry: TargetConfig['expiry'];
}

/** What the service runs by. */
export interface ServicePlan extends Plan {
  readonly targets: ReadonlyMap<string, WiredEntry>;
}

/** Wires every target of a configuration. */
export function wireTargets(config: Config, tools: WiringTools): WiredEntry[] {
  const { clock, env, emit, leaseHolder, newId, observe, pace } = tools;
  const heard = observe === undefined ? {} : { onRequest: observe.tencentRequest };
  const limits = createRateLimits(clock, pace);
  const credentialsOf = perArguments((options: CredentialsOptions, region: string, timeoutMs: number) =>
    createCredentials(options, { env, clock, region, timeoutMs, ...heard }),
  );
  const cloudOf = perArguments((settings: CloudBaseConfig) => {
    const { endpoint, region, timeoutMs, requestsPerSecond } = settings;
    const credentials = credentialsOf(settings.credentials, region, timeoutMs);
    const lane = laneOf({ credentialId: credentials.id, region, endpoint });
    const rateLimit = limits.lane(lane, requestsPerSecond);
    const own = { service: 'tcb', endpoint, region, credentials, timeoutMs, clock, env, rateLimit } as const;
    const client = createTencentClient({ ...own, ...heard, keepsConnections: true });
    return { credentials, provider: createCloudbaseProvider({ client, lane, clock }) };
  });
  const apple = createTokenEndpointCheck({
    tokenUrl: config.apple.tokenUrl,
    clock,
    pace,
    env,
    ...(observe === undefined ? {} : { onAnswer: observe.appleAnswer }),
  });
  const loginCheckOf = createLoginChecks({ clock, pace, env, newId });
  const toolsOf = perObjects(
    (key: KeySourceOptions, cloudbase: CloudBaseConfig, login: LoginConfig, keyId?: string) => {
      const { timeoutMs } = cloudbase;
      const credentialsFor = (options: CredentialsOptions, region: string) => credentialsOf(options, region, timeoutMs);
      return {
        ...{ clock, emit, apple, leaseHolder, newId },
        keySource: createKeySource(key, { env, clock, timeoutMs, keyId, credentialsFor, ...heard }),
        ...cloudOf(cloudbase),
        loginCheck: login.check === 'off' ? undefined : loginCheckOf(login.endpoint),
      };
    },
  );
  const isAllowedHost = (host: string) => isLoginHost(host, config.allowHosts);
  const policyOf = perObjects(targetPolicy);
  return config.targets.map((entry) => {
    const { key, cloudbase, login, ids, policy, expiry } = entry;
    const shared = { policy: policyOf(policy), appleCheck: config.apple.check, isAllowedHost };
    return {
      target: targetOf(entry, shared),
      tools: toolsOf(key, cloudbase, login, ids.keyId),
      laneWidth: Math.max(1, Math.min(WIDEST_LANE, Math.ceil(cloudbase.requestsPerSecond * LANE_SECONDS))),
      expiry,
    };
  });
}

export function planOf(config: Config, tools: WiringTools): ServicePlan {
  const { cron, timezone } = config.schedule;
  return { targets: byKey(wireTargets(config, tools)), cron: parseCron(cron, timezone) };
}

type LoginConfig = TargetConfig['login'];

/** Property by property, because V8 gives an object that is spread together half as much memory again. */
function targetOf(
  { endpoint, envId, providerId, name, ids, write, login, stated }: TargetConfig,
  { policy, appleCheck, isAllowedHost }: Pick<Target, 'policy' | 'appleCheck' | 'isAllowedHost'>,
): Target {
  const key = targetKey({ endpoint, envId, providerId });
  const loginCheck = login.check;
  return {
    key,
    endpoint,
    envId,
    providerId,
    name,
    ids,
    policy,
    appleCheck,
    write,
    loginCheck,
    stated,
    isAllowedHost,
  };
}

function targetPolicy({ lifetimeMs, renewBeforeMs, window }: PolicyConfig): TargetPolicy {
  return { lifetimeMs, renewBeforeMs, window: window === undefined ? undefined : createWindow(window) };
}

/**
 * `make`, called once for each list of arguments. Objects are told apart by identity: of a configuration, equal settings
 * are one object, and to compare them by content would take as long as to make what is shared.
 */
function perObjects<A extends readonly unknown[], T>(make: (...args: A) => T): (...args: A) => T {
  const numbers = new Map<unknown, number>();
  const made = new Map<string, T>();
  return (...args) => {
    for (const arg of args) if (!numbers.has(arg)) numbers.set(arg, numbers.size);
    const key = args.map((arg) => numbers.get(arg)).join(' ');
    const known = made.get(key) ?? make(...args);
    made.set(key, known);
    return known;
  };
}

/** `make`, called once for each list of arguments (plain data): what has the same settings shares one client. */
function perArguments<A extends readonly unknown[], T>(make: (...args: A) => T): (...args: A) => T {
  const made = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = made.get(key) ?? make(...args);
    made.set(key, known);
    return known;
  };
}
