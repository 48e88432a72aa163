// The SDK client as it is made safe, against the sandbox and against servers that misbehave.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { REMEDIES } from '../../../src/core/errors.ts';
import { createRateLimit } from '../../../src/net/rate-limit.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/server.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { HandClock, realClock } from '../../support/clock.ts';
import { type Answer, closedPort, serve, serveProxy } from '../../support/servers.ts';
import {
  ENV_ID,
  fixedCredentials,
  getProviders,
  modifyProvider,
  sandbox,
  tencentClient,
} from '../../support/tencent.ts';

describe('a call that goes well', () => {
  test('gives the response untouched, the request id, the time and the skew', async () => {
    const { url, world } = await sandbox();
    world.behaviour.dateOffsetSeconds = -120;
    const client = tencentClient(url);
    const before = Date.now();
    const answer = await getProviders(client);
    expect(answer.response['Data']).toContainEqual(world.providers.get(ENV_ID, 'apple'));
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.receivedAt).toBeGreaterThanOrEqual(before);
    expect(Math.round((answer.skewMs ?? 0) / 10_000)).toBe(12);
    expect(client.records).toEqual([{ service: 'tcb', action: 'GetProviders', code: 'OK' }]);
  });

  test('sends region, version and a signature that the sandbox verifies; nulls stay behind', async () => {
    const { url, world } = await sandbox();
    const client = tencentClient(url, { region: 'ap-guangzhou' });
    const config = { ClientSecret: 'new', Scope: null, Nested: { Kept: 'yes', Gone: null } };
    const params = { EnvId: ENV_ID, Id: 'apple', Config: config };
    await client.call('ModifyProvider', params, { signal: new AbortController().signal, write: true });
    expect(world.requests.log.at(-1)).toMatchObject({
      service: 'tcb',
      action: 'ModifyProvider',
      region: 'ap-guangzhou',
    });
    expect(world.providers.get(ENV_ID, 'apple')?.Config).toEqual({
      ClientId: 'com.example.shop.web',
      ClientSecret: 'new',
      Scope: 'openid email name',
      Nested: { Kept: 'yes' },
    });
  });

  test('has no skew where the server says no date', async () => {
    const server = await serve((_, response) => {
      response.sendDate = false;
      response.end('{"Response":{"RequestId":"r"}}');
    });
    expect(await getProviders(tencentClient(server.url))).toMatchObject({ skewMs: undefined, requestId: 'r' });
    // CAM's messages are shown to the operator: in the language of the other messages.
    expect(server.seen[0]?.headers['x-tc-language']).toBe('en-US');
  });
});

