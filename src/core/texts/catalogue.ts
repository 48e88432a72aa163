// The form of a catalogue of error sentences: for each code, and each of its variants, what happened, the next step,
// and what can be pasted. A new code or variant does not compile until every language has it.
import type { ErrorCode, ErrorParams, StoredError } from '../error-params.ts';
import { redactText } from '../redact.ts';

/**
 * `message`: lower case where the language has it, no full stop. `next`: one imperative sentence. `copy`: a command, a
 * policy statement or a value that the next step asks for, to be pasted as it is.
 */
export type Sentences = readonly [message: string, next: string, copy?: string];

/** The next step of these, and what it asks to paste. */
export function nextOf([, next, copy]: Sentences): readonly [next: string, copy?: string] {
  return copy === undefined ? [next] : [next, copy];
}

/** What a sentence may need beside its parameters. */
export interface About {
  /** The target's name as it stands in commands; `NAME` for an error that belongs to no single target. */
  readonly target: string;
  /** The sentences of an error inside this one, in the same language. */
  readonly of: (error: StoredError) => Sentences;
}

type Say<P> = (params: P, about: About) => Sentences;
type Variant<P, K> = P extends { readonly problem: infer Q } ? (K extends Q ? P : never) : never;

export type ErrorCatalogue = {
  readonly [C in ErrorCode]: [ErrorParams[C]] extends [{ readonly problem: infer Q extends string }]
    ? { readonly [K in Q]: Say<Variant<ErrorParams[C], K>> }
    : Say<ErrorParams[C]>;
};

/**
 * The sentences of `error`, in which `target` stands in commands. A row of version 0.1.0 says what it said then. If
 * this version does not know the code or the form, only the code is shown.
 */
export function sentencesOf(catalogue: ErrorCatalogue, error: StoredError, target = 'NAME'): Sentences {
  if (!('params' in error)) return [error.message, error.hint];
  const { code, params } = error;
  const entry = catalogue[code] as Say<unknown> | Readonly<Record<string, Say<unknown>>> | undefined;
  const say = typeof entry === 'object' ? entry[(params as { problem: string }).problem] : entry;
  if (say === undefined) return [code, ''];
  return say(params, { target, of: (inner) => sentencesOf(catalogue, inner, target) });
}

export interface ErrorTexts {
  /** What was found and what was wanted, without a full stop. */
  readonly message: string;
  /** The next step: one imperative sentence. */
  readonly next: string;
  /** What the next step asks to paste. */
  readonly copy: string | null;
}

/** The texts of `error` in one language; `target` is the name that its commands are filled in with. */
export function textsIn(catalogue: ErrorCatalogue, error: StoredError, target?: string | undefined): ErrorTexts {
  const [message, next, copy] = sentencesOf(catalogue, error, target).map((text) => redactText(text ?? ''));
  return { message: message ?? '', next: next ?? '', copy: copy ?? null };
}

/**
 * `Allow it in CAM: {…}`: a sentence, in either language, with what it asks to paste in the place of its full stop; behind
 * a question.
 */
export function withCopy(next: string, copy: string | null | undefined): string {
  if (copy === null || copy === undefined) return next;
  if (/[?？]$/.test(next)) return `${next} ${copy}`;
  return next.endsWith('。') ? `${next.slice(0, -1)}：${copy}` : `${next.replace(/\.$/, '')}: ${copy}`;
}
