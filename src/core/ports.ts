// The seams between a pass and the world. Each comment is the contract that every adapter keeps and that the
// shared tests in test/contract/ hold it to. Absence is `undefined`; a failure is a thrown RotatorError.
import type { AlertMessage, MessageItem } from './alerts/message.ts';
import type { CallTrouble } from './error-troubles.ts';
import type { RotatorError } from './errors.ts';
import type { ProviderFields, ProviderView } from './provider.ts';
import type { ProviderWish } from './provision.ts';
import type { Verdict } from './reasons.ts';
import type { TargetIdentity } from './records.ts';
import type { StatedSettings } from './stated-settings.ts';

/** The only source of time. Tests hand in one that advances by hand. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May step in either direction. */
  now(): number;
  /** Milliseconds on a clock that never steps; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` every `ms` of the monotonic clock, until the function that it returns is called. It goes on beside what
   * the caller waits for, and keeps no process alive. `work` must not throw.
   */
  every(ms: number, work: () => void): () => void;
}

/** What a key source holds at this moment: a PEM or a JSON document. */
export interface KeyText {
  readonly text: string;
  /** Where it was read, in words an operator knows: `file /run/secrets/key.p8`. */
  readonly origin: string;
  /** The entry of JSON that holds the key, where the configuration names it. */
  readonly jsonKey?: string;
  /** Things to tell once, such as a key file that everybody may read. */
  readonly warnings: readonly RotatorError[];
}

export interface KeySource {
  /**
   * Reads afresh at every call; nothing is cached.
   * Throws ERR_KEY_NOT_FOUND (nothing there), ERR_KEY_FORBIDDEN (not permitted), ERR_CREDENTIALS_* (ours are
   * refused), ERR_KEY_SOURCE_UNAVAILABLE (may pass). Never retries. Aborts with the signal.
   */
  read(signal: AbortSignal): Promise<KeyText>;
}

export interface ProviderReading {
  /** `undefined`: the environment has no provider with this id. */
  readonly provider: ProviderView | undefined;
  readonly requestId: string | null;
  /** Wall clock when the answer arrived. */
  readonly readAt: number;
  /** Our wall clock less the server's Date header, in ms; `undefined` where the answer had none. */
  readonly skewMs: number | undefined;
}

export interface ProviderWrite {
  readonly clientSecret: string;
  /**
   * The other fields, from a reading of this same provider, with or without restored ones. Undefined: the client secret
   * is sent alone, which loses nothing only where the cloud merges what it is sent.
   */
  readonly fields: ProviderFields | undefined;
}

export interface Provider {
  /** Targets with the same lane share one rate limit: one (credential, region, endpoint). */
  readonly lane: string;
  /**
   * Reads one provider. With `maxAgeMs` above 0 a reading of the same environment at most that old may be shared, if it
   * did not begin before `notBefore` (ms by the wall clock: the last write that another process may have made); with 0
   * the call goes out alone. A failed read throws; it is never answered from an older one.
   */
  read(
    envId: string,
    providerId: string,
    options: { maxAgeMs: number; notBefore?: number | undefined; signal: AbortSignal },
  ): Promise<ProviderReading>;
  /**
   * Writes a client secret, and the other fields as they were read, and nothing else. Never retries.
   * Throws with `ambiguous: true` if it may have been applied. Invalidates every shared reading of the environment.
   */
  write(
    envId: string,
    providerId: string,
    write: ProviderWrite,
    signal: AbortSignal,
  ): Promise<{ requestId: string | null }>;
}

/** Creates providers and changes what is not their client secret. No pass has it: `provision` and `probe` alone. */
export interface ProviderSetup {
  /**
   * Creates a provider, switched off and marked as unfinished. Never retries. Throws with `ambiguous: true` if it may
   * have been made, and with the remote code ResourceInUse where there is one already.
   */
  create(
    envId: string,
    providerId: string,
    creation: { readonly wish: ProviderWish; readonly clientSecret: string },
    signal: AbortSignal,
  ): Promise<{ requestId: string | null }>;
  /** Changes what the change names, and nothing else; fails as `Provider.write` does. */
  change(
    envId: string,
    providerId: string,
    change: ProviderSetupChange,
    signal: AbortSignal,
  ): Promise<{ requestId: string | null }>;
  /** The names of the fields, beside those of the wish, that our writing of it has changed; sorted. */
  readonly otherChanges: (before: ProviderFields, after: ProviderFields, wish: ProviderWish) => readonly string[];
}

