// How the simulated services answer where the behaviour of the real ones is not known for certain. Change it by
// assignment (`world.behaviour.showSecret = 'masked'`) or by PATCH /sandbox/behaviour, which checks every value.
import * as z from 'zod';

/** Where keys stand that the SDK's types do not know: directly in Config, or in one of its two maps. */
const depth = z.enum(['none', 'top', 'nested', 'both']);

export const behaviourSchema = z.strictObject({
  /** How GetProviders shows ClientSecret. `varying`: masked, and differently at each read. */
  showSecret: z.enum(['clear', 'digest', 'masked', 'varying', 'empty', 'null', 'missing']),
  /** The keys that the SDK's types do not know and that GetProviders does not show. */
  hiddenKeys: depth,
  /** The keys that the SDK's types do not know and for which a write is refused (UnknownParameter). */
  refusedKeys: depth,
  /**
   * What ModifyProvider does to Config. `merge`: one level deep. `replace-known` also drops keys that the SDK's types do
   * not know.
   */
  configWrite: z.enum(['merge', 'merge-deep', 'replace', 'replace-known']),
  /** Whether a write that merges appends a list to the one that is there. */
  lists: z.enum(['replace', 'append']),
  /** Whether a write that sends an empty text stores it, or does as if it had not been sent. */
  emptyTexts: z.enum(['stored', 'ignored']),
  /**
   * When discovery sets the endpoints of an OIDC provider: false, where Issuer changes; true, whenever Issuer is sent;
   * `once`, at the next write that sends it; `every-write`, whatever is sent.
   */
  rediscovery: z.union([z.boolean(), z.enum(['once', 'every-write'])]),
  /** What a write over the API makes of a client secret. `cut` takes from its signature, `cut-claims` all of it and more. */
  storeSecret: z.enum(['as-sent', 'cut', 'cut-claims', 'spaced', 'quoted', 'other-claims', 'lost']),
  /** After a write, this many GetProviders of the environment show the state before it. */
  staleReads: z.int().min(0),
  /** A write is answered at once, and takes effect this much later, by the sandbox's clock. */
  lateWriteSeconds: z.number().min(0),
  /**
   * How the public login interface answers about a code that cannot exist. `passes-on`: as Apple answers about the stored
   * secret; `opaque`: always alike; `keyed`: HTTP 401 without a publishable key; `captcha`: a page; then HTTP 429 and 503.
   */
  login: z.enum(['passes-on', 'opaque', 'keyed', 'captcha', 'throttled', 'unavailable']),
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
    hiddenKeys: 'none',
    refusedKeys: 'none',
    configWrite: 'merge',
    lists: 'replace',
    emptyTexts: 'stored',
    rediscovery: false,
    storeSecret: 'as-sent',
    staleReads: 0,
    lateWriteSeconds: 0,
    login: 'passes-on',
    dateOffsetSeconds: 0,
    apple: 'real',
    appleLeewaySeconds: 0,
    temporaryCredentialSeconds: null,
  };
}