const ROWS: readonly [remote: string, code: keyof typeof REMEDIES, ambiguous: boolean, message: string][] = [
  ['RequestLimitExceeded', 'ERR_CLOUDBASE_THROTTLED', false, 'was throttled (RequestLimitExceeded)'],
  [
    'RequestLimitExceeded.UinLimitExceeded',
    'ERR_CLOUDBASE_THROTTLED',
    false,
    'was throttled (RequestLimitExceeded.UinLimitExceeded)',
  ],
  ['LimitExceeded.Concurrent', 'ERR_CLOUDBASE_THROTTLED', false, 'was throttled (LimitExceeded.Concurrent)'],
  ['LimitExceeded.Request', 'ERR_CLOUDBASE_THROTTLED', false, 'was throttled (LimitExceeded.Request)'],
  ['LimitExceeded', 'ERR_CLOUDBASE_REFUSED', false, 'reached a limit of the account (LimitExceeded)'],
  ['InternalError', 'ERR_CLOUDBASE_UNAVAILABLE', true, "failed on the server's side (InternalError)"],
  ['InternalError.Database', 'ERR_CLOUDBASE_UNAVAILABLE', true, "failed on the server's side (InternalError.Database)"],
  ['ServiceUnavailable', 'ERR_CLOUDBASE_UNAVAILABLE', true, "failed on the server's side (ServiceUnavailable)"],
  [
    'FailedOperation.NetworkError',
    'ERR_CLOUDBASE_UNAVAILABLE',
    true,
    "failed on the server's side (FailedOperation.NetworkError)",
  ],
  [
    'FailedOperation.Timeout',
    'ERR_CLOUDBASE_UNAVAILABLE',
    true,
    "failed on the server's side (FailedOperation.Timeout)",
  ],
  ['FailedOperation', 'ERR_CLOUDBASE_REFUSED', true, 'failed (FailedOperation)'],
  ['ResourceInUse', 'ERR_CLOUDBASE_UNAVAILABLE', false, 'found the resource in use (ResourceInUse)'],
  [
    'AuthFailure.SecretIdNotFound',
    'ERR_CREDENTIALS_REJECTED',
    false,
    'was refused because of its credentials (AuthFailure.SecretIdNotFound)',
  ],
  [
    'AuthFailure.SignatureFailure',
    'ERR_CREDENTIALS_REJECTED',
    false,
    'was refused because of its credentials (AuthFailure.SignatureFailure)',
  ],
  ['AuthFailure', 'ERR_CREDENTIALS_REJECTED', false, 'was refused because of its credentials (AuthFailure)'],
  ['InvalidParameter', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (InvalidParameter)'],
  ['InvalidParameterValue.EnvId', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (InvalidParameterValue.EnvId)'],
  ['MissingParameter', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (MissingParameter)'],
  [
    'UnknownParameter',
    'ERR_CLOUDBASE_REFUSED',
    false,
    'was refused: the API does not know a parameter (UnknownParameter)',
  ],
  ['ResourceNotFound', 'ERR_CLOUDBASE_REFUSED', false, 'found no such environment (ResourceNotFound)'],
  ['InvalidParameter.EnvId', 'ERR_CLOUDBASE_REFUSED', false, 'found no such environment (InvalidParameter.EnvId)'],
  ['OperationDenied.ResourceFrozen', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (OperationDenied.ResourceFrozen)'],
  ['ResourceUnavailable.Balance', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (ResourceUnavailable.Balance)'],
  [
    'ResourceUnavailable.ResourceOverdue',
    'ERR_CLOUDBASE_REFUSED',
    false,
    'was refused: the bill of the environment is overdue (ResourceUnavailable.ResourceOverdue)',
  ],
  [
    'ResourceUnavailable.Isolated',
    'ERR_CLOUDBASE_REFUSED',
    false,
    'was refused: the environment is isolated, as after a bill that was not paid (ResourceUnavailable.Isolated)',
  ],
  [
    'FailedOperation.OperationConflict',
    'ERR_CLOUDBASE_UNAVAILABLE',
    false,
    'found the resource in use (FailedOperation.OperationConflict)',
  ],
  [
    'IpNotInWhitelist',
    'ERR_CLOUDBASE_REFUSED',
    false,
    'is not permitted from the address of this machine (IpNotInWhitelist)',
  ],
  ['ActionOffline', 'ERR_CLOUDBASE_REFUSED', false, 'is no longer offered by the API (ActionOffline)'],
  ['UnsupportedRegion', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (UnsupportedRegion)'],
  ['<b>not a code</b>', 'ERR_CLOUDBASE_REFUSED', false, 'was refused (UnknownCode)'],
];

describe('an error of the API', () => {
  test.each(ROWS)('%s is %s, may have been applied: %s', async (remote, code, ambiguous, message) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'error', code: remote, message: 'unknown: eyJhbGciOiJFUzI1NiJ9.e.s' });
    const client = tencentClient(url);
    const name = remote.startsWith('<') ? 'UnknownCode' : remote;
    await expect(getProviders(client)).rejects.toMatchObject({
      code,
      message: `tcb GetProviders ${message}`,
      remoteCode: name,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ambiguous: false,
    });
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code,
      message: `tcb ModifyProvider ${message}`,
      ambiguous,
    });
    expect(world.requests.log).toHaveLength(2);
    expect(client.records).toEqual([
      { service: 'tcb', action: 'GetProviders', code: name },
      { service: 'tcb', action: 'ModifyProvider', code: name },
    ]);
  });

  test.each([
    ['The parameter `Config.Proxy` is not recognized.', 'the parameter Config.Proxy', true],
    ['the parameter Config.Map.x_1 is not recognized', 'the parameter Config.Map.x_1', true],
    ["Parameter 'Proxy' is unknown", 'the parameter Proxy', true],
    ['unknown parameter: "proxyUrl".', 'the parameter proxyUrl', true],
    [`The parameter \`${'P'.repeat(64)}\` is not recognized.`, `the parameter ${'P'.repeat(64)}`, true],
    [`The parameter \`${'P'.repeat(65)}\` is not recognized.`, 'a parameter', false],
    ['The parameter `Config.ClientSecret` is not recognized.', 'the parameter Config.ClientSecret', false],
    ['The parameter `Config` is not recognized.', 'the parameter Config', false],
    ['The parameter `Config.Proxy Url` is not recognized.', 'a parameter', false],
    ['The parameter `eyJhbGciOiJFUzI1NiJ9.e.s` is not recognized.', 'a parameter', false],
    ['Parameter ClientSecret=hunter2 is not recognized.', 'a parameter', false],
    ['The parameter is not recognized.', 'a parameter', false],
  ])('about a parameter names it by its grammar, and what spares a field: %s', async (message, named, isSpared) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'error', code: 'UnknownParameter', message });
    const report = 'Report this with the request id: the API does not accept a field that it shows, or has changed.';
    await expect(modifyProvider(tencentClient(url))).rejects.toMatchObject({
      message: `tcb ModifyProvider was refused: the API does not know ${named} (UnknownParameter)`,
      hint: isSpared ? expect.stringContaining('`cloudbase.write: secret`') : report,
    });
    await expect(getProviders(tencentClient(url))).rejects.toMatchObject({ hint: report });
  });

  test.each(['UnauthorizedOperation', 'UnauthorizedOperation.CamNoAuth', 'AuthFailure.UnauthorizedOperation'])(
    '%s shows the action and the resource that CAM names, nothing else it says, and the least privilege',
    async (remote) => {
      const { url, world } = await sandbox();
      const message =
        'you are not authorized to perform operation (tcb:GetProviders)\nresource (qcs::tcb:ap-shanghai:uin/1:env/e) for AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE';
      world.faults.add({ service: 'tcb', kind: 'error', code: remote, message });
      await expect(getProviders(tencentClient(url))).rejects.toMatchObject({
        code: 'ERR_CLOUDBASE_DENIED',
        message: `tcb GetProviders is not permitted (${remote}); CAM names tcb:GetProviders, qcs::tcb:ap-shanghai:uin/1:env/e`,
        hint: 'Attach this policy in CAM to the user or role of this service (where CAM names another resource, allow that one): {"version":"2.0","statement":[{"effect":"allow","action":["tcb:GetProviders","tcb:ModifyProvider"],"resource":["qcs::tcb:ap-shanghai:uin/<main account uin>:env/shop-prod-1g2h3j"]}]}',
      });
    },
  );
});

