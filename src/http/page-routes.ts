// The routes of the page: the document, which is the same at every address of it, and the files that it loads. They are
// not in the OpenAPI document, because no program has a use for them.
import type { Language } from '../core/alerts/message.ts';
import { type Answer, ProgramFile, type Route, route } from './route.ts';
import { NO_QUERY } from './schemas.ts';

/** Nothing from another host, and no code or style but that of its own files. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = { 'Content-Security-Policy': PAGE_POLICY } as const;

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'scheme.js': 'text/javascript; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/**
 * Its addresses, and the file that is served there. Each file stands at the top: a browser sends the password that one of
 * them was given to everything beside and below it, and the page asks the API without a prompt of its own.
 */
const FILES: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/targets/{name}': 'index.html',
  '/calendar': 'index.html',
  '/history': 'index.html',
  '/channels': 'index.html',
  '/scheme.js': 'scheme.js',
  '/page.js': 'page.js',
  '/page.css': 'page.css',
  '/icon.svg': 'icon.svg',
};

export const PAGE_ROUTES: readonly Route[] = Object.keys(FILES).map((path) =>
  route({
    method: 'GET',
    path,
    id: `page ${path}`,
    right: 'read',
    challenge: 'basic',
    summary: 'A part of the page.',
    // The page keeps its filter in the query.
    query: NO_QUERY.loose(),
    answer: { status: 200, description: 'The page.' },
    problems: [],
    serve: () => servePage({ path }),
  }),
);

/** The file at an address of the page. It works without a journal, also while the daemon cannot start. */
export async function servePage({ path }: Pick<Route, 'path'>): Promise<Answer> {
  const name = FILES[path] ?? '';
  // Loaded when somebody opens the page.
  const { pageFiles } = await import('./page-files.ts');
  const file = (await pageFiles()).get(name);
  if (file === undefined) throw new TypeError(`the page has no file for ${path}`);
  return { status: 200, headers: HEADERS, contentType: TYPES[name] ?? '', body: new ProgramFile(file) };
}

/** The runbook. It works without a journal too. */
export async function serveRunbook(language: Language): Promise<Answer> {
  // Loaded when somebody opens it.
  const { runbookPage } = await import('./runbook.ts');
  return { status: 200, headers: HEADERS, contentType: TYPES['index.html'] ?? '', body: runbookPage(language) };
}
