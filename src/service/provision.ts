// What `provision` works with: the clients of the selected targets, with credentials of its own where they are given, so
// that the daemon's may stay narrow. No journal: what the daemon knows is none of its business.

import { createCloudbaseProvider } from '../adapters/provider/cloudbase.ts';
import { createProviderSetup } from '../adapters/provider/setup.ts';
import { createTencentClient } from '../adapters/tencent/client.ts';
import { createCredentials } from '../adapters/tencent/credentials/registry.ts';
import { cloudPolicy, PROVISION_ACTIONS } from '../adapters/tencent/error-table.ts';
import { createRateLimits, laneOf } from '../adapters/tencent/rate-limit.ts';
import { readCredentialsOption } from '../config/credentials-option.ts';
import type { CloudBaseConfig, Config } from '../config/resolve.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import {
  lookToProvision,
  type Prospect,
  type Provisioned,
  type ProvisionStep,
  type ProvisionTools,
  provision,
} from '../pass/provision.ts';
import { mustExist, selected } from './select.ts';
import type { ServiceTools } from './tools.ts';
import { wireTargets } from './wire-targets.ts';

export interface ProvisionOptions {
  readonly target: readonly string[];
  /** As given on the command line; undefined: those of the configuration. */
  readonly credentials: string | undefined;
  readonly stop: AbortSignal;
  readonly tell: (target: Target, step: ProvisionStep) => void;
}

export interface ProvisionSession {
  /** The policy that CAM must have, in JSON. */
  readonly policy: string;
  /** In the order of the configuration. */
  readonly looks: readonly Look[];
}

export interface Look {
  readonly target: Target;
  readonly found: Prospect | RotatorError;
  /** Does what was found to be done. */
  readonly apply: () => Promise<Provisioned | RotatorError>;
}

/** Looks at the selected targets. Throws ERR_USAGE for a name that does not exist, and for wrong credentials. */
export async function openProvision(
  config: Config,
  base: ServiceTools,
  options: ProvisionOptions,
): Promise<ProvisionSession> {
  mustExist(config, options.target);
  const limits = createRateLimits(base.clock);
  const entries = new Map(config.targets.map((entry) => [entry.name, entry]));
  const wired = selected(wireTargets(config, { ...base, leaseHolder: 'provision:' }), options.target);
  const places = wired.map(({ target }) => ({ region: entries.get(target.name)?.cloudbase.region ?? '', ...target }));
  const looks = wired.map(async ({ target, tools: { keySource, apple } }): Promise<Look> => {
    const { cloudbase } = entries.get(target.name) ?? {};
    if (cloudbase === undefined) throw new TypeError(`no target ${target.name}`);
    const own = { ...setupOf(cloudbase, base, limits, options.credentials), clock: base.clock, keySource, apple };
    const tools: ProvisionTools = { ...own, signal: options.stop, tell: (step) => options.tell(target, step) };
    const found = await lookToProvision(target, tools).catch((thrown) => asRotatorError(thrown));
    const apply = async () =>
      'plan' in found ? provision(found, tools).catch((thrown) => asRotatorError(thrown)) : found;
    return { target, found, apply };
  });
  return { policy: cloudPolicy(PROVISION_ACTIONS, places), looks: await Promise.all(looks) };
}

/** Clients with credentials of the command, where they are given. */
export function setupOf(
  settings: CloudBaseConfig,
  { clock, env }: ServiceTools,
  limits: ReturnType<typeof createRateLimits>,
  option: string | undefined,
) {
  const { endpoint, region, timeoutMs, requestsPerSecond } = settings;
  const source = option === undefined ? settings.credentials : readCredentialsOption(option, endpoint);
  const credentials = createCredentials(source, { env, clock, region, timeoutMs });
  const lane = laneOf({ credentialId: credentials.id, region, endpoint });
  const rateLimit = limits.lane(lane, requestsPerSecond);
  const own = { service: 'tcb', endpoint, region, credentials, timeoutMs, clock, env, rateLimit } as const;
  const client = createTencentClient(own);
  return { client, provider: createCloudbaseProvider({ client, lane, clock }), setup: createProviderSetup(client) };
}
