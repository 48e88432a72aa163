// Every route of the HTTP interface: what it takes, answers and does. The server registers this table (application.ts),
// and the OpenAPI document is generated from it (openapi.ts).
import { rotationView } from '../core/rotation-view.ts';
import { lastingView } from '../core/target-view.ts';
import { mapInSlices } from '../net/event-loop.ts';
import { HttpProblem } from './problem.ts';
import { mustBeAlive } from './readiness.ts';
import { type ConfiguredTarget, type Route, route } from './route.ts';
import {
  ACCEPTED,
  HEALTHY,
  NO_QUERY,
  READY,
  ROTATE_BODY,
  ROTATIONS,
  ROTATIONS_QUERY,
  TARGET,
  TARGETS,
} from './schemas.ts';

export const ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/healthz',
    id: 'health',
    right: 'none',
    summary: 'Whether the program lives; 503 asks for a restart.',
    query: NO_QUERY,
    answer: { status: 200, description: 'It turns, or the daemon waits until it can start.', schema: HEALTHY },
    problems: ['stalled'],
    serve: async (_, { daemon }) => ({ status: 200, body: mustBeAlive(daemon) }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    id: 'readiness',
    right: 'none',
    summary: 'Whether the journal can be written and every target was checked once since the start.',
    query: NO_QUERY,
    answer: { status: 200, description: 'Both.', schema: READY },
    problems: [],
    serve: async (_, { ready }) => ({ status: 200, body: await ready() }),
  }),
  route({
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    right: 'none',
    summary: "Metrics in Prometheus' text format.",
    query: NO_QUERY,
    answer: { status: 200, description: 'The metrics.' },
    problems: [],
    async serve(_, { metrics }) {
      const { contentType, text } = await metrics();
      return { status: 200, contentType, body: text };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/targets',
    id: 'listTargets',
    right: 'read',
    summary: 'Every configured target, as `status --json` prints it.',
    query: NO_QUERY,
    answer: { status: 200, description: 'The targets.', schema: TARGETS },
    problems: [],
    async serve(_, { journal, targets, judgeClock }) {
      const recorded = new Map((await journal.targets()).map((state) => [state.key, state]));
      const clock = judgeClock();
      const views = await mapInSlices(targets(), (target) => lastingView(recorded.get(target.key), target, clock));
      return { status: 200, body: { targets: views } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/targets/{name}',
    id: 'getTarget',
    right: 'read',
    summary: 'One target.',
    query: NO_QUERY,
    answer: { status: 200, description: 'The target.', schema: TARGET },
    problems: ['target-not-found'],
    async serve({ name }, { journal, targets, judgeClock }) {
      const target = configured(name, targets());
      return { status: 200, body: lastingView(await journal.target(target.key), target, judgeClock()) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/rotations',
    id: 'listRotations',
    right: 'read',
    summary: 'Rotations, newest first, as `history --json` prints them.',
    query: ROTATIONS_QUERY,
    answer: { status: 200, description: 'The rotations.', schema: ROTATIONS },
    problems: [],
    async serve({ query: { target, limit } }, { journal, targets }) {
      // A target that was renamed keeps its key, and with it its history.
      const key = targets().find(({ name }) => name === target)?.key ?? target;
      const rotations = await journal.rotations(key === undefined ? { limit } : { target: key, limit });
      return { status: 200, body: { rotations: rotations.map(rotationView) } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/targets/{name}/rotate',
    id: 'rotateTarget',
    right: 'change',
    summary: 'Rotates a target now, however long its secret is still valid; once per hour.',
    query: NO_QUERY,
    body: ROTATE_BODY,
    takesIdempotencyKey: true,
    answer: {
      status: 202,
      description: 'The rotation has begun; how it ends is in /api/v1/rotations.',
      schema: ACCEPTED,
      headers: { Location: 'Where the rotation is shown.' },
    },
    problems: [
      'target-not-found',
      'rotation-running',
      'body-too-large',
      'not-json',
      'idempotency-key-reused',
      'asked-too-often',
      'not-begun',
    ],
    async serve({ name, idempotencyKey, requestedBy }, { targets, rotations }) {
      const target = configured(name, targets());
      const id = await rotations.rotate({ target, idempotencyKey, requestedBy });
      const Location = `/api/v1/rotations?target=${encodeURIComponent(target.name)}`;
      return { status: 202, headers: { Location }, body: { id } };
    },
  }),
  route({
    method: 'GET',
    path: '/openapi.json',
    id: 'openapi',
    right: 'read',
    summary: 'This document.',
    query: NO_QUERY,
    answer: { status: 200, description: 'An OpenAPI 3.1 document.' },
    problems: [],
    serve: async (_, { openapi }) => ({ status: 200, body: openapi() }),
  }),
];

function configured(name: string, targets: readonly ConfiguredTarget[]): ConfiguredTarget {
  const target = targets.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw new HttpProblem('target-not-found', 'no configured target has this name; see /api/v1/targets');
}
