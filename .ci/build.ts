// Bundles the program into dist/: ECMAScript modules, minified, split so that a command loads only what it uses, and
// nothing of node_modules besides. package.json, LICENSE and the bundle are all that a container needs.
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { build } from 'esbuild';

/** Where the bundle goes: `dist`, or the folder that is named. */
const OUT = process.argv[2] ?? 'dist';

rmSync(OUT, { recursive: true, force: true });
await build({
  entryPoints: { main: 'src/main.ts' },
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
  // The CommonJS parts of the bundle ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
});
chmodSync(`${OUT}/main.js`, 0o755);
const sizes = readdirSync(OUT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).size);
const bytes = sizes.reduce((sum, size) => sum + size, 0);
process.stdout.write(`${OUT}/main.js and ${sizes.length - 1} chunks, ${(bytes / 1_000_000).toFixed(2)} MB\n`);
