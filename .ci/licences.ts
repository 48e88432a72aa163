// Prints the licences of the packages that the bundle is made from, as they ask of whoever hands it on: each text once,
// below the packages that it is of. Wants `npm ci` before it; a package that brings no text is listed by its identifier.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly license?: string;
}

const { packages }: { packages: Record<string, Locked> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const used = Object.entries(packages).filter(([folder, { dev }]) => folder !== '' && dev !== true);

/** The texts in a package's folder, in the order of their names. */
function textOf(folder: string): string {
  const files = readdirSync(folder).filter((name) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(name));
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.join('\n').replaceAll('\r\n', '\n').trim();
}

const byText = Map.groupBy(used, ([folder]) => textOf(folder));
for (const [text, ofText] of byText) {
  const names = ofText.map(([folder, { version, license = 'no identifier' }]) => {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name} ${version} (${license})`;
  });
  process.stdout.write(
    `${names.sort().join('\n')}\n\n${text === '' ? 'No text in the package.' : text}\n\n${'='.repeat(80)}\n\n`,
  );
}