export interface ProviderSetupChange {
  readonly wish: ProviderWish;
  /** Undefined: no client secret is sent, but for what the reading shows in the form `whole`. */
  readonly clientSecret?: string | undefined;
  /** The reading that it was decided by. */
  readonly from: ProviderFields;
  /** `whole`: what belongs to the Config goes with all of it, as it was read; `secret`: alone. */
  readonly form: 'whole' | 'secret';
  /** Takes the mark of an unfinished provider away. */
  readonly finishes?: boolean;
}

export interface AppleAnswer {
  readonly verdict: Exclude<Verdict, 'not-asked'>;
  /** Why: Apple's own code (`invalid_grant`), or what kept it from an answer. */
  readonly detail: CallTrouble;
}

export interface AppleCheck {
  /** Identifies whose answers these are (calibration is kept per token URL). */
  readonly tokenUrl: string;
  /**
   * Posts the secret with a code that cannot exist. Throws only when it is aborted; an unclear answer is
   * `unknown`. At most one question a second goes out, over all targets and processes of the journal.
   */
  ask(question: { clientId: string; clientSecret: string; signal: AbortSignal }): Promise<AppleAnswer>;
}

export interface LoginAnswer {
  /** `rejected`: Apple's own `invalid_client` came through. `unknown`: anything else. */
  readonly verdict: 'rejected' | 'unknown';
  readonly detail: CallTrouble;
}

export interface LoginCheck {
  /**
   * Asks the public login interface of an environment to exchange a code that cannot exist. Throws only when it is
   * aborted. At most one question a second goes out, over all targets and processes of the journal. Never retries.
   */
  ask(question: { envId: string; providerId: string; signal: AbortSignal }): Promise<LoginAnswer>;
}

export interface ChannelAnswer {
  /** What the other side said, in words of ours: `HTTP 200, errcode 0`. */
  readonly detail: string;
  /** It took the message, and yet somebody should look. */
  readonly warning?: RotatorError;
}

/** Where alerts go. */
export interface Channel {
  readonly name: string;
  /** The `type` of the configuration. */
  readonly type: string;
  /** The least time between two messages, in ms, that keeps to what the service behind it allows. */
  readonly gapMs: number;
  /**
   * Sends one message, cut to the channel's size. Never retries. Throws ERR_CHANNEL_REFUSED (a person must mend it:
   * wrong URL, signature, format), ERR_CHANNEL_THROTTLED (with `retryAfterMs`) and ERR_CHANNEL_UNAVAILABLE; no error
   * names the URL or a secret. Sending the same message (`id`) again does no harm beyond a second copy.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<ChannelAnswer>;
  /** Connects to the service behind it, and sends no message. Throws as `send` does. */
  reach(signal: AbortSignal): Promise<void>;
}

/** A channel that forgets what it is not told again (Alertmanager). */
export interface RefreshedChannel extends Channel {
  /** How often each open story is sent again, in ms. */
  readonly refreshEveryMs: number;
  /** Tells again what is open; throws as `send` does. */
  refresh(open: readonly MessageItem[], message: Omit<AlertMessage, 'items'>, signal: AbortSignal): Promise<void>;
}

/** A configured target with everything that a pass needs to know about it. */
export interface Target extends TargetIdentity {
  readonly key: string;
  readonly name: string;
  /** Ids from the configuration; absent ones must come with the key. */
  readonly ids: { readonly teamId?: string; readonly clientId?: string; readonly keyId?: string };
  readonly policy: TargetPolicy;
  readonly appleCheck: 'compare' | 'require' | 'off';
  /** What a write sends: the whole Config as it was read, or the client secret alone. */
  readonly write: 'whole' | 'secret';
  readonly loginCheck: 'off' | 'observe';
  /** How the configuration wants the provider to be, as far as it says. */
  readonly stated: StatedSettings;
  /** True for the hosts of Apple and of `allowHosts`: a provider may send its logins there. */
  readonly isAllowedHost: (host: string) => boolean;
}

export interface TargetPolicy {
  readonly lifetimeMs: number;
  readonly renewBeforeMs: number;
  readonly window: Window | undefined;
}

/** A maintenance window, asked by instant. */
export interface Window {
  /** True if the window is open at `atMs`. */
  isOpen(atMs: number): boolean;
  /** The next instant at or after `atMs` at which it is open; undefined if none within `horizonMs`. */
  nextOpening(atMs: number, horizonMs: number): number | undefined;
}
