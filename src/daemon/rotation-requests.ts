// The passes that are under way, and the rotations that somebody asked the daemon for. A request is answered with the
// id of a journalled row: its own, or that of the rotation that runs already. There is one request for each target: a
// second one joins it, and is answered that a rotation is running.
import type { RotatorError } from '../core/errors.ts';

/** What came of a request. */
export type RequestAnswer =
  /** The rotation that was asked for has begun; its row is journalled. */
  | { readonly kind: 'started'; readonly id: string }
  /** Another rotation of the target is running. */
  | { readonly kind: 'running'; readonly id: string }
  /** No rotation began, and why. */
  | { readonly kind: 'refused'; readonly error: RotatorError };

interface RotationRequest {
  readonly requestedBy: string;
  readonly answer: Promise<RequestAnswer>;
  /** The first answer holds. */
  readonly resolve: (answer: RequestAnswer) => void;
}

/** A pass that has begun and not ended. */
interface Running {
  readonly request: RotationRequest | undefined;
  /** Once its row is journalled. */
  rowId: string | undefined;
}

/** By target key throughout. */
export class RotationRequests {
  private readonly waiting = new Map<string, RotationRequest>();
  private readonly running = new Map<string, Running>();

  /** Asks for a rotation, or joins the request that is there. */
  async ask(key: string, requestedBy: string): Promise<RequestAnswer> {
    const { rowId, request } = this.running.get(key) ?? {};
    if (rowId !== undefined) return { kind: 'running', id: rowId };
    const known = this.waiting.get(key) ?? request;
    if (known !== undefined) {
      const answer = await known.answer;
      return answer.kind === 'started' ? { kind: 'running', id: answer.id } : answer;
    }
    const { promise: answer, resolve } = Promise.withResolvers<RequestAnswer>();
    this.waiting.set(key, { requestedBy, answer, resolve });
    return answer;
  }

  /** The targets for which a request waits, and of which no pass is running. */
  startable(): readonly string[] {
    return [...this.waiting.keys()].filter((key) => !this.running.has(key));
  }

  isRunning(key: string): boolean {
    return this.running.has(key);
  }

  /** The id of the row of the running pass, once it is journalled. */
  runningRow(key: string): string | undefined {
    return this.running.get(key)?.rowId;
  }

  /** A pass begins, for the request that waits if there is one. Returns who asked. */
  begin(key: string): string | null {
    const request = this.waiting.get(key);
    this.waiting.delete(key);
    this.running.set(key, { request, rowId: undefined });
    return request?.requestedBy ?? null;
  }

  /** The running pass has journalled its row. */
  opened(key: string, id: string): void {
    const running = this.running.get(key);
    if (running === undefined) return;
    running.rowId = id;
    running.request?.resolve({ kind: 'started', id });
    this.answerWaiting(key, { kind: 'running', id });
  }

  /** The running pass has ended; `error` answers its request if it ended before its row was opened. */
  ended(key: string, error: () => RotatorError): void {
    const { request } = this.running.get(key) ?? {};
    request?.resolve({ kind: 'refused', error: error() });
    this.running.delete(key);
  }

  /** Refuses every request that waits and is not for one of `keys`. */
  refuseOthers(keys: { has(key: string): boolean }, error: RotatorError): void {
    for (const key of this.waiting.keys()) if (!keys.has(key)) this.answerWaiting(key, { kind: 'refused', error });
  }

  private answerWaiting(key: string, answer: RequestAnswer): void {
    this.waiting.get(key)?.resolve(answer);
    this.waiting.delete(key);
  }
}
