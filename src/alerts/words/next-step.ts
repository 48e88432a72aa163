// What a person pastes out of a next step: the texts write it as code within the sentence; a channel gives it a line.

/** Code in a sentence, as the texts write what a person pastes. */
const CODE = /`([^`]+)`/g;
/** What ends a sentence as `: CODE.` needs no place in it, when it has a line of its own. */
const LAST_CODE = /(?<=[:：]) ?`[^`]+`[.。]?$/;

/**
 * A next step as a sentence, and what it asks to paste, each for a line of its own: commands and policies. A name of one
 * word, such as a key of the configuration, stays in the sentence.
 */
export function nextStepOf(next: string): { readonly sentence: string; readonly pastes: readonly string[] } {
  const isPasted = (code: string) => /[\s{]/.test(code);
  const pastes = [...new Set([...next.matchAll(CODE)].map(([, code = '']) => code).filter(isPasted))];
  const last = LAST_CODE.exec(next)?.[0];
  const isLast = last !== undefined && isPasted(last.replace(/^ /, ''));
  return { sentence: isLast ? next.slice(0, -last.length) : next, pastes };
}
