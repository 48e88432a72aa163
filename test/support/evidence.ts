// A place where evidence comes and goes: `once` and what it prints of one target, time that goes by between two runs, and
// what the channel was told.
import { expect } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import { type AlertPlace, type AlertPlaceOptions, alertPlace, whoOf } from './alert-place.ts';
import { shiftJournal } from './journal-time.ts';
import { IDS } from './pass-rig.ts';
import { envIdOf, type Result } from './program.ts';

/** A target as `--json` prints it. */
export interface Shown {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly expiresAt: string | null;
  readonly nextAttemptAt: string | null;
  readonly logins: {
    readonly state: string;
    readonly until: string | null;
    readonly because: string | null;
    readonly evidence: readonly { readonly kind: string; readonly verdict: string; readonly detail: string }[];
  };
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** A row of `history --json`. */
export interface Row {
  readonly id: string;
  readonly target: string;
  readonly reason: string;
  readonly fingerprint: string | null;
  readonly outcome: string | null;
  readonly appleCheck: { readonly candidate: string; readonly deployed: string };
  readonly proof: Readonly<Record<string, string>> | null;
  readonly settles: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface Once extends Shown {
  /** The exit status. */
  readonly code: number | null;
  readonly stderr: string;
}

export function shownTargets({ stdout }: Pick<Result, 'stdout'>): readonly Shown[] {
  return (JSON.parse(stdout) as { targets: Shown[] }).targets;
}

export async function evidencePlace(options: AlertPlaceOptions = {}) {
  const place = await alertPlace(options);
  const { world } = place;
  return {
    ...place,
    /** One pass on one target: how the program ended, and what it printed of the target. */
    async once(...args: string[]): Promise<Once> {
      const result = await place.run(['once', '--json', ...args]);
      const [target] = shownTargets(result);
      if (target === undefined) throw new Error(result.stderr);
      return { ...target, code: result.code, stderr: result.stderr };
    },
    /** Lets time go by for the journal, which no process may have open. */
    later: (ms: number) => shiftJournal(place.journalFile, ms),
    history: async (): Promise<readonly Row[]> =>
      JSON.parse((await place.run(['history', '--json'])).stdout).rotations as Row[],
    /** How often Apple was asked. */
    questions: () => world.requests.log.filter(({ service }) => service === 'apple').length,
    /** What is wrong with the secret that is truly deployed, by Apple's rules; undefined: nothing. */
    fault: (name = 'shop') => secretFault(world, IDS.clientId, String(place.secret(name))),
    /** Changes the Config of a provider as an administrator would. */
    patch: (config: JsonObject, name = 'shop') => world.patchConfig(envIdOf(name), 'apple', config),
    /** What the channel was told since the last call: severity, status, cause and target of each item. */
    told: toldOf(place),
  };
}

export type EvidencePlace = Awaited<ReturnType<typeof evidencePlace>>;

function toldOf(place: AlertPlace) {
  let seen = 0;
  return (): readonly string[] => {
    const items = place.items();
    const fresh = items.slice(seen);
    seen = items.length;
    return fresh.map((item) =>
      [item.severity, item.status, item.cause, whoOf(item)].filter((word) => word !== '').join(' '),
    );
  };
}

/** A time of `--json` is about so many minutes from now: the program needs a few seconds itself. */
export function expectInMinutes(at: string | null, minutes: number): void {
  const ms = Date.parse(at ?? '') - Date.now();
  expect(ms / 60_000).toBeGreaterThan(minutes - 1);
  expect(ms / 60_000).toBeLessThanOrEqual(minutes);
}