describe('an HTTP status', () => {
  test.each([
    [429, 'ERR_CLOUDBASE_THROTTLED', false, 'was throttled (HTTP 429)'],
    [408, 'ERR_CLOUDBASE_UNAVAILABLE', true, 'was answered with an error (HTTP 408)'],
    [500, 'ERR_CLOUDBASE_UNAVAILABLE', true, 'was answered with an error (HTTP 500)'],
    [503, 'ERR_CLOUDBASE_UNAVAILABLE', true, 'was answered with an error (HTTP 503)'],
    [599, 'ERR_CLOUDBASE_UNAVAILABLE', true, 'was answered with an error (HTTP 599)'],
    [403, 'ERR_CLOUDBASE_REFUSED', false, 'was refused (HTTP 403)'],
    [204, 'ERR_CLOUDBASE_REFUSED', false, 'was refused (HTTP 204)'],
  ])('%i is %s, may have been applied: %s', async (status, code, ambiguous, message) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'status', status });
    const client = tencentClient(url);
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code,
      message: `tcb ModifyProvider ${message}`,
      remoteCode: `HTTP_${status}`,
      ambiguous,
    });
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: `HTTP_${status}` }]);
  });
});

describe('an answer that is none', () => {
  test.each([
    ['a page of HTML', '<html>', 'text/html'],
    ['nothing', '', 'application/json'],
    ['JSON without Response', '{}', 'application/json'],
    ['a Response of null', '{"Response":null}', 'application/json'],
    ['a Response of text', '{"Response":"fine"}', 'application/json'],
    ['a Response that is a list', '{"Response":[]}', 'application/json'],
    ['an Error without a code', '{"Response":{"Error":"no"}}', 'application/json'],
    ['a stream of events', 'data: {"Response":{}}\n\n', 'text/event-stream'],
  ])('%s', async (_, body, type) => {
    const server = await serve((_request, response) => response.writeHead(200, { 'content-type': type }).end(body));
    const client = tencentClient(server.url);
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_BAD_ANSWER',
      message: 'tcb ModifyProvider has an answer that is not from the API (HTTP 200)',
      remoteCode: 'HTTP_200',
      ambiguous: true,
    });
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: 'HTTP_200' }]);
  });

  test('an answer over 1 MB', async () => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'huge' });
    await expect(modifyProvider(tencentClient(url))).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_BAD_ANSWER',
      message: 'tcb ModifyProvider has an answer that is not from the API: the answer is too long',
      ambiguous: true,
    });
  });

  test('a compressed answer', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    await expect(getProviders(tencentClient(server.url))).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_BAD_ANSWER',
      message:
        'tcb GetProviders has an answer that is not from the API: the answer is compressed, which was not asked for',
    });
    expect(server.seen[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('with status %i carries nothing to the other host', async (status) => {
    const thief = await serve((_, response) => response.end('{"Response":{"RequestId":"r"}}'));
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'redirect', status, location: thief.url });
    const client = tencentClient(url, {
      credentials: fixedCredentials({ ...SANDBOX_CREDENTIALS, token: 'session-token' }),
    });
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_REDIRECTED',
      message: `tcb ModifyProvider was answered with a redirect (HTTP ${status}), which is never followed`,
      remedy: 'person',
      remoteCode: `HTTP_${status}`,
    });
    expect(thief.connections).toBe(0);
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: `HTTP_${status}` }]);
  });

  test('to the same host is not followed either', async () => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'redirect', location: url, times: 1 });
    await expect(modifyProvider(tencentClient(url))).rejects.toMatchObject({ code: 'ERR_REDIRECTED' });
    expect(world.requests.log).toHaveLength(1);
  });

  test('without a Location is one as well', async () => {
    const server = await serve((_, response) => response.writeHead(304).end());
    await expect(getProviders(tencentClient(server.url))).rejects.toMatchObject({ code: 'ERR_REDIRECTED' });
  });
});

