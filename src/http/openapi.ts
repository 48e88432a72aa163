// The OpenAPI 3.1 document, generated from the table of routes and from the schemas that requests are parsed by. It is
// served at /openapi.json, and there is no other copy.
import * as z from 'zod';
import type { Right } from './access.ts';
import { PROBLEM_TYPE, PROBLEMS, type ProblemKind } from './problem.ts';
import type { Route } from './route.ts';
import { IDEMPOTENCY_KEY, NAMED, PROBLEM } from './schemas.ts';

/** Problems that any route may answer with. */
const EVERYWHERE: readonly ProblemKind[] = [
  'bad-request',
  'request-timeout',
  'expectation-failed',
  'wrong-host',
  'headers-too-large',
  'internal',
  // While the daemon cannot start.
  'not-ready',
];

const BY_RIGHT: Readonly<Record<Right, readonly ProblemKind[]>> = {
  none: [],
  read: ['token-wrong', 'read-token-not-configured'],
  change: ['token-wrong', 'token-not-configured'],
};

/** Reading needs a token only where one is configured. */
const SECURITY: Readonly<Record<Right, readonly object[]>> = {
  none: [],
  read: [{ bearer: [] }, { basic: [] }, {}],
  change: [{ bearer: [] }],
};

/** The document, as plain JSON. */
export function openapiDocument(routes: readonly Route[], version: string): object {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  return {
    openapi: '3.1.1',
    info: {
      title: 'apple-secret-rotator',
      version,
      summary: 'Keeps the Sign in with Apple client secret of Tencent CloudBase environments fresh, unattended.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: Object.fromEntries(
      [...byPath].map(([path, here]) => [
        path,
        Object.fromEntries(here.map((route) => [route.method.toLowerCase(), operation(route)])),
      ]),
    ),
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: '`http.token`; for reading also `http.readToken`.' },
        basic: { type: 'http', scheme: 'basic', description: 'Any user, and `http.readToken` as password.' },
      },
    },
  };
}

function operation(route: Route): object {
  const { id, summary, right, body } = route;
  return {
    operationId: id,
    summary,
    security: SECURITY[right],
    parameters: parameters(route),
    ...(body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: reference(body) } } } }),
    responses: { ...good(route), ...problems(route) },
  };
}

function parameters({ path, query, takesIdempotencyKey }: Route): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    ...described(schema as z.ZodType),
  }));
  const key = { name: 'Idempotency-Key', in: 'header', ...described(IDEMPOTENCY_KEY) };
  return [...inPath, ...inQuery, ...(takesIdempotencyKey === true ? [key] : [])];
}

function good({ answer: { status, description, schema, headers, contentType } }: Route): object {
  const named = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  const [type, shape] =
    contentType === undefined
      ? ['application/json', schema === undefined ? { type: 'object' } : reference(schema)]
      : [contentType, { type: 'string' }];
  return {
    [status]: {
      description,
      ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
      content: { [type]: { schema: shape } },
    },
  };
}

/** One entry for each status: the document has no place for two problems with the same one. */
function problems({ problems: own, right }: Route): object {
  const kinds = [...own, ...BY_RIGHT[right], ...EVERYWHERE];
  const byStatus = Map.groupBy(kinds, (kind) => PROBLEMS[kind].status);
  return Object.fromEntries(
    [...byStatus].map(([status, here]) => [
      status,
      {
        description: here.map((kind) => `${PROBLEMS[kind].title} (\`${kind}\`).`).join(' '),
        content: { [PROBLEM_TYPE]: { schema: reference(PROBLEM) } },
      },
    ]),
  );
}

function reference(schema: z.ZodType): { $ref: string } {
  const id = NAMED.get(schema)?.id;
  if (id === undefined) throw new TypeError('a schema of the HTTP interface has no name');
  return { $ref: uriOf(id) };
}

function uriOf(id: string): string {
  return `#/components/schemas/${id}`;
}

/** A later version may add fields, so the document must not forbid unknown ones: hence `io: 'input'`. */
function namedSchemas(): object {
  const { schemas } = z.toJSONSchema(NAMED, { uri: uriOf, io: 'input', override: formatAlone });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withoutKeys(schema, ['$schema', '$id'])]),
  );
}

/** Drops the pattern beside a format, which says the same in a form that nobody can read. */
function formatAlone({ jsonSchema }: { jsonSchema: { format?: string; pattern?: string } }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

function described(schema: z.ZodType): object {
  const { description, ...rest } = withoutKeys(z.toJSONSchema(schema, { io: 'output' }), ['$schema']);
  return { ...(description === undefined ? {} : { description }), schema: rest };
}

function withoutKeys(schema: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)));
}
