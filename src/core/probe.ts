// What `probe` has measured of an environment, and which form of a write follows from it.
import type { Shape } from './reasons.ts';

export interface ProbeReport {
  /** How a reading shows the client secret. */
  readonly secretShown: Shape;
  /** Whether that is what was sent. */
  readonly secretStored: 'as-sent' | 'otherwise' | 'unknown';
  /** How deep a write is merged: `none`: it replaces everything. */
  readonly merge: 'none' | 'top' | 'deep';
  /** Which write has the endpoints discovered again: one that sends the same issuer, the first such alone, or every one. */
  readonly rediscovery: 'never' | 'once' | 'issuer' | 'every-write';
  /** Keys that the cloud does not document, at the top and inside a map; `not-shown`: hidden or lost. */
  readonly undocumented: { readonly [Depth in 'top' | 'nested']: 'shown' | 'not-shown' | 'refused' };
  /** What shows once an empty text was sent in the place of another one. */
  readonly emptyTexts: 'empty' | 'nothing' | 'before';
  /** What becomes of a list that is sent a second time; it is not documented either, so that it may be hidden or refused. */
  readonly lists: 'replaced' | 'appended' | 'not-shown' | 'refused';
  /** How long it took until a reading showed a write, at most. */
  readonly showsAfterMs: number;
  /** The codes with which calls are refused: a second creation, a change and a deletion of what is not there; null: they are not. */
  readonly errors: { readonly [What in 'existing' | 'absentChange' | 'absentDelete']: string | null };
}

/** Where a write merges, the client secret alone spares what a reading may not show; where it replaces, that loses all else. */
export function writeFor({ merge }: ProbeReport): 'whole' | 'secret' {
  return merge === 'none' ? 'whole' : 'secret';
}
