// What the wiring of a configuration makes of it: whoever observes hears of every call to the outside, whichever
// client makes it.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { systemClock } from '../../src/service/system-clock.ts';
import { wireTargets } from '../../src/service/wire-targets.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace } from '../support/program.ts';
import { serve } from '../support/servers.ts';

const tools = {
  clock: systemClock,
  env: {},
  emit: () => undefined,
  version: '0.0.0',
  leaseHolder: 'test:',
  newId: () => '01890000-0000-7000-8000-000000000000',
};

test('every call to CloudBase, SSM and STS is heard, and every answer of Apple', async () => {
  const place = await ownWorkspace();
  const { url } = place.sandbox;
  place.world.ssmSecrets.put({ name: 'apple-key', text: 'key' });
  const assumeRole = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator', endpoint: url };
  const credentials = { from: 'profile', path: join(place.folder, 'credentials'), assumeRole };
  place.configure({
    cloudbase: { credentials },
    targets: [
      {
        ...IDS,
        name: 'shop',
        envId: envIdOf('shop'),
        key: { from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai', endpoint: url, credentials },
      },
    ],
  });
  const { config } = await loadConfig({ file: place.configFile, env: {}, mode: 'strict' });
  const heard: string[] = [];
  const [wired] = wireTargets(config, {
    ...tools,
    observe: {
      tencentRequest: ({ service, action, code }) => heard.push(`${service} ${action} ${code}`),
      appleAnswer: (verdict) => heard.push(`apple ${verdict}`),
    },
  });
  if (wired === undefined) throw new TypeError('the configuration has a target');
  const { signal } = new AbortController();

  await wired.tools.keySource.read(signal);
  expect(heard.splice(0)).toEqual(['sts AssumeRole OK', 'ssm GetSecretValue OK']);

  await wired.tools.provider.read(wired.target.envId, 'apple', { maxAgeMs: 0, signal });
  // The role was taken on before: the two share it.
  expect(heard.splice(0)).toEqual(['tcb GetProviders OK']);

  place.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'status', status: 503, times: 1 });
  const failed = wired.tools.provider.read(wired.target.envId, 'apple', { maxAgeMs: 0, signal });
  await expect(failed).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_UNAVAILABLE' });
  expect(heard.splice(0)).toEqual(['tcb GetProviders HTTP_503']);

  await wired.tools.apple.ask({ clientId: IDS.clientId, clientSecret: place.mint(5), signal });
  expect(heard).toEqual(['apple accepted']);
});

test('the public login interface is asked where a target wants it, below the endpoint of its environment', async () => {
  const place = await ownWorkspace();
  const answers = await serve((_, response) => response.writeHead(400).end('{"error":"invalid_client"}'));
  const target = (name: string, cloudbase: JsonObject) => ({
    ...IDS,
    name,
    envId: envIdOf(name),
    key: { from: 'file', path: place.keyFile },
    cloudbase,
    provider: { enabled: name === 'shop' },
  });
  place.configure({
    allowHosts: ['login.example'],
    cloudbase: { loginEndpoint: `${answers.url}/{envId}` },
    targets: [target('shop', { loginCheck: 'observe', write: 'secret' }), target('blog', {})],
  });
  const { config } = await loadConfig({ file: place.configFile, env: {}, mode: 'strict' });
  const [shop, blog] = wireTargets(config, tools);
  if (shop?.tools.loginCheck === undefined) throw new TypeError('the first target wants the login check');
  const { signal } = new AbortController();
  const { verdict } = await shop.tools.loginCheck.ask({ envId: envIdOf('shop'), providerId: 'apple', signal });
  expect([verdict, answers.seen.map(({ url }) => url)]).toEqual([
    'rejected',
    [`/${envIdOf('shop')}/auth/v1/provider/token`],
  ]);
  expect(blog?.tools.loginCheck).toBe(undefined);
  expect([shop, blog].map((wired) => [wired?.target.write, wired?.target.loginCheck, wired?.target.stated])).toEqual([
    ['secret', 'observe', { enabled: true }],
    ['whole', 'off', { enabled: false }],
  ]);
  expect(['appleid.apple.com', 'login.example', 'evil.example'].map(shop.target.isAllowedHost)).toEqual([
    true,
    true,
    false,
  ]);
});

test('targets with equal settings share what they are wired with; one that differs has its own', async () => {
  const place = await ownWorkspace();
  const target = (name: string, more: JsonObject = {}) => ({
    ...IDS,
    name,
    envId: envIdOf(name),
    key: { from: 'file', path: place.keyFile },
    ...more,
  });
  const policy = { window: { cron: '0 2 * * *', duration: '4h' } };
  place.configure({
    targets: [
      target('shop', { policy }),
      target('blog', { policy }),
      target('slow', { cloudbase: { timeout: '9s' } }),
      target('other', { key: { from: 'file', path: `${place.folder}/other.p8` } }),
    ],
  });
  const { config } = await loadConfig({ file: place.configFile, env: {}, mode: 'strict' });
  const [shop, blog, slow, other] = wireTargets(config, tools);
  if (shop === undefined) throw new TypeError('there are four targets');
  expect(blog?.tools).toBe(shop.tools);
  expect(blog?.target.policy).toBe(shop.target.policy);
  expect(blog?.target.isAllowedHost).toBe(shop.target.isAllowedHost);
  expect(slow?.tools.provider).not.toBe(shop.tools.provider);
  expect(other?.tools.keySource).not.toBe(shop.tools.keySource);
  expect(other?.tools.provider).toBe(shop.tools.provider);
});

test('of thousands of targets, those with the same settings share what these are made into', async () => {
  const place = await ownWorkspace();
  const target = (name: string, ids: Partial<typeof IDS> = {}) => ({
    ...{ ...IDS, ...ids },
    name,
    envId: envIdOf(name),
    key: { from: 'file', path: place.keyFile },
  });
  place.configure({ targets: [target('shop'), target('cafe'), target('bar', { clientId: 'com.example.bar' })] });
  const { config } = await loadConfig({ file: place.configFile, env: {}, mode: 'strict' });
  const [shop, cafe, bar] = wireTargets(config, tools);
  expect(cafe?.target.ids).toBe(shop?.target.ids);
  expect(cafe?.target.policy).toBe(shop?.target.policy);
  expect(cafe?.tools).toBe(shop?.tools);
  expect(bar?.target.ids).toEqual({ ...IDS, clientId: 'com.example.bar' });
});
