// A rehearsal with somebody's own configuration: what it names is put into the sandbox, with the public halves of its
// keys alone. Private keys are read as a pass reads them, and stay where they are; for a key that lies in a secret store,
// the simulated store gets one that is made up here.
import { onceLeases } from '../adapters/journal/process-name.ts';
import type { KeySourceOptions } from '../adapters/keys/registry.ts';
import { RotatorError } from '../core/errors.ts';
import type { PartialKeyIds } from '../core/key-ids.ts';
import { parseKeyMaterial } from '../core/key-material.ts';
import type { KeySource } from '../core/ports.ts';
import { secretNameOf } from '../sandbox/aws.ts';
import { appleProvider, DEMO } from '../sandbox/demo.ts';
import type { World } from '../sandbox/world.ts';
import { strictConfig } from './session.ts';
import type { ServiceTools } from './tools.ts';
import { wireTargets } from './wire-targets.ts';

export interface Rehearsal {
  /** The configuration. */
  readonly file: string;
  /** Where the sandbox listens. */
  readonly url: string;
  readonly stop: AbortSignal;
}

export interface Staged {
  readonly targets: number;
  /** The secrets of stores that hold a key made up here. */
  readonly madeUp: readonly string[];
}

const DAY_SECONDS = 86_400;

/**
 * Gives each target of the configuration a provider, whose client secret has a few days left and is signed by a key that
 * is made up here, and registers the target's own key. Throws ConfigError, ERR_USAGE if the configuration calls anything
 * but the sandbox, and what a key source throws.
 */
export async function stageOwn(world: World, { file, url, stop }: Rehearsal, tools: ServiceTools): Promise<Staged> {
  const config = await strictConfig(file, tools);
  const elsewhere = (setting: string, found: string, wanted: string) => {
    if (found !== wanted)
      throw new RotatorError('ERR_USAGE', { problem: 'rehearsal-elsewhere', setting, found, wanted });
  };
  elsewhere('apple.tokenUrl', config.apple.tokenUrl, `${url}/auth/token`);
  for (const { endpoint, key } of config.targets) {
    elsewhere('cloudbase.endpoint', endpoint, url);
    if (isStored(key)) elsewhere('key.endpoint', key.endpoint ?? 'that of AWS', url);
  }
  const keys = new Map(config.targets.map(({ name, key }) => [name, key]));
  const stored = new StoredKeys(world);
  const wired = wireTargets(config, { ...tools, leaseHolder: onceLeases() });
  for (const [index, { target, tools: own }] of wired.entries()) {
    const key = keys.get(target.name);
    const source: KeySource = key !== undefined && isStored(key) ? stored.source(key, target.ids) : own.keySource;
    const { text, origin, jsonKey } = await source.read(stop);
    const { teamId, clientId, keyId, publicKey } = await parseKeyMaterial(text, target.ids, origin, jsonKey);
    const clientIds = [...new Set([...(world.appleKeys.get(keyId)?.clientIds ?? []), clientId])];
    world.appleKeys.register({ teamId, keyId, clientIds, publicJwk: publicKey.export({ format: 'jwk' }) });
    const former = { teamId, keyId: `FORMER${String(index).padStart(4, '0')}`, clientIds: [clientId] };
    world.appleKeys.generate(former);
    const expiresInSeconds = DEMO.daysLeft * DAY_SECONDS;
    const secret = world.mintSecret({ keyId: former.keyId, clientId, expiresInSeconds });
    const { envId, providerId } = target;
    world.providers.put(envId, { ...appleProvider('OIDC', { envId, clientId, secret }), Id: providerId });
  }
  return { targets: wired.length, madeUp: stored.origins };
}

type StoredKeyOptions = Extract<KeySourceOptions, { from: 'aws-secrets-manager' | 'tencent-ssm' }>;

function isStored(key: KeySourceOptions): key is StoredKeyOptions {
  return key.from === 'aws-secrets-manager' || key.from === 'tencent-ssm';
}

/** Keys that are made up for the secrets that the configuration names, one for each secret. */
class StoredKeys {
  readonly #world: World;
  readonly #texts = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  get origins(): string[] {
    return [...this.#texts.keys()];
  }

  /** Puts a key where `key` looks for it, unless there is one, with the ids that the configuration leaves to it. */
  source(key: StoredKeyOptions, ids: PartialKeyIds): KeySource {
    const { region, jsonKey = 'privateKey' } = key;
    const isSsm = key.from === 'tencent-ssm';
    const name = isSsm ? key.secretName : secretNameOf(key.secretId);
    const origin = `${name} ${isSsm ? key.versionId : key.versionStage} (${key.from}, ${region})`;
    let text = this.#texts.get(origin);
    if (text === undefined) {
      const madeUpId = `STAGED${String(this.#texts.size).padStart(4, '0')}`;
      const { teamId = DEMO.teamId, clientId = DEMO.clientId, keyId = madeUpId } = ids;
      const { privateKeyPem } = this.#world.appleKeys.generate({ teamId, keyId, clientIds: [clientId] });
      const left = Object.entries({ teamId, clientId, keyId }).filter(([id]) => !ids[id as keyof PartialKeyIds]);
      text = JSON.stringify({ ...Object.fromEntries(left), [jsonKey]: privateKeyPem });
      this.#texts.set(origin, text);
      if (isSsm) this.#world.ssmSecrets.put({ name, region, version: key.versionId, text });
      else this.#world.awsSecrets.put({ name, region, stage: key.versionStage, text });
    }
    const found = { text, origin, jsonKey, warnings: [] };
    return { read: () => Promise.resolve(found) };
  }
}
