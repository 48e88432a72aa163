// What is never right in a sentence that a person reads, in either language: rules, because nobody reads hundreds of
// texts again after each change.

export const CJK = /[\u4e00-\u9fff]/;

/** Without what stands in backticks or in quotes: code, and texts of other origin. */
export function prose(text: string): string {
  return text.replace(/`[^`]*`/g, 'CODE').replace(/\u201c[^\u201d]*\u201d/g, 'QUOTE');
}

const FAULTS: readonly RegExp[] = [
  /undefined|\bnull\b|NaN|\[object/,
  /\u2014/,
  / {2}| [,;]| \.(?![\w…])|[,;:]\.|\.\.(?!\.)|\( | \)|\(\)|\n/,
  /^\s|\s$|^$/,
  /[\u3002\uff0c\uff1b\uff1a]{2}|\uff08\uff09/,
  // The table of hard phrases in the project's style: a native reader must understand at once.
  /\b(?:mend|told|took it|tells of|whoever|whom|so long|of no\b|nobody hears|is believed|it lasts|for want of|left alone for)/i,
];

export function faultsIn(text: string): string[] {
  return FAULTS.filter((fault) => fault.test(prose(text))).map((fault) => `${fault.source} in: ${text}`);
}

/** How an imperative sentence of ours begins. */
const IMPERATIVES: ReadonlySet<string> = new Set(
  `Add Allow Annotate Ask Attach Bind Cancel Check Choose Compare Copy Correct Create Decode Download Enable Find Fix Free Give
  Keep Leave Let Log Look Lower Make Mount Move Name Pass Pay Pipe Prefer Put Raise Remove Renew Report Restart Restore
  Restrict Run Set Sign Start Stop Store Switch Try Use Wait Write`.split(/\s+/),
);

export function isOneImperative(sentence: string): boolean {
  const verb = /^[A-Z][a-z]+(?=[ ,:])/.exec(sentence)?.[0] ?? '';
  return IMPERATIVES.has(verb) && /[.]$/.test(sentence) && !/[.!?] [A-Z]/.test(prose(sentence));
}

export function isOneChineseSentence(sentence: string): boolean {
  return CJK.test(sentence) && /^[^\u3002]+\u3002$/.test(prose(sentence));
}

/** Full-width punctuation stands beside Chinese characters. */
export const NARROW_PUNCTUATION = /[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]/;

/** English words in a row, with a word of English grammar among them: a sentence, not a name or a command. */
export function englishIn(text: string): string[] {
  const runs =
    prose(text)
      .replaceAll('Sign in with Apple', 'NAME')
      .match(/[A-Za-z][A-Za-z' -]* [A-Za-z' -]*[A-Za-z]/g) ?? [];
  const grammar = /\b(?:the|a|an|is|are|was|were|be|not|no|of|to|with|and|or|that|this|it|has|have|cannot|from)\b/;
  return runs.filter((run) => grammar.test(run));
}