describe('the network', () => {
  test('nothing listening: certainly not applied', async () => {
    const client = tencentClient(`http://127.0.0.1:${await closedPort()}`);
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_NETWORK',
      message: 'tcb ModifyProvider failed: could not connect, or the connection was lost (ECONNREFUSED)',
      remoteCode: 'NETWORK',
      ambiguous: false,
    });
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: 'NETWORK' }]);
  });

  test('a certificate of something in between: a person must act, and the hint names NODE_EXTRA_CA_CERTS', async () => {
    const host = 'tcb.example.test';
    const server = await serve((_, response) => response.end('{}'), selfSignedCertificate([host]));
    const proxy = await serveProxy({ port: Number(new URL(server.url).port) });
    const client = tencentClient(`https://${host}`, { env: { HTTPS_PROXY: proxy.url } });
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE',
      message:
        'tcb ModifyProvider failed: the certificate of the other side is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      remedy: 'person',
      remoteCode: 'NETWORK',
      ambiguous: false,
    });
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: 'NETWORK' }]);
  });

  test.each(['reset-before', 'reset-after'] as const)('%s: may have been applied', async (kind) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind });
    const client = tencentClient(url);
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_NETWORK',
      message: 'tcb ModifyProvider failed: could not connect, or the connection was lost (ECONNRESET)',
      ambiguous: true,
    });
    expect(world.providers.get(ENV_ID, 'apple')?.Config['ClientSecret']).toBe(kind === 'reset-after' ? 'new' : 'old');
    await expect(getProviders(client)).rejects.toMatchObject({ ambiguous: false });
  });

  test.each([
    ['with a length', { 'content-length': '100' }],
    ['in chunks', {}],
  ])('an answer %s that is cut off', async (_, headers) => {
    const server = await serve((incoming, response) => {
      response.writeHead(200, headers);
      response.write('{"Response":', () => incoming.socket.destroy());
    });
    await expect(modifyProvider(tencentClient(server.url))).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_NETWORK',
      message: 'tcb ModifyProvider failed: the connection was lost in the middle of the answer',
      ambiguous: true,
    });
  });

  test('no answer in time', async () => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'tcb', kind: 'hang' });
    const client = tencentClient(url, { timeoutMs: 100 });
    await expect(modifyProvider(client)).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_TIMEOUT',
      message: 'tcb ModifyProvider failed: no answer within 100 ms',
      remoteCode: 'TIMEOUT',
      ambiguous: true,
    });
    expect(client.records).toEqual([{ service: 'tcb', action: 'ModifyProvider', code: 'TIMEOUT' }]);
  });

  test.each([200, 500])(
    'a slow drip after status %i is out of time, or no answer, never an endless wait',
    async (status) => {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      const server = await serve((_, response) => {
        response.writeHead(status);
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => {
          clearInterval(drip);
          close();
        });
      });
      await expect(modifyProvider(tencentClient(server.url, { timeoutMs: 100 }))).rejects.toMatchObject({
        code: status === 200 ? 'ERR_CLOUDBASE_TIMEOUT' : 'ERR_CLOUDBASE_UNAVAILABLE',
      });
      await closed;
    },
  );

  test('every call goes through the proxy of the given environment', async () => {
    const { url } = await sandbox();
    const proxy = await serveProxy({ port: Number(new URL(url).port) });
    const client = tencentClient('http://tcb.example.test', { env: { HTTP_PROXY: proxy.url } });
    await expect(getProviders(client)).resolves.toMatchObject({ response: { Total: 3 } });
    expect(proxy.seen).toEqual(['POST http://tcb.example.test/']);
  });
});

