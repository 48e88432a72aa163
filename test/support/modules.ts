// The source files of src/ as the architecture test sees them: what each imports, and its text without comments.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  /** A file of the project by its path from the root (`src/core/errors.ts`), else as it is written (`node:fs`, `zod`). */
  readonly what: string;
  /** `type` leaves nothing at run time; `dynamic` is loaded when it is reached. */
  readonly kind: 'static' | 'dynamic' | 'type';
}

export interface Module {
  /** From the root of the project: `src/core/errors.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** Every TypeScript file below a folder of the project. */
export function modulesBelow(folder: string): Module[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => read(join(folder, name)))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function read(path: string): Module {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/(^|\s)\/\/ .*$/gm, '$1');
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm;
/** With a dot behind it is the type of a module, as in `import('./ports.ts').Journal`. */
const CALL = /\bimport\(\s*'([^']+)'\s*\)(\.)?/g;

function importsOf(path: string, code: string): Import[] {
  const resolved = (what: string) => (what.startsWith('.') ? normalize(join(dirname(path), what)) : what);
  const statements = [...code.matchAll(STATEMENT)].map(([, type, names = '', what = '']): Import => {
    return { what: resolved(what), kind: type !== undefined || onlyTypes(names) ? 'type' : 'static' };
  });
  const calls = [...code.matchAll(CALL)].map(([, what = '', member]): Import => {
    return { what: resolved(what), kind: member === undefined ? 'dynamic' : 'type' };
  });
  return [...statements, ...calls];
}

/** `{ type A, type B }` is erased with its statement's names; a default or a namespace is not. */
function onlyTypes(names: string): boolean {
  const listed = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  if (listed === undefined) return false;
  const each = listed.split(',').map((name) => name.trim());
  return each.every((name) => name === '' || name.startsWith('type '));
}

/** Everything that is reached from `start` over imports of these kinds, packages and Node's own modules included. */
export function reachedFrom(start: string, modules: readonly Module[], kinds: readonly Import['kind'][]): Set<string> {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { what, kind } of byPath.get(path)?.imports ?? []) if (kinds.includes(kind)) visit(what);
  };
  visit(start);
  return reached;
}

/** A chain of imports that leads back to where it began, if there is one. */
export function cycleIn(modules: readonly Module[]): string[] | undefined {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    const since = above.indexOf(path);
    if (since !== -1) return [...above.slice(since), path];
    if (done.has(path)) return undefined;
    for (const { what } of byPath.get(path)?.imports ?? []) {
      const found = byPath.has(what) ? visit(what, [...above, path]) : undefined;
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of modules) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
