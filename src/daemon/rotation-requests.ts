// Rotations that somebody asked the daemon for and that have no row yet. A request is answered with the id of a
// journalled row: its own, or that of the rotation which was running or began before it had its turn. One request a
// target: whoever asks meanwhile joins it, and is told that a rotation is running.
import type { RotatorError } from '../core/errors.ts';

/** What came of a request. */
export type RequestAnswer =
  /** The rotation that was asked for has begun; its row is journalled. */
  | { readonly kind: 'started'; readonly id: string }
  /** Another rotation of the target is running. */
  | { readonly kind: 'running'; readonly id: string }
  /** No rotation began, and why. */
  | { readonly kind: 'refused'; readonly error: RotatorError };

export interface RotationRequest {
  readonly requestedBy: string;
  readonly answer: Promise<RequestAnswer>;
  /** The first answer holds. */
  readonly resolve: (answer: RequestAnswer) => void;
}

export class RotationRequests {
  /** Those that wait for their turn, by target key. */
  private readonly waiting = new Map<string, RotationRequest>();
  /** Those whose pass has begun and whose row has not. */
  private readonly begun = new Map<string, RotationRequest>();

  /** Asks for a rotation of a target, or joins the request that is there. */
  async ask(key: string, requestedBy: string): Promise<RequestAnswer> {
    const known = this.waiting.get(key) ?? this.begun.get(key);
    if (known !== undefined) {
      const answer = await known.answer;
      return answer.kind === 'started' ? { kind: 'running', id: answer.id } : answer;
    }
    const { promise: answer, resolve } = Promise.withResolvers<RequestAnswer>();
    this.waiting.set(key, { requestedBy, answer, resolve });
    return answer;
  }

  /** True while a target has a request that waits for its turn. */
  waits(key: string): boolean {
    return this.waiting.has(key);
  }

  /** Its pass begins: from here on the pass answers it. */
  begin(key: string): RotationRequest | undefined {
    const request = this.waiting.get(key);
    if (request === undefined) return undefined;
    this.waiting.delete(key);
    this.begun.set(key, request);
    const end = () => this.begun.get(key) === request && this.begun.delete(key);
    void request.answer.then(end);
    return request;
  }

  /** Answers the request of a target that waits, if there is one. */
  answerWaiting(key: string, answer: RequestAnswer): void {
    this.waiting.get(key)?.resolve(answer);
    this.waiting.delete(key);
  }

  /** Refuses every request that waits and is not for one of `keys`. */
  refuseOthers(keys: ReadonlySet<string>, error: RotatorError): void {
    for (const key of this.waiting.keys()) if (!keys.has(key)) this.answerWaiting(key, { kind: 'refused', error });
  }
}
