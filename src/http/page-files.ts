// The files of the page, each compressed by gzip. In a checkout they are bundled from src/page when somebody first asks
// for one; .ci/build.ts puts the finished files in the place of this module.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** By name: `index.html`, `scheme.js`, `page.js`, `page.css`, `icon.svg`. */
export type PageFiles = ReadonlyMap<string, Uint8Array>;

const SOURCES = fileURLToPath(new URL('../page/', import.meta.url));
/** What they are written for: the first of each that has the function light-dark() of CSS, from May 2024 at the latest. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

let made: Promise<PageFiles> | undefined;

export function pageFiles(): Promise<PageFiles> {
  made ??= bundlePage().catch((thrown) => {
    made = undefined;
    throw thrown;
  });
  return made;
}

/** Bundles the page from its sources. Wants the packages of a checkout. */
export async function bundlePage(): Promise<PageFiles> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['scheme.ts', 'main.tsx', 'page.css'].map((name) => join(SOURCES, name)),
    outdir: SOURCES,
    entryNames: '[name]',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: BROWSERS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    write: false,
  });
  const made = outputFiles.map(({ path, contents }) => [basename(path).replace('main', 'page'), contents] as const);
  const still = ['index.html', 'icon.svg'].map(async (name) => [name, await readFile(join(SOURCES, name))] as const);
  const files = [...made, ...(await Promise.all(still))];
  return new Map(await Promise.all(files.map(async ([name, bytes]) => [name, await compressed(bytes)] as const)));
}

function compressed(bytes: Uint8Array): Promise<Uint8Array> {
  return promisify(gzip)(bytes, { level: 9 });
}
