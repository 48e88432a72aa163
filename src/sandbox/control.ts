// The control interface: JSON over HTTP under /sandbox/, for a person at a terminal (or a test in another process) to
// read and change the world. The routes are a table (control-routes.ts); GET /sandbox/ lists it.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { isLoopback } from '../net/proxy.ts';
import { ControlError } from './control-route.ts';
import { ROUTES } from './control-routes.ts';
import type { World } from './world.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** The routes of /sandbox/. Only a loopback Host is served, so that a page of another origin cannot reach them. */
export function control(world: World): Hono {
  const app = new Hono();
  app.use('/sandbox/*', bodyLimit({ maxSize: MAX_BODY_BYTES }));
  app.use('/sandbox/*', async (c, next) => {
    const { hostname } = new URL(c.req.url);
    if (!isLoopback(hostname)) return c.json({ error: `the host ${hostname} is not this sandbox` }, 421);
    return await next();
  });
  const routes = ROUTES.map(({ method, path, does, body }) => ({ method, path, does, body: body ?? null }));
  for (const path of ['/sandbox', '/sandbox/']) app.get(path, (c) => c.json({ routes }));
  for (const route of ROUTES) {
    app.on(route.method, route.path, async (c) => {
      const body = route.schema === undefined ? undefined : route.schema.parse(parsed(await c.req.text()));
      const shown = route.run(world, { path: c.req.param(), query: c.req.query(), body });
      return c.json(shown ?? { ok: true });
    });
  }
  app.all('/sandbox/*', (c) => c.json({ error: 'no such route; see GET /sandbox/' }, 404));
  app.onError((error, c) => {
    if (error instanceof ControlError) return c.json({ error: error.message }, error.status);
    if (error instanceof z.ZodError) return c.json({ error: complaints(error) }, 400);
    if (error instanceof TypeError) return c.json({ error: error.message }, 400);
    throw error;
  });
  return app;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlError(400, 'the body is not JSON');
  }
}

function complaints({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}
