// Bundles the program into dist/: ECMAScript modules, minified, split so that a command loads only what it uses, and
// nothing of node_modules besides. With the package.json and the licence that go beside it, the folder is a package of
// npm that depends on nothing, and all that a container needs.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';
import pkg from '../package.json' with { type: 'json' };
import { LANGUAGES } from '../src/core/alerts/message.ts';
import { bundlePage } from '../src/http/page-files.ts';
import { runbookPage } from '../src/http/runbook.ts';

/** Where the bundle goes: `dist`, or the folder that is named. */
const OUT = process.argv[2] ?? 'dist';

/** Modules that a package asks for and never uses here, by the package. */
const UNUSED: readonly (readonly [what: RegExp, by: RegExp])[] = [
  // node-fetch takes Node's own URL where there is one. This one brings the table of Unicode's domain names (265 KB).
  [/^whatwg-url$/, /\/node-fetch\//],
  // form-data guesses the types of files that are uploaded; nothing is (137 KB).
  [/^mime-db$/, /\/mime-types\//],
  // Commander starts commands that are programs of their own, node-cron tasks in processes of their own; none is.
  [/^(?:node:)?child_process$/, /\/(?:commander|node-cron)\//],
];

const withoutUnused: Plugin = {
  name: 'without-unused',
  setup({ onResolve, onLoad }) {
    for (const [filter, by] of UNUSED)
      onResolve({ filter }, ({ path, importer }) => (by.test(importer) ? { path, namespace: 'unused' } : undefined));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }));
  },
};

/**
 * The texts are hundreds of short arrow functions. V8 parses the body of one without braces with its file, and that of
 * a function when it is called, which most never are. Not for everything: esbuild gets `this` in a class field wrong.
 */
const textsAsFunctions: Plugin = {
  name: 'texts-as-functions',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/core\/texts\/.*\.ts$/ }, async ({ path }) => {
      const options = { loader: 'ts', target: 'node24', supported: { arrow: false } } as const;
      return { contents: (await transform(readFileSync(path, 'utf8'), options)).code, loader: 'js' };
    });
  },
};

const RUNBOOKS = Object.fromEntries(LANGUAGES.map((language) => [language, runbookPage(language)]));

/** The runbook, rendered in each language: neither its sources nor what renders them goes into the bundle. */
const renderedRunbook: Plugin = {
  name: 'rendered-runbook',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/http\/runbook\.ts$/ }, () => ({
      contents: `const pages = ${JSON.stringify(RUNBOOKS)}; export const runbookPage = (language) => pages[language];`,
    }));
  },
};

/** The files of the page, compressed, in place of the module that makes them in a checkout. */
const finishedPage: Plugin = {
  name: 'finished-page',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/http\/page-files\.ts$/ }, async () => {
      const files = [...(await bundlePage())].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
      const decoded = `([name, text]) => [name, Buffer.from(text, 'base64')]`;
      return { contents: `export const pageFiles = async () => new Map(${JSON.stringify(files)}.map(${decoded}));` };
    });
  },
};

/**
 * Node's own modules are asked for by `require`: by the CommonJS parts of the bundle, and see `withRequire`. There are no
 * others, and what Node makes for each file in which they might be takes a tenth of what a short command does.
 */
const REQUIRE = [
  'const require=(name)=>{const found=process.getBuiltinModule(name);',
  'if(!found)throw Object.assign(Error("Cannot find module "+name),{code:"MODULE_NOT_FOUND"});return found};',
].join('');

rmSync(OUT, { recursive: true, force: true });
const { outputFiles, metafile } = await build({
  // The file of a thread stands beside the chunks, which start it.
  entryPoints: { main: 'src/main.ts', 'chunks/yaml-thread': 'src/config/yaml-thread.ts' },
  outdir: OUT,
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  chunkNames: 'chunks/[name]-[hash]',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [withoutUnused, textsAsFunctions, renderedRunbook, finishedPage],
  banner: { js: REQUIRE },
  write: false,
  metafile: true,
});
const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
const expected = imports.filter(({ external, kind }) => external === true && kind === 'import-statement').length;
let found = 0;

/**
 * An import of a module of Node's reads every property of it, which loads what only a getter loads: undici for
 * `node:http`, the standard streams for `node:process`. `require` does not.
 */
function withRequire(text: string): string {
  return text.replaceAll(
    /\bimport(?: ([\w$]+))?,?(?:\* ?as ([\w$]+))?(?:\{([^{}"]*)\})? ?from ?"([a-z][\w:/]*)";/g,
    (_, whole: string | undefined, namespace: string | undefined, names: string | undefined, module: string) => {
      found += 1;
      const required = `require("${module}")`;
      const all = [whole, namespace].filter((name) => name !== undefined).map((name) => `${name}=${required}`);
      // A short name may be `as` itself.
      const some = names === undefined ? [] : [`{${names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$1:$2')}}=${required}`];
      return `var ${[...all, ...some].join(',')};`;
    },
  );
}

/** esbuild leaves them in regular expressions. One of them doubles the memory that the text of its file takes. */
function withoutWideCharacters(text: string): string {
  return text.replaceAll(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

let bytes = 0;
for (const { path, text } of outputFiles) {
  const made = withoutWideCharacters(withRequire(text));
  bytes += made.length;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, made);
}
if (found !== expected) throw new Error(`found ${found} imports of Node's modules in the bundle, not ${expected}`);
chmodSync(`${OUT}/main.js`, 0o755);
const { name, version, description, license, type } = pkg;
const bundled = { name, version, description, license, type, engines: { node: '>=24' }, bin: { [name]: 'main.js' } };
writeFileSync(`${OUT}/package.json`, `${JSON.stringify(bundled, null, 2)}\n`);
copyFileSync('LICENSE', `${OUT}/LICENSE`);
process.stdout.write(`${OUT}/main.js and ${outputFiles.length - 1} chunks, ${(bytes / 1_000_000).toFixed(2)} MB\n`);
