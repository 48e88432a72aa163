// Everything that the HTTP interface answers: each route with and without a token, and requests that carry a secret in
// each place where a clumsy client may put one.
import { request } from 'node:http';
import { ROUTES } from '../../src/http/routes.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The answers by what was asked. `secrets`: tokens of the interface, the first of which permits everything. */
export async function answersOf(url: string, secrets: readonly string[]): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (const { method, path } of ROUTES)
    for (const token of [...secrets, 'wrong'])
      await ask({ method, path: path.replace('{name}', 'shop'), headers: bearer(token) });
  for (const secret of secrets) for (const asked of misplaced(secret, secrets[0] ?? '')) await ask(asked);
  return answers;

  async function ask(asked: Asked): Promise<void> {
    const { method, path } = asked;
    answers.set(`HTTP ${answers.size} ${method} ${path.slice(0, 30)}`, await answerTo(url, asked));
  }
}

/** Requests with a secret in their path, query, headers and body. */
export function misplaced(secret: string, token: string): Asked[] {
  const [inUrl, inHeader] = [encodeURIComponent(secret), secret.replace(/\s/g, '')];
  const [get, rotate] = [{ method: 'GET' }, { method: 'POST', path: '/api/v1/targets/shop/rotate' }];
  const json = { 'content-type': 'application/json' };
  return [
    { ...get, path: `/${inUrl}`, headers: bearer(token) },
    { ...get, path: `/api/v1/targets/${inUrl}`, headers: bearer(token) },
    { ...get, path: `/api/v1/rotations?target=${inUrl}`, headers: bearer(token) },
    { ...get, path: `/api/v1/rotations?limit=${inUrl}`, headers: bearer(token) },
    { ...get, path: `/metrics?${inUrl}=1`, headers: bearer(token) },
    { ...get, path: '/api/v1/targets', headers: { authorization: inHeader } },
    { ...get, path: '/healthz', headers: { host: inHeader } },
    { ...rotate, path: `/api/v1/targets/${inUrl}/rotate`, headers: bearer(token) },
    { ...rotate, headers: { ...bearer(token), 'idempotency-key': `${inHeader} ${inHeader}` } },
    { ...rotate, headers: { ...bearer(token), ...json }, body: secret },
    { ...rotate, headers: { ...bearer(token), ...json }, body: JSON.stringify({ [secret]: secret }) },
    { method: 'PROPFIND', path: `/${inUrl}` },
  ];
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Status, headers and body, of a stream without end its first part; what went wrong where there was none. */
export async function answerTo(url: string, { method, path, headers = {}, body = '' }: Asked): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(new URL(url), { method, path, headers, agent: false }, (answer) => {
      let text = `${answer.statusCode}\n${answer.rawHeaders.join('\n')}\n`;
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (answer.headers['content-type']?.startsWith('text/event-stream')) asked.destroy();
      });
      answer.on('close', () => resolve(text)).on('error', () => resolve(text));
    });
    asked.on('error', (error) => resolve(String(error))).end(body);
  });
}
