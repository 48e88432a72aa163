// The OpenAPI document: whole, consistent with itself, and of nothing that is not served. That answers are as it says
// is held by the rig, for every answer of every test.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PROBLEM_KINDS, PROBLEMS } from '../../src/http/problem.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { DOCUMENT } from './rig.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly headers?: object }>>;
}

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, here]) =>
  Object.entries(here).map(([method, operation]) => ({ path, method, operation: operation as unknown as Operation })),
);

test('names the version, and every route of the server', () => {
  expect(DOCUMENT).toMatchObject({ openapi: '3.1.1', info: { title: 'apple-secret-rotator', version: '1.2.3' } });
  expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)).toEqual([
    'GET /healthz',
    'GET /readyz',
    'GET /metrics',
    'GET /api/v1/targets',
    'GET /api/v1/targets/{name}',
    'GET /api/v1/targets/{name}/timeline',
    'GET /api/v1/rotations',
    'GET /api/v1/rotations.csv',
    'GET /api/v1/rotations.json',
    'GET /api/v1/alerts',
    'GET /api/v1/overview',
    'GET /api/v1/overview/events',
    'POST /api/v1/targets/{name}/rotate',
    'GET /openapi.json',
    'GET /runbook',
  ]);
  expect(operations).toHaveLength(ROUTES.length);
});

test('refers to nothing that is not there, and holds nothing that nobody refers to', () => {
  const referred = [...JSON.stringify(DOCUMENT).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, id]) => id,
  );
  expect([...new Set(referred)].sort()).toEqual(Object.keys(DOCUMENT.components.schemas).sort());
  expect(JSON.stringify(DOCUMENT)).not.toMatch(/"\$(?:id|schema|defs)"/);
});

test('describes every parameter of a path, and no other', () => {
  for (const { path, operation } of operations) {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`);
    expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? []);
  }
});

test('says what the query and the headers of a request may be', () => {
  const parametersOf = (id: string) =>
    operations.find(({ operation }) => operation.operationId === id)?.operation.parameters;
  expect(parametersOf('listRotations')).toMatchObject([
    { name: 'before', in: 'query', schema: { type: 'string', format: 'uuid' } },
    { name: 'target', in: 'query', schema: { type: 'string', minLength: 1, maxLength: 256 } },
    { name: 'language', in: 'query', schema: { enum: ['en', 'zh'], default: 'en' } },
    { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 1000, default: 20 } },
  ]);
  expect(parametersOf('rotateTarget')).toMatchObject([
    { name: 'name', in: 'path', required: true },
    { name: 'Idempotency-Key', in: 'header', schema: { type: 'string', pattern: expect.any(String) } },
  ]);
});

test('says which requests want a token', () => {
  const wants = Object.fromEntries(operations.map(({ operation }) => [operation.operationId, operation.security]));
  const [nothing, reading, changing] = [[], [{ bearer: [] }, { basic: [] }, {}], [{ bearer: [] }]];
  expect(wants).toEqual({
    health: nothing,
    readiness: nothing,
    metrics: nothing,
    listTargets: reading,
    getTarget: reading,
    getTimeline: reading,
    listRotations: reading,
    exportRotationsAsCsv: reading,
    exportRotations: reading,
    listAlerts: reading,
    getOverview: reading,
    watchOverview: reading,
    rotateTarget: changing,
    openapi: reading,
    runbook: reading,
  });
});

describe('problems', () => {
  test('each kind is documented for some request, but for what no route answers', () => {
    const text = JSON.stringify(DOCUMENT.paths);
    expect(PROBLEM_KINDS.filter((kind) => !text.includes(`\`${kind}\``))).toEqual(['not-found', 'method-not-allowed']);
  });

  test('the request to rotate answers each status of its contract', () => {
    const rotate = operations.find(({ operation }) => operation.operationId === 'rotateTarget')?.operation;
    expect(Object.keys(rotate?.responses ?? {})).toEqual([
      '202',
      '400',
      '401',
      '403',
      '404',
      '408',
      '409',
      '413',
      '415',
      '417',
      '421',
      '422',
      '429',
      '431',
      '500',
      '503',
    ]);
    expect(rotate?.responses['202']?.headers).toHaveProperty('Location');
    expect(rotate).toHaveProperty('requestBody');
  });

  test('have titles that begin with a capital and statuses of errors', () => {
    for (const { status, title } of Object.values(PROBLEMS)) {
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});

test('docs/http.md tells of every route, and of every problem with its status', () => {
  const text = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');
  for (const { method, path } of ROUTES) expect(text).toContain(`| \`${method} ${path}\` |`);
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, kind, status]) => [kind, Number(status)]);
  expect(rows).toEqual(PROBLEM_KINDS.map((kind) => [kind, PROBLEMS[kind].status]));
});