describe('a connection', () => {
  const GOOD = '{"Response":{"RequestId":"r"}}';

  /** A server that answers the first request, and then does this with the others. */
  const serveThen = async (answer: Answer) => {
    let requests = 0;
    return serve((...exchange) => {
      requests += 1;
      if (requests === 1) exchange[1].end(GOOD);
      else answer(...exchange);
    });
  };
  /** As one that the other side has just ended looks to us. */
  const reset: Answer = (incoming) => incoming.socket.destroy();

  test('is kept from one read to the next, and a write has one of its own', async () => {
    const server = await serveThen((_, response) => response.end(GOOD));
    const client = tencentClient(server.url);
    for (let reads = 0; reads < 3; reads += 1) await getProviders(client);
    expect(server.connections).toBe(1);
    await modifyProvider(client);
    expect(server.connections).toBe(2);
    expect(server.seen.at(-1)?.headers['connection']).toBe('close');
    await getProviders(client);
    expect(server.connections).toBe(2);
  });

  test('that was kept and has ended: the read is sent again over a new one, in a turn of its own', async () => {
    let resets = 0;
    const server = await serveThen((incoming, response, body) => {
      resets += 1;
      if (resets === 1) reset(incoming, response, body);
      else response.end(GOOD);
    });
    let turns = 0;
    const leaves = () => {
      turns += 1;
    };
    const rateLimit = { turn: async () => leaves, lower: () => undefined };
    const client = tencentClient(server.url, { rateLimit });
    await getProviders(client);
    expect(await getProviders(client)).toMatchObject({ requestId: 'r' });
    expect(server.seen).toHaveLength(3);
    expect(server.connections).toBe(2);
    expect(turns).toBe(3);
    expect(client.records.map(({ code }) => code)).toEqual(['OK', 'NETWORK', 'OK']);
  });

  test('is tried once more and no more', async () => {
    const server = await serveThen(reset);
    const client = tencentClient(server.url);
    await getProviders(client);
    await expect(getProviders(client)).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_NETWORK', ambiguous: false });
    expect(server.seen).toHaveLength(3);
  });

  test('never makes a write be sent twice', async () => {
    const server = await serveThen(reset);
    const client = tencentClient(server.url);
    await getProviders(client);
    await expect(modifyProvider(client)).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_NETWORK', ambiguous: true });
    expect(server.seen.map(({ headers }) => headers['x-tc-action'])).toEqual(['GetProviders', 'ModifyProvider']);
  });

  test('that ends in the middle of the answer is no reason to read again', async () => {
    const server = await serveThen((incoming, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"Response":', () => incoming.socket.destroy());
    });
    const client = tencentClient(server.url);
    await getProviders(client);
    await expect(getProviders(client)).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_NETWORK' });
    expect(server.seen).toHaveLength(2);
  });

  test('is not kept where the answer was not read to its end', async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const server = await serve((incoming, response) => {
      incoming.socket.once('close', () => close());
      response.writeHead(500).write('no end');
    });
    await expect(getProviders(tencentClient(server.url))).rejects.toMatchObject({ code: 'ERR_CLOUDBASE_UNAVAILABLE' });
    await closed;
  });
});

