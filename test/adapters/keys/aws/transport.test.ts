// The AWS client's requests as they arrive: query and method too, which only the credential chain uses (SSO).
import { expect, test } from 'vitest';
import { transport } from '../../../../src/adapters/keys/aws/transport.ts';
import { serve } from '../../../support/servers.ts';

const signal = new AbortController().signal;

function parts(url: string) {
  const { protocol, hostname, port } = new URL(url);
  return { protocol, hostname, port: Number(port), path: '/federation/credentials', headers: { 'x-token': 'abc' } };
}

test('a GET keeps its query, lists and names without value included', async () => {
  const server = await serve((_request, response) => response.end('{}'));
  const query = { role: 'rotator', tag: ['a', 'b&c'], empty: null };
  await transport({}, 1000, signal).handle({ ...parts(server.url), method: 'GET', query });
  expect(server.seen).toMatchObject([
    {
      method: 'GET',
      url: '/federation/credentials?role=rotator&tag=a&tag=b%26c&empty=',
      headers: { 'x-token': 'abc' },
      body: '',
    },
  ]);
});

test('a POST keeps its body, text or bytes, and the answer its status, headers and body', async () => {
  const server = await serve((_request, response) =>
    response.writeHead(418, { 'x-amzn-requestid': 'r1' }).end('tea, ü'),
  );
  for (const body of ['ü', new TextEncoder().encode('ü')]) {
    const { response } = await transport({}, 1000, signal).handle({ ...parts(server.url), method: 'POST', body });
    expect(response).toMatchObject({ statusCode: 418, headers: { 'x-amzn-requestid': 'r1' } });
    expect(Buffer.concat(await response.body.toArray()).toString()).toBe('tea, ü');
  }
  expect(server.seen.map(({ body }) => body)).toEqual(['ü', 'ü']);
});

test('a body of another kind is a mistake', async () => {
  const sending = transport({}, 1000, signal).handle({ ...parts('http://127.0.0.1:1'), method: 'POST', body: 5 });
  await expect(sending).rejects.toThrow(new TypeError('the AWS client sends a body of a kind that is not foreseen'));
});
