// A provider as a pass sees it, whichever cloud keeps it: its client id, whether it is switched on, how its client
// secret shows, and all its other fields as one value. Only the adapter that made that value looks inside; a pass
// compares it, journals it and hands it back with a write.
import type { RoundTripTrouble } from './error-troubles.ts';
import type { ProviderSettings } from './provider-settings.ts';
import type { Shape } from './reasons.ts';

/** How a client secret shows in a reading. */
export interface ShownSecret {
  readonly shape: Shape;
  /** The text that stands in its place; lower case for a digest, null where there is none. */
  readonly text: string | null;
}

export interface ProviderView {
  /** The client id that the provider is configured with; undefined if it has none, or one that is not a text. */
  readonly clientId: string | undefined;
  /** Undefined if the reading does not say. */
  readonly enabled: boolean | undefined;
  /** It was made by `provision`, which has not come to its end. */
  readonly isUnfinished: boolean;
  readonly secret: ShownSecret;
  /**
   * The hosts that its endpoints of a login name, lower case, each once, sorted; an empty text for an endpoint that is
   * no URL.
   */
  readonly statedHosts: readonly string[];
  readonly fields: ProviderFields;
}

/**
 * Fields as the journal keeps them: path → value, or `sha256:<hex>` of a value that may be private or is never
 * written. A path is the name of a field for people, and the same in every reading.
 */
export type JournalledFields = Readonly<Record<string, unknown>>;

export type EarlierFields = ProviderFields | JournalledFields;

/** Everything that a provider holds but its client secret, as one reading showed it. Immutable. */
export interface ProviderFields {
  /** Names of the fields that have a value and that a write sends back; sorted. They compare with `seen` below. */
  readonly names: readonly string[];
  forJournal(): JournalledFields;
  /** What they say of how people log in. */
  settings(): ProviderSettings;
  /** What differs from an earlier reading, sorted by path. Null counts as absent, and the order of keys does not count. */
  changesSince(earlier: EarlierFields): readonly FieldChange[];
  /**
   * What a write that sends these fields back would break; empty if none. `seen` are the names of earlier readings: a
   * field that had a value and has none now might be lost for good.
   */
  obstacles(seen: readonly string[]): readonly FieldObstacle[];
  /**
   * These fields with those at `paths` as they were earlier. A path stays as it is where the earlier reading has only a
   * digest, and where no write reaches it. A list to which a write appended itself is not sent again.
   */
  withRestored(earlier: EarlierFields, paths: readonly string[]): ProviderFields;
}

export interface FieldChange {
  readonly path: string;
  /**
   * `our-write`: a write of ours can have caused it, so restoring it undoes our own harm and nobody's work.
   * `somebody-else`: no write of ours does this.
   */
  readonly by: 'our-write' | 'somebody-else';
}

export interface FieldObstacle {
  readonly path: string;
  readonly why: RoundTripTrouble;
}
