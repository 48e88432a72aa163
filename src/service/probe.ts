// What `probe` works with: a client for an environment that is no target's, and the note beside the journal.
import { join } from 'node:path';
import { ownFolder } from '../adapters/journal/place.ts';
import { probe } from '../adapters/provider/probe.ts';
import { createProbeNotes } from '../adapters/provider/probe-note.ts';
import { cloudPolicy, PROBE_ACTIONS } from '../adapters/tencent/error-table.ts';
import { createRateLimits } from '../adapters/tencent/rate-limit.ts';
import type { Config } from '../config/resolve.ts';
import { RotatorError } from '../core/errors.ts';
import type { ProbeReport } from '../core/probe.ts';
import { setupOf } from './provision.ts';
import type { ServiceTools } from './tools.ts';

export interface ProbeOptions {
  readonly env: string;
  readonly credentials: string;
  readonly region?: string;
  readonly stop: AbortSignal;
}

export interface ProbeSession {
  /** Of the provider that is made. */
  readonly providerId: string;
  /** The policy that CAM must have, in JSON. */
  readonly policy: string;
  readonly measure: () => Promise<ProbeReport>;
}

/** Throws ERR_USAGE for an environment of a target, and for wrong credentials. Nothing is called yet. */
export function openProbe(config: Config, tools: ServiceTools, options: ProbeOptions): ProbeSession {
  const { env: envId, credentials, stop: signal } = options;
  const taken = config.targets.find((target) => target.envId === envId);
  if (taken !== undefined) throw new RotatorError('ERR_USAGE', { problem: 'probe-target', envId, target: taken.name });
  const [first] = config.targets;
  if (first === undefined) throw new TypeError('a configuration has a target');
  const region = options.region ?? first.cloudbase.region;
  const { client } = setupOf({ ...first.cloudbase, region }, tools, createRateLimits(tools.clock), credentials);
  // CloudBase takes 2 to 32 of a-z and 0-9; the end of a UUIDv7 is random.
  const providerId = `probe${tools.newId().replaceAll('-', '').slice(-19)}`;
  const notes = createProbeNotes(join(ownFolder(config.journal), 'probe.json'));
  const place = { endpoint: first.cloudbase.endpoint, envId, providerId };
  return {
    providerId,
    policy: cloudPolicy(PROBE_ACTIONS, [{ region, envId }]),
    measure: () => probe(place, { client, clock: tools.clock, notes, signal }),
  };
}
