// `provision` on one target of a rig: the real clients over sockets to the sandbox, whose environment has no provider yet.
import { createProviderSetup } from '../../src/adapters/provider/setup.ts';
import { asRotatorError, RotatorError } from '../../src/core/errors.ts';
import { lookToProvision, type Prospect, type ProvisionStep, provision } from '../../src/pass/provision.ts';
import { ENV_ID, type RigOptions, startRig } from './pass-rig.ts';
import { tencentClient } from './tencent.ts';

export const CALLBACK = 'https://shop.example/auth/v1/callback';

export async function startProvisionRig(target: RigOptions['target'] = {}) {
  const rig = await startRig({ target: { stated: { redirectUri: CALLBACK }, ...target } });
  rig.world.providers.delete(ENV_ID, 'apple');
  const setup = createProviderSetup(tencentClient(rig.sandbox.url, { clock: rig.clock }));
  const steps: ProvisionStep[] = [];
  const { signal } = new AbortController();
  const tools = { ...rig.tools, setup, signal, tell: (step: ProvisionStep) => void steps.push(step) };
  const look = (stated = rig.target.stated): Promise<Prospect> => lookToProvision({ ...rig.target, stated }, tools);
  return {
    ...rig,
    steps,
    look,
    apply: (prospect: Prospect) => provision(prospect, tools),
    /** Looks and applies; the code and parameters of the error that ended it, or `done`. */
    async provision(stated = rig.target.stated) {
      try {
        await provision(await look(stated), tools);
        return 'done';
      } catch (thrown) {
        const error = asRotatorError(thrown);
        return error instanceof RotatorError && 'params' in error.stored
          ? { ...(error.stored.params as object), code: error.code }
          : error.code;
      }
    },
    record: () => rig.world.providers.get(ENV_ID, 'apple'),
    changes: () =>
      rig.world.requests.log.filter(({ action }) => action === 'AddProvider' || action === 'ModifyProvider'),
  };
}

export type ProvisionRig = Awaited<ReturnType<typeof startProvisionRig>>;
