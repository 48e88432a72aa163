// Phrases: what is found and wanted where a configuration is wrong, and the next step, as data. A phrase names its words
// in the catalogue of a language, and carries what fills them in. It is JSON: the journal keeps it.
import type { PROBLEMS_EN } from './en/problems.ts';

type English = typeof PROBLEMS_EN;

/** What a language must bring. */
export type ProblemWords = { readonly [Name in keyof English]: (...filling: Parameters<English[Name]>) => string };

export type PlainPhrase = {
  readonly [Name in keyof English]: readonly [Name, ...Parameters<English[Name]>];
}[keyof English];

/** A text may be filled in by a plain phrase. */
export type Phrase = {
  readonly [Name in keyof English]: readonly [Name, ...Filling<Parameters<English[Name]>>];
}[keyof English];
type Filling<Params extends readonly unknown[]> = {
  [Index in keyof Params]: Params[Index] extends string ? Params[Index] | PlainPhrase : Params[Index];
};

/** The phrase in words; one that this version does not know as its name alone. */
export function phrased(phrase: Phrase, words: ProblemWords): string {
  const [name, ...filling] = phrase;
  if (!Object.hasOwn(words, name)) return String(name);
  const say: (...filling: never[]) => string = words[name];
  return say(...(filling.map((each) => (Array.isArray(each) ? phrased(each as Phrase, words) : each)) as never[]));
}

/** The next step for a phrase; undefined: this version has none for it. */
export function stepOf([name]: Phrase, steps: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(steps, name) ? steps[name] : undefined;
}

/** What is wrong at one key. */
export interface KeyProblem {
  /** `targets[0].key.path`, or the name of a variable. Empty: the file as a whole. */
  readonly key: string;
  readonly found: Phrase;
  readonly wanted: Phrase;
}

export function problemText({ key, found, wanted }: KeyProblem, words: ProblemWords): string {
  return words.problem(key, phrased(found, words), phrased(wanted, words));
}