describe('abort', () => {
  test.each([getProviders, modifyProvider])(
    'rejects with the reason, ends the connection, and counts nothing',
    async (call) => {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
      const server = await serve((incoming) => {
        incoming.socket.once('close', () => close());
        arrive();
      });
      const client = tencentClient(server.url);
      const controller = new AbortController();
      const answer = call(client, controller.signal);
      await arrived;
      const reason = new Error('stopping');
      controller.abort(reason);
      await expect(answer).rejects.toBe(reason);
      await closed;
      expect(client.records).toEqual([]);
    },
  );

  test('before the call sends nothing', async () => {
    const { url, world } = await sandbox();
    const reason = new Error('stopping');
    await expect(getProviders(tencentClient(url), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(world.requests.log).toEqual([]);
  });
});

describe('credentials', () => {
  test.each(['AuthFailure.TokenFailure', 'AuthFailure.SignatureExpire'])(
    '%s is tried once more with fresh ones',
    async (code) => {
      const { url, world } = await sandbox();
      world.faults.add({ service: 'tcb', kind: 'error', code, times: 1 });
      const credentials = fixedCredentials();
      const client = tencentClient(url, { credentials });
      await expect(modifyProvider(client)).resolves.toMatchObject({ response: {} });
      expect(credentials.renewed).toEqual([SANDBOX_CREDENTIALS]);
      expect(client.records.map((record) => record.code)).toEqual([code, 'OK']);
    },
  );

  test.each([
    [
      'AuthFailure.TokenFailure',
      'ERR_CREDENTIALS_REJECTED',
      'was refused: the temporary credentials are not valid (AuthFailure.TokenFailure)',
    ],
    [
      'AuthFailure.SignatureExpire',
      'ERR_CLOUDBASE_CLOCK',
      "was refused because of the time of its signature; the clock of this machine is 600 s ahead of the server's (AuthFailure.SignatureExpire)",
    ],
  ])('%s twice is told, and not tried again', async (remote, code, message) => {
    const { url, world } = await sandbox();
    const clock = { ...realClock, now: () => Date.now() + 600_000 };
    world.faults.add({ service: 'tcb', kind: 'error', code: remote });
    const client = tencentClient(url, { clock });
    const error: unknown = await modifyProvider(client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, ambiguous: false });
    // The Date header has no fractions of a second.
    expect((error as Error).message.replace('601 s', '600 s')).toBe(`tcb ModifyProvider ${message}`);
    expect(world.requests.log).toHaveLength(2);
  });

  test.each([
    { secretId: '', secretKey: 'k' },
    { secretId: 'i', secretKey: '' },
  ])('empty ones are never signed with: %o', async (credential) => {
    const { url, world } = await sandbox();
    const client = tencentClient(url, { credentials: fixedCredentials(credential) });
    await expect(getProviders(client)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: 'the credentials from fixed are empty',
    });
    expect(world.requests.log).toEqual([]);
  });

  test('a wrong key is rejected by the signature check', async () => {
    const { url } = await sandbox();
    const credentials = fixedCredentials({ ...SANDBOX_CREDENTIALS, secretKey: 'wrong' });
    await expect(getProviders(tencentClient(url, { credentials }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_REJECTED',
      message: 'tcb GetProviders was refused because of its credentials (AuthFailure.SignatureFailure)',
    });
  });
});

test('calls wait for their turn', async () => {
  const { url, world } = await sandbox();
  const clock = new HandClock();
  const client = tencentClient(url, { rateLimit: createRateLimit(1, clock) });
  await getProviders(client);
  const second = getProviders(client);
  await clock.advance(1_039);
  expect(world.requests.log).toHaveLength(1);
  await clock.advance(1);
  await second;
  expect(world.requests.log).toHaveLength(2);
});

test.each([
  'tcb.tencentcloudapi.com',
  'https://tcb.tencentcloudapi.com/v3',
  'https://u:p@tcb.tencentcloudapi.com',
  'ftp://x',
])('the endpoint %s is refused: the SDK would call another address', (endpoint) => {
  expect(() => tencentClient(endpoint)).toThrow(
    'an endpoint of Tencent Cloud is not a bare origin such as https://tcb.tencentcloudapi.com',
  );
});

test('a process that makes calls, good and bad ones, prints nothing', async () => {
  const { url, world } = await sandbox();
  // Over a connection that is kept it would be tried again.
  world.faults.add({ service: 'tcb', kind: 'reset-before', times: 1 });
  world.faults.add({ service: 'tcb', kind: 'status', times: 1 });
  world.faults.add({ service: 'tcb', kind: 'body', times: 1 });
  world.faults.add({ service: 'tcb', kind: 'redirect', location: 'http://127.0.0.1:1/', times: 1 });
  const child = fileURLToPath(new URL('child.ts', import.meta.url));
  const args = ['--disable-warning=DEP0040', child, url, ENV_ID];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: {} });
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  expect(world.requests.log).toHaveLength(5);
});
