// How the simulated services answer where the behaviour of the real ones is not known for certain. Change it by
// assignment (`world.behaviour.showSecret = 'masked'`) or by PATCH /sandbox/behaviour, which checks every value.
import * as z from 'zod';

export const behaviourSchema = z.strictObject({
  /** How GetProviders shows ClientSecret. */
  showSecret: z.enum(['clear', 'digest', 'masked', 'empty', 'null', 'missing']),
  /** What ModifyProvider does to Config: `replace-known` also drops keys that the SDK's types do not know. */
  configWrite: z.enum(['merge', 'replace', 'replace-known']),
  /** Whether a write that sends Issuer resets AuthorizationEndpoint: never, always, or once, at the next such write. */
  rediscovery: z.union([z.boolean(), z.literal('once')]),
  /** After a write, this many GetProviders of the environment show the state before it. */
  staleReads: z.int().min(0),
  /** Added to the Date header of every answer. Signatures and secrets are judged by the true time. */
  dateOffsetSeconds: z.number(),
  /** `real` verifies; the others always give the same answer (`unavailable`: HTTP 503). */
  apple: z.enum(['real', 'invalid_client', 'invalid_grant', 'unavailable']),
  /** How far in the future an `iat` may be, by Apple's clock. */
  appleLeewaySeconds: z.number().min(0),
  /** Lifetime of temporary credentials, whatever the caller asks for; null: as the caller asks, else two hours. */
  temporaryCredentialSeconds: z.number().positive().nullable(),
});

export type Behaviour = z.infer<typeof behaviourSchema>;

/** The behaviour at start and after a reset. */
export function defaultBehaviour(): Behaviour {
  return {
    showSecret: 'clear',
    configWrite: 'merge',
    rediscovery: false,
    staleReads: 0,
    dateOffsetSeconds: 0,
    apple: 'real',
    appleLeewaySeconds: 0,
    temporaryCredentialSeconds: null,
  };
}
