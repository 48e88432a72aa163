// The program's own commands as messages show them.
import { detail } from './quote.ts';

export const PROGRAM = 'apple-secret-rotator';

/** A command as it is typed: `apple-secret-rotator once --target shop-prod`. */
export function program(words: string): string {
  return `${PROGRAM} ${words}`;
}

/** The same within a sentence, as code. `target` fills the place of NAME. */
export function command(words: string, target?: { readonly name: string } | null): string {
  const named = target ? words.replace(/\bNAME\b/g, () => detail(target.name, 63)) : words;
  return `\`${program(named)}\``;
}

/** A path or name for a POSIX shell: quoted where it has to be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
