// A whole rotation in every CloudBase that the documentation leaves open, in each form of a write: what it loses is told,
// but for keys that no reading ever showed.
import { afterEach, describe, expect, test } from 'vitest';
import { type JsonObject, leaves } from '../../src/core/json.ts';
import { DAY } from '../../src/core/time.ts';
import type { Behaviour } from '../../src/sandbox/behaviour.ts';
import { type Rig, startRig } from '../support/pass-rig.ts';

let rig: Rig;
afterEach(() => rig.stop());

/** The fields that the SDK's types do not know. */
const UNKNOWN: Readonly<Record<Behaviour['hiddenKeys'], RegExp>> = {
  none: /^$/,
  top: /^(?:RevocationEndpoint|ProfileMetaMap|Proxy)\b/,
  nested: /^RequestParametersMap\.Extra$/,
  both: /^(?:RevocationEndpoint|ProfileMetaMap|Proxy|RequestParametersMap\.Extra)\b/,
};

const WORLDS: readonly Partial<Behaviour>[] = (['merge', 'merge-deep', 'replace', 'replace-known'] as const).flatMap(
  (configWrite) =>
    (['none', 'top', 'nested', 'both'] as const).flatMap((hiddenKeys) =>
      ([false, 'once', true, 'every-write'] as const).map((rediscovery) => ({ configWrite, hiddenKeys, rediscovery })),
    ),
);

const EXTRA = { RequestParametersMap: { ClientId: 'client_id', Extra: 'x' } };

describe.each(['whole', 'secret'] as const)('in the form %s', (write) => {
  test.each(WORLDS)(
    '%o: every loss that shows is told, and nothing is lost where the endpoint merges',
    async (world) => {
      rig = await startRig({ target: { write } });
      rig.put(rig.mint(5), EXTRA);
      Object.assign(rig.world.behaviour, world);
      const before = rig.provider().Config;
      const { state, outcome } = await rig.pass();
      const lost = differences(before, rig.provider().Config);
      const told = state.providerChanges.map(({ path }) => path.replace(/^Config\./, ''));
      const hidden = UNKNOWN[world.hiddenKeys ?? 'none'];
      const unseen = lost.filter((path) => !told.includes(path));
      expect(unseen.filter((path) => !hidden.test(path))).toEqual([]);
      if (lost.length > unseen.length)
        expect({ outcome, code: state.error?.code }).toEqual({ outcome: 'failed', code: 'ERR_PROVIDER_CHANGED' });
      const merges = world.configWrite === 'merge-deep' || (world.configWrite === 'merge' && write === 'secret');
      if (merges && world.rediscovery === false) expect(lost).toEqual([]);
    },
  );
});

test('the form secret is not used again after it changed another field, until a person says so', async () => {
  rig = await startRig({ target: { write: 'secret' } });
  rig.world.behaviour.configWrite = 'replace';
  await rig.pass();
  const writes = rig.writes().length;
  rig.put(rig.mint(5));
  rig.clock.pass(8 * DAY);
  expect((await rig.pass()).state.error).toMatchObject({
    code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE',
    params: { problem: 'form' },
  });
  expect(rig.writes()).toHaveLength(writes);
  await rig.pass({ force: true });
  expect(rig.writes().length).toBeGreaterThan(writes);
});

/** The paths in Config that differ, but for the client secret. */
function differences(before: JsonObject, after: JsonObject): string[] {
  const [was, is] = [before, after].map((config) => new Map(leaves(config)));
  const names = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  return [...names].filter(
    (name) =>
      name !== 'ClientSecret' && JSON.stringify(was?.get(name) ?? null) !== JSON.stringify(is?.get(name) ?? null),
  );
}
