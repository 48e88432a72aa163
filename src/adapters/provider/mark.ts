// The mark of a provider that `provision` has created and not finished: its description, which the console shows as well.
// It outlives the process, on whichever machine that ran, and tells a provider of ours from one that somebody switched off.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';

const UNFINISHED = 'apple-secret-rotator has not finished setting this up';
/** An empty text might be ignored, and the mark stay. */
const FINISHED = 'Sign in with Apple';

/** The field of a record that says whether it is finished. */
export function markOf(isFinished: boolean): JsonObject {
  return { Description: { Message: isFinished ? FINISHED : UNFINISHED } };
}

export function isUnfinished({ Description: description }: { readonly Description?: Json }): boolean {
  return isJsonObject(description) && description['Message'] === UNFINISHED;
}
