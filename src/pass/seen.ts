// What a pass has gathered, decided and asked before it writes.
import type { Decision, Snapshot } from '../core/decide.ts';
import type { AppleTalk } from './ask-apple.ts';

export type Rotate = Extract<Decision, { readonly action: 'rotate' }>;
export type Unrotated = Exclude<Decision, Rotate>;

/** What a pass has gathered and decided. */
export interface Seen<D extends Decision = Rotate> {
  /** When the gathering began, on the monotonic clock. */
  readonly gatheredAt: number;
  readonly snapshot: Snapshot;
  readonly decision: D;
  readonly talk: AppleTalk;
}
