// What requests with an Idempotency-Key were answered, in memory: where one process answers them all. After a restart the
// limit of one rotation an hour still protects the target.

import type { AnsweredRequest, AnsweredRequests } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import { DAY } from '../core/time.ts';

/** Above this the oldest key is forgotten. A client with a token can thus fill about 300 KB, and no more. */
const MOST_KEYS = 1_000;

export class KeptAnswers implements AnsweredRequests {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly kept = new Map<string, { readonly answer: AnsweredRequest; readonly at: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.clock = clock;
  }

  async answered(key: string): Promise<AnsweredRequest | undefined> {
    const known = this.kept.get(key);
    return known !== undefined && this.clock.monotonic() - known.at < DAY ? known.answer : undefined;
  }

  async keepAnswer(key: string, answer: AnsweredRequest): Promise<void> {
    this.kept.delete(key);
    this.kept.set(key, { answer, at: this.clock.monotonic() });
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEYS && oldest !== undefined) this.kept.delete(oldest);
  }
}
