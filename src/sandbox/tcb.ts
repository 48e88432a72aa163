// CloudBase's `tcb` service, version 2018-06-08: the four actions for identity providers. ModifyProvider changes only the
// top-level fields that are sent; what becomes of Config is in provider-config.ts. A write answers with a RequestId alone.
import { randomBytes } from 'node:crypto';
import { undocumented } from '../adapters/provider/documented.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { ACCOUNT } from './cam.ts';
import { writtenConfig } from './provider-config.ts';
import type { ProviderRecord } from './providers.ts';
import { type Action, ApiError, textParameter } from './tencent-action.ts';
import type { World } from './world.ts';

/** The optional fields of ModifyProvider and AddProvider (SDK 4.1.313, tcb_models.d.ts). */
const PROVIDER_FIELDS = [
  'Picture',
  'Homepage',
  'Config',
  'TransparentMode',
  'On',
  'Description',
  'ReuseUserId',
  'EmailConfig',
  'AutoSignInWhenEmailMatch',
  'AutoSignInWhenPhoneNumberMatch',
] as const;

const resource: Action['resource'] = ({ EnvId }, region) => `qcs::tcb:${region}:uin/${ACCOUNT}:env/${EnvId}`;

export const tcbActions: Readonly<Record<string, Action>> = {
  GetProviders: {
    required: ['EnvId'],
    optional: [],
    resource,
    run: (world, body) => {
      const data = world.providers.shown(environment(world, body), world.behaviour);
      return { Total: data.length, Data: data };
    },
  },
  ModifyProvider: {
    required: ['EnvId', 'Id'],
    optional: ['Name', 'ProviderType', ...PROVIDER_FIELDS],
    resource,
    run: (world, body) => {
      const envId = environment(world, body);
      const sent = providerFields(world, body, textParameter(body, 'Id'));
      if (world.providers.get(envId, sent.Id) === undefined)
        throw new ApiError('ResourceNotFound', `the provider ${sent.Id} does not exist`);
      write(world, envId, sent.Id, (old) => old && modified(world, old, sent, body['Config'] !== undefined));
      return {};
    },
  },
  AddProvider: {
    required: ['EnvId', 'Name', 'ProviderType'],
    optional: ['Id', ...PROVIDER_FIELDS],
    resource,
    run: (world, body) => {
      const envId = environment(world, body);
      const id = body['Id'] === undefined ? randomBytes(8).toString('hex') : textParameter(body, 'Id');
      const sent = providerFields(world, body, id);
      if (!/^[a-z0-9]{2,32}$/.test(id))
        throw new ApiError('InvalidParameter', 'the parameter Id is not 2 to 32 lower-case letters and digits');
      if (world.providers.get(envId, id) !== undefined)
        throw new ApiError('ResourceInUse', `the provider ${id} exists already`);
      if (world.providers.list(envId).length >= MOST_PROVIDERS)
        throw new ApiError('FailedOperation', `an environment has at most ${MOST_PROVIDERS} providers`);
      write(world, envId, id, () => created(world, sent));
      return {};
    },
  },
  DeleteProvider: {
    required: ['EnvId', 'Id'],
    optional: [],
    resource,
    run: (world, body) => {
      const [envId, id] = [environment(world, body, 'InvalidParameter.EnvId'), textParameter(body, 'Id')];
      if (world.providers.get(envId, id) === undefined)
        throw new ApiError('InvalidParameter', 'the provider does not exist');
      write(world, envId, id, () => undefined);
      return {};
    },
  },
};

const MOST_PROVIDERS = 20;

function write(world: World, envId: string, id: string, change: Parameters<World['providers']['write']>[2]): void {
  world.providers.write(envId, id, change, world.behaviour.lateWriteSeconds * 1000);
}

/** A new record, with what AddProvider fills in (tcb_models.d.ts, AddProviderRequest and ProviderConfig). */
function created(world: World, sent: ProviderRecord): ProviderRecord {
  const { Config, ...record } = modified(world, { Id: sent.Id, Config: {} }, sent, true);
  return {
    On: 'TRUE',
    TransparentMode: 'FALSE',
    ReuseUserId: 'FALSE',
    AutoSignInWhenEmailMatch: 'FALSE',
    AutoSignInWhenPhoneNumberMatch: 'TRUE',
    ...record,
    Id: sent.Id,
    Config: { ResponseType: record['ProviderType'] === 'OIDC' ? 'id_token' : 'code', ...Config },
  };
}

function modified(world: World, old: ProviderRecord, sent: ProviderRecord, hasConfig: boolean): ProviderRecord {
  const type = sent['ProviderType'] ?? old['ProviderType'] ?? null;
  const Config = hasConfig ? writtenConfig(old.Config, sent.Config, world.behaviour, type) : old.Config;
  return { ...old, ...sent, Config };
}

function environment(world: World, body: JsonObject, code = 'ResourceNotFound'): string {
  const envId = textParameter(body, 'EnvId');
  if (!world.providers.has(envId)) throw new ApiError(code, `the environment ${envId} does not exist`);
  return envId;
}

function providerFields(world: World, body: JsonObject, Id: string): ProviderRecord {
  const { EnvId: _, Config: config = {}, ...fields } = body;
  if (!isJsonObject(config)) throw new ApiError('InvalidParameter', 'the parameter Config is not an object');
  const [refused] = undocumented(config, world.behaviour.refusedKeys);
  if (refused !== undefined)
    throw new ApiError('UnknownParameter', `The parameter \`Config.${refused}\` is not recognized.`);
  const on = fields['On'] === 'UNSPECIFIED' ? { On: 'TRUE' } : {};
  return { ...fields, ...on, Id, Config: config };
}
