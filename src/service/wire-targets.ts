// From a configuration to wired targets: real clients, shared where targets share an account, an endpoint or a
// token URL. Nothing is read or called here; SDKs are loaded when a target first needs them.
import { createTokenEndpointCheck } from '../adapters/apple/token-endpoint.ts';
import { createKeySource } from '../adapters/keys/registry.ts';
import { createCloudbaseProvider } from '../adapters/provider/cloudbase.ts';
import { createTencentClient } from '../adapters/tencent/client.ts';
import { type CredentialsOptions, createCredentials } from '../adapters/tencent/credentials/registry.ts';
import type { CredentialSource, RequestRecord } from '../adapters/tencent/credentials/source.ts';
import { createRateLimits, laneOf } from '../adapters/tencent/rate-limit.ts';
import type { CloudBaseConfig, Config, TargetConfig } from '../config/resolve.ts';
import { createWindow, parseCron } from '../core/cron.ts';
import type { AppleAnswer, AppleCheck, Provider, Target } from '../core/ports.ts';
import { targetKey } from '../core/records.ts';
import type { Plan } from '../daemon/daemon.ts';
import type { WiredTarget } from '../daemon/sweep.ts';
import type { ServiceTools } from './tools.ts';

export interface WiringTools extends ServiceTools {
  /** See PassTools. */
  readonly leaseHolder: string;
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

/** A lane carries so many passes at a time: with more, reads and writes of one pass would lie too far apart. */
const LANE_SECONDS = 2;
const WIDEST_LANE = 10;

/** Wires every target of a configuration. */
export function wireTargets(config: Config, tools: WiringTools): WiredTarget[] {
  const parts = new SharedParts(tools);
  const apple = parts.apple(config.apple.tokenUrl);
  return config.targets.map((entry) => ({
    target: targetOf(entry, config),
    tools: {
      clock: tools.clock,
      emit: tools.emit,
      keySource: createKeySource(entry.key, {
        env: tools.env,
        clock: tools.clock,
        timeoutMs: entry.cloudbase.timeoutMs,
        keyId: entry.ids.keyId,
        credentialsFor: (credentials, region) => parts.credentialsOf(credentials, region, entry.cloudbase.timeoutMs),
        ...onRequestOf(tools),
      }),
      provider: parts.provider(entry.cloudbase),
      apple,
      leaseHolder: tools.leaseHolder,
      newId: tools.newId,
    },
    laneWidth: Math.max(1, Math.min(WIDEST_LANE, Math.ceil(entry.cloudbase.requestsPerSecond * LANE_SECONDS))),
  }));
}

/** What the daemon runs by. */
export function planOf(config: Config, tools: WiringTools): Plan {
  const { cron, timezone } = config.schedule;
  return { targets: wireTargets(config, tools), cron: parseCron(cron, timezone) };
}

function targetOf(entry: TargetConfig, config: Config): Target {
  const { endpoint, envId, providerId, name, ids, adopt, policy } = entry;
  const identity = { endpoint, envId, providerId };
  const window = policy.window === undefined ? undefined : createWindow(policy.window);
  return {
    ...identity,
    key: targetKey(identity),
    name,
    ids,
    adopt,
    policy: { lifetimeMs: policy.lifetimeMs, renewBeforeMs: policy.renewBeforeMs, window },
    appleCheck: config.apple.check,
  };
}

function onRequestOf({ observe }: WiringTools): { onRequest?: CallObserver['tencentRequest'] } {
  return observe === undefined ? {} : { onRequest: observe.tencentRequest };
}

/** One client for each account, endpoint and region, whatever the number of targets. */
class SharedParts {
  private readonly tools: WiringTools;
  private readonly limits;
  private readonly credentials = new Map<string, CredentialSource>();
  private readonly providers = new Map<string, Provider>();

  constructor(tools: WiringTools) {
    this.tools = tools;
    this.limits = createRateLimits(tools.clock);
  }

  apple(tokenUrl: string): AppleCheck {
    const { clock, env, observe } = this.tools;
    return createTokenEndpointCheck({
      tokenUrl,
      clock,
      env,
      ...(observe === undefined ? {} : { onAnswer: observe.appleAnswer }),
    });
  }

  provider(settings: CloudBaseConfig): Provider {
    const key = JSON.stringify(settings);
    const known = this.providers.get(key);
    if (known !== undefined) return known;
    const { clock, env } = this.tools;
    const { endpoint, region, timeoutMs, requestsPerSecond } = settings;
    const credentials = this.credentialsOf(settings.credentials, region, timeoutMs);
    const lane = laneOf({ credentialId: credentials.id, region, endpoint });
    const rateLimit = this.limits.lane(lane, requestsPerSecond);
    const client = createTencentClient({
      service: 'tcb',
      endpoint,
      region,
      credentials,
      timeoutMs,
      clock,
      env,
      rateLimit,
      ...onRequestOf(this.tools),
    });
    const provider = createCloudbaseProvider({ client, lane, clock });
    this.providers.set(key, provider);
    return provider;
  }

  credentialsOf(credentials: CredentialsOptions, region: string, timeoutMs: number): CredentialSource {
    const key = JSON.stringify([credentials, region, timeoutMs]);
    const { clock, env } = this.tools;
    const source =
      this.credentials.get(key) ??
      createCredentials(credentials, { env, clock, region, timeoutMs, ...onRequestOf(this.tools) });
    this.credentials.set(key, source);
    return source;
  }
}
