// How the simulated services answer wherever the real ones are not known for certain. Changed by assignment
// (`world.behaviour.showSecret = 'masked'`) or by PATCH /sandbox/behaviour; every value is checked there.
import * as z from 'zod';

export const behaviourSchema = z.strictObject({
  /** How GetProviders shows ClientSecret. */
  showSecret: z.enum(['clear', 'digest', 'masked', 'empty', 'null', 'missing']),
  /** What ModifyProvider makes of Config: `replace-known` also drops the keys that the SDK's types do not know. */
  configWrite: z.enum(['merge', 'replace', 'replace-known']),
  /** A write that sends Issuer resets AuthorizationEndpoint: never, always, or at the next such write alone. */
  rediscovery: z.union([z.boolean(), z.literal('once')]),
  /** After a write, this many GetProviders of the environment show the state before it. */
  staleReads: z.int().min(0),
  /** Added to the Date header of every answer; signatures and secrets are judged by the true time. */
  dateOffsetSeconds: z.number(),
  /** `real` verifies; the others answer always the same (`unavailable`: HTTP 503). */
  apple: z.enum(['real', 'invalid_client', 'invalid_grant', 'unavailable']),
  /** How far in Apple's future an `iat` may lie. */
  appleLeewaySeconds: z.number().min(0),
  /** Lifetime of temporary credentials, whatever the caller asks for; null: as asked, or two hours. */
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
