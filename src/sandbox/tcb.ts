// CloudBase's `tcb` service, version 2018-06-08: the four actions for identity providers. ModifyProvider changes only the
// top-level fields that are sent. CloudBase does not document what it does to Config: the world's behaviour decides.
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { type ProviderRecord, writtenConfig } from './providers.ts';
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

export const tcbActions: Readonly<Record<string, Action>> = {
  GetProviders: {
    required: ['EnvId'],
    optional: [],
    run: (world, body) => {
      const data = world.providers.shown(environment(world, body), world.behaviour);
      return { Total: data.length, Data: data };
    },
  },
  ModifyProvider: {
    required: ['EnvId', 'Id'],
    optional: ['Name', 'ProviderType', ...PROVIDER_FIELDS],
    run: (world, body) => {
      const envId = environment(world, body);
      const sent = providerFields(body);
      world.providers.write(envId, sent.Id, (old) => {
        if (old === undefined) throw new ApiError('ResourceNotFound', `the provider ${sent.Id} does not exist`);
        const Config =
          body['Config'] === undefined ? old.Config : writtenConfig(old.Config, sent.Config, world.behaviour);
        return { ...old, ...sent, Config };
      });
      return {};
    },
  },
  AddProvider: {
    required: ['EnvId', 'Id', 'Name', 'ProviderType'],
    optional: PROVIDER_FIELDS,
    run: (world, body) => {
      const envId = environment(world, body);
      const sent = providerFields(body);
      world.providers.write(envId, sent.Id, (old) => {
        if (old !== undefined) throw new ApiError('InvalidParameter', `the provider ${sent.Id} exists already`);
        return { On: 'TRUE', ...sent };
      });
      return { Id: sent.Id };
    },
  },
  DeleteProvider: {
    required: ['EnvId', 'Id'],
    optional: [],
    run: (world, body) => {
      world.providers.write(environment(world, body), textParameter(body, 'Id'), (old) => {
        if (old === undefined) throw new ApiError('ResourceNotFound', 'the provider does not exist');
        return undefined;
      });
      return {};
    },
  },
};

function environment(world: World, body: JsonObject): string {
  const envId = textParameter(body, 'EnvId');
  if (!world.providers.has(envId)) throw new ApiError('ResourceNotFound', `the environment ${envId} does not exist`);
  return envId;
}

function providerFields(body: JsonObject): ProviderRecord {
  const { EnvId: _, Config: config = {}, ...fields } = body;
  if (!isJsonObject(config)) throw new ApiError('InvalidParameter', 'the parameter Config is not an object');
  const on = fields['On'] === 'UNSPECIFIED' ? { On: 'TRUE' } : {};
  return { ...fields, ...on, Id: textParameter(body, 'Id'), Config: config };
}
