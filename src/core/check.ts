// What `check` tells: a line for each finding, with a mark, about one target or about the service. A finding is data; its
// sentences are in texts/.

import type { StoredError } from './error-params.ts';
import type { CallTrouble } from './error-troubles.ts';
import type { LinkInForce, SettingTrouble } from './provider-settings.ts';
import type { EvidenceDetail, LoginState, Shape, Why } from './reasons.ts';
import type { SettingDifference, SettingName } from './stated-settings.ts';

/** `warning`: it works, or may work, and somebody should look. `failed`: something does not work as it is. */
export const MARKS = ['ok', 'warning', 'failed'] as const;
export type Mark = (typeof MARKS)[number];

/** Parts of a configuration, in the order in which they are told: first the service's, then those of a target. */
export const CHECK_PARTS = [
  'configuration',
  'alerts',
  'http',
  'journal',
  'space',
  'channel',
  'heartbeat',
  'key',
  'credentials',
  'clock',
  'read',
  'write',
  'provider',
  'client id',
  'settings',
  'stated',
  'callback',
  'linking',
  'fields',
  'secret',
  'rotation',
  'apple',
  'logins',
  'login check',
] as const;
export type CheckPart = (typeof CHECK_PARTS)[number];

/** What was found. Texts that come from outside are fit to be shown; instants are ms since the epoch. */
export type CheckFact =
  /** `site`: of the endpoint at which credentials were refused, where they may be of the other one. */
  | {
      readonly found: 'error';
      readonly error: StoredError;
      readonly account?: string;
      readonly site?: string | undefined;
    }
  | { readonly found: 'configuration'; readonly file: string | null; readonly targets: number }
  | { readonly found: 'recipients'; readonly channels: number }
  | { readonly found: 'nobody' }
  | { readonly found: 'listens'; readonly host: string; readonly port: number }
  | { readonly found: 'daemon'; readonly instance: string; readonly pid: number; readonly host: string }
  | { readonly found: 'journal'; readonly path: string; readonly exists: boolean }
  | { readonly found: 'space' | 'little-space'; readonly bytes: number; readonly path: string }
  | { readonly found: 'reached'; readonly name: string; readonly type: string }
  | { readonly found: 'sent'; readonly name: string; readonly type: string; readonly detail: string }
  | {
      readonly found: 'key';
      readonly origin: string;
      readonly teamId: string;
      readonly clientId: string;
      readonly keyId: string;
    }
  | {
      readonly found: 'identity';
      readonly source: string;
      readonly arn: string;
      readonly host: string;
      readonly region: string;
      /** Undefined: the host is of neither site. */
      readonly site: string | undefined;
    }
  | { readonly found: 'identity-unknown'; readonly source: string; readonly error: StoredError | null }
  /** `until` null: they do not end by themselves. `renewed`: the program fetches the next ones. */
  | { readonly found: 'lasts'; readonly until: number | null }
  | { readonly found: 'not-renewed' }
  | { readonly found: 'clock'; readonly skewMs: number }
  | { readonly found: 'no-clock' }
  | { readonly found: 'read'; readonly envId: string }
  | { readonly found: 'written'; readonly at: number }
  | { readonly found: 'write-unknown'; readonly policy: string }
  | { readonly found: 'provider'; readonly providerId: string; readonly enabled: boolean | undefined }
  | { readonly found: 'switched-off'; readonly providerId: string; readonly wanted: boolean }
  | { readonly found: 'client-id'; readonly clientId: string }
  | { readonly found: 'settings'; readonly type: string | undefined; readonly scope: string | undefined }
  | { readonly found: 'setting'; readonly trouble: SettingTrouble }
  | { readonly found: 'differs'; readonly difference: SettingDifference }
  | { readonly found: 'as-stated'; readonly names: readonly SettingName[] }
  | { readonly found: 'callback'; readonly url: string }
  | { readonly found: 'linking'; readonly links: Readonly<Record<'email' | 'phone', LinkInForce>> }
  | { readonly found: 'fields'; readonly names: readonly string[]; readonly undocumented: readonly string[] }
  | { readonly found: 'secret'; readonly shape: Shape; readonly expiresAt: number | null; readonly standsIn: boolean }
  | { readonly found: 'nothing-due'; readonly renewalAt: number | null }
  | { readonly found: 'would-rotate' | 'would-wait'; readonly why: Why }
  | { readonly found: 'accepted'; readonly keyId: string }
  | { readonly found: 'uncounted' | 'apple-off' | 'apple-unasked' }
  | { readonly found: 'apple-unclear'; readonly detail: CallTrouble }
  | {
      readonly found: 'logins';
      readonly state: LoginState;
      readonly until: number | null;
      readonly evidence: readonly EvidenceDetail[];
    }
  | { readonly found: 'login-check-off' | 'login-check-unasked' | 'login-check-rejected' }
  | { readonly found: 'login-check-unclear'; readonly detail: CallTrouble | null };

export interface CheckLine {
  /** Null: of the service. */
  readonly target: string | null;
  readonly part: CheckPart;
  readonly mark: Mark;
  readonly fact: CheckFact;
}
