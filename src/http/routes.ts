// Every route of the HTTP interface: what it takes, answers and does. The server registers this table (application.ts),
// and the OpenAPI document is generated from it (openapi.ts).
import type { Rotations } from '../core/journal-ports.ts';
import { type RotationView, rotationView } from '../core/rotation-view.ts';
import { lastingView } from '../core/target-view.ts';
import { mapInSlices } from '../net/event-loop.ts';
import { jsonBody } from './body.ts';
import { csvHead, csvLine } from './csv.ts';
import { serveRunbook } from './page-routes.ts';
import { LANGUAGE_QUERY, OVERVIEW, TIMELINE } from './page-schemas.ts';
import { HttpProblem } from './problem.ts';
import { mustBeAlive } from './readiness.ts';
import { type ConfiguredTarget, Lines, type Route, route, Streamed } from './route.ts';
import {
  ACCEPTED,
  ALERTS,
  HEALTHY,
  NO_QUERY,
  READY,
  ROTATE_BODY,
  ROTATIONS,
  ROTATIONS_QUERY,
  TARGET,
  TARGETS,
} from './schemas.ts';
import { rotationIn, timelineOf } from './timeline.ts';

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
    answer: { status: 200, description: 'The metrics.', contentType: 'text/plain' },
    problems: [],
    async serve(_, { metrics }) {
      const { contentType, text } = await metrics();
      return { status: 200, contentType, body: new Lines(text) };
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
    path: '/api/v1/targets/{name}/timeline',
    id: 'getTimeline',
    right: 'read',
    summary: 'What has happened to the client secrets of one target, and what is to come.',
    query: LANGUAGE_QUERY,
    answer: { status: 200, description: 'The timeline.', schema: TIMELINE },
    problems: ['target-not-found'],
    async serve({ name, query: { language } }, tools) {
      return { status: 200, body: await timelineOf(configured(name, tools.targets()), tools, language) };
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
    async serve({ query: { target, before, language, limit } }, { journal, targets }) {
      // A target that was renamed keeps its key, and with it its history.
      const key = targets().find(({ name }) => name === target)?.key ?? target;
      const rotations = await journal.rotations({
        ...(key === undefined ? {} : { target: key }),
        ...(before === undefined ? {} : { before }),
        limit,
      });
      return { status: 200, body: { rotations: rotations.map((rotation) => rotationIn(language, rotation)) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/rotations.csv',
    id: 'exportRotationsAsCsv',
    right: 'read',
    summary: 'All rotations, newest first, as comma-separated values for a spreadsheet.',
    query: NO_QUERY,
    answer: { status: 200, description: 'The rotations.', contentType: 'text/csv' },
    problems: [],
    async serve(_, { journal }) {
      const headers = { 'Content-Disposition': 'attachment; filename="rotations.csv"' };
      return { status: 200, headers, contentType: 'text/csv; charset=utf-8', body: new Streamed(csvOf(journal)) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/rotations.json',
    id: 'exportRotations',
    right: 'read',
    summary: 'All rotations, newest first.',
    query: NO_QUERY,
    answer: { status: 200, description: 'The rotations.', schema: ROTATIONS },
    problems: [],
    async serve(_, { journal }) {
      const headers = { 'Content-Disposition': 'attachment; filename="rotations.json"' };
      return { status: 200, headers, body: new Streamed(jsonOf(journal)) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/alerts',
    id: 'listAlerts',
    right: 'read',
    summary: 'What is wrong now, one for each cause, as `alerts --json` prints it.',
    query: NO_QUERY,
    answer: { status: 200, description: 'The alerts, critical first, and the channels.', schema: ALERTS },
    problems: [],
    serve: async (_, { alerts }) => ({ status: 200, body: await alerts() }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/overview',
    id: 'getOverview',
    right: 'read',
    summary: 'Everything that the page shows first: the service, a row for each target, what is wrong, the channels.',
    query: LANGUAGE_QUERY,
    answer: { status: 200, description: 'The overview.', schema: OVERVIEW },
    problems: [],
    serve: async ({ query: { language } }, { live }) => ({ status: 200, body: await live.overview(language) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/overview/events',
    id: 'watchOverview',
    right: 'read',
    summary:
      'The same as server-sent events: `overview` (Overview) once, then `change` (Change) within two seconds of each change, and `beat` at least every 10 s.',
    query: LANGUAGE_QUERY,
    answer: { status: 200, description: 'The events.', contentType: 'text/event-stream' },
    problems: [],
    async serve({ query: { language }, signal }, { live }) {
      const body = new Streamed(live.watch(language, signal));
      return { status: 200, contentType: 'text/event-stream; charset=utf-8', body };
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
  route({
    method: 'GET',
    path: '/runbook',
    id: 'runbook',
    right: 'read',
    challenge: 'basic',
    summary: 'What to do about every alert, for a browser; the fragment is the section: `/runbook#accessdenied`.',
    query: LANGUAGE_QUERY,
    answer: { status: 200, description: 'The runbook.', contentType: 'text/html' },
    problems: [],
    serve: ({ query: { language } }) => serveRunbook(language),
  }),
];

/** So many are read at once. */
const EXPORT_PAGE = 200;

async function* allRotations(journal: Rotations): AsyncGenerator<RotationView[]> {
  for (let before: string | undefined; ; ) {
    const page = await journal.rotations({ limit: EXPORT_PAGE, ...(before === undefined ? {} : { before }) });
    if (page.length > 0) yield page.map(rotationView);
    if (page.length < EXPORT_PAGE) return;
    before = page.at(-1)?.id;
  }
}

async function* csvOf(journal: Rotations): AsyncGenerator<string> {
  yield csvHead();
  for await (const page of allRotations(journal)) yield page.map(csvLine).join('');
}

async function* jsonOf(journal: Rotations): AsyncGenerator<string> {
  let before = '{"rotations":[';
  for await (const page of allRotations(journal)) {
    yield `${before}${page.map((rotation) => jsonBody(rotation).trimEnd()).join(',\n')}`;
    before = ',\n';
  }
  yield before === ',\n' ? ']}\n' : `${before}]}\n`;
}

function configured(name: string, targets: readonly ConfiguredTarget[]): ConfiguredTarget {
  const target = targets.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw new HttpProblem('target-not-found', 'no configured target has this name; see /api/v1/targets');
}
