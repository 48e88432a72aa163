// Faults of the simulated services, on demand. They are tried in the order in which they were added, and the first that
// matches and fires is used. Shares are drawn from a seeded generator, so that a test can be repeated.
import * as z from 'zod';

const SERVICES = ['tcb', 'ssm', 'sts', 'cvm', 'aws', 'apple', 'login', 'inbox'] as const;
export type ServiceName = (typeof SERVICES)[number];

export const faultSchema = z
  .strictObject({
    service: z.enum(SERVICES),
    /** The API's action, `token` for Apple and logins, the inbox's name; absent: any. */
    action: z.string().optional(),
    kind: z.enum(['delay', 'reset-before', 'reset-after', 'hang', 'status', 'error', 'body', 'redirect', 'huge']),
    /** Fires this many times; absent: until cleared. */
    times: z.int().positive().optional(),
    /** Fires for this share of the matching requests; absent: all. */
    share: z.number().min(0).max(1).optional(),
    delayMs: z.number().min(0).optional(),
    status: z.int().min(200).max(599).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
    body: z.string().optional(),
    location: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  })
  .refine((fault) => fault.kind !== 'redirect' || fault.location !== undefined, {
    message: 'a redirect needs a location',
    path: ['location'],
  });

export type Fault = z.infer<typeof faultSchema>;
export type ActiveFault = Fault & { readonly id: string };

export class Faults {
  #active: { readonly fault: ActiveFault; left: number }[] = [];
  #count = 0;
  #random = generator(1);

  /** Returns the id with which it can be removed. Throws a ZodError if a field is wrong. */
  add(fault: Fault): string {
    this.#count += 1;
    const id = `fault-${this.#count}`;
    const checked = faultSchema.parse(fault);
    this.#active.push({ fault: { ...checked, id }, left: checked.times ?? Number.POSITIVE_INFINITY });
    return id;
  }

  /** False: there is no fault with this id, or no longer. */
  remove(id: string): boolean {
    const before = this.#active.length;
    this.#active = this.#active.filter(({ fault }) => fault.id !== id);
    return this.#active.length < before;
  }

  clear(): void {
    this.#active = [];
  }

  /** Starts the generator of the shares again. */
  seed(seed: number): void {
    this.#random = generator(seed);
  }

  /** The faults that can still fire; `times` is how often. */
  list(): ActiveFault[] {
    return this.#active.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, times: left } : fault));
  }

  /** The fault for this request; it then has one firing fewer. */
  take(service: ServiceName, action: string): ActiveFault | undefined {
    for (const entry of this.#active) {
      const { fault } = entry;
      if (fault.service !== service || (fault.action !== undefined && fault.action !== action)) continue;
      if (fault.share !== undefined && this.#random() >= fault.share) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.remove(fault.id);
      return fault;
    }
    return undefined;
  }
}

/** Numbers in [0, 1), the same for the same seed: a 32-bit xorshift over a scrambled seed. */
function generator(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
