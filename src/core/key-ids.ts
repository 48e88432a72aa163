// The three ids that belong to a key: their form, the placeholders of guides, and how the ids of the configuration and
// those that came with the key become one set. Nothing here handles the key itself.
import type { ErrorParams } from './error-params.ts';
import type { IdName } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import { looksSecret, shown, shownName } from './shown.ts';

/** Each id may come from the configuration, with the key, or from both if they agree. */
export interface KeyIds {
  readonly teamId: string;
  readonly clientId: string;
  readonly keyId: string;
}

/** Ids as far as they are known; `undefined` and the empty text both mean "not given". */
export type PartialKeyIds = { readonly [name in IdName]?: string | undefined };

/** What each id looks like. Apple does not document the form of Team ID and Key ID; these are what it issues. */
export const ID_PATTERNS: Readonly<Record<IdName, RegExp>> = {
  teamId: /^[A-Z0-9]{10}$/,
  clientId: /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
  keyId: /^[A-Z0-9]{10}$/,
};

export const ID_NAMES: readonly IdName[] = ['teamId', 'clientId', 'keyId'];

const PLACEHOLDERS: readonly RegExp[] = [
  /^your[ _-]/i,
  /(?:^|\.)your[_-]?(?:app|bundle|company|domain|name|org|service|site|team)(?:\.|$)/i,
  /^[Xx]{4,}$/,
  /^<.*>$/,
  /^\$\{?[A-Z_]+\}?$/,
  /^(?:change[_-]?me|placeholder|todo|tbd)$/i,
];

/** True for a value that a guide leaves for the reader to fill in: `YOUR_TEAM_ID`, `com.yourcompany.service`, `XXXXXXXXXX`, `<key id>`. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDERS.some((pattern) => pattern.test(value));
}

/** Who gave the ids that do not come with the key. */
export type IdGiver = 'configuration' | 'command-line';

/**
 * Joins the ids that were given with those that came with the key. White space around a value is dropped. Returns all
 * problems, conflicts and bad forms first; an id with a problem is absent from `ids`.
 */
export function joinIds(
  given: PartialKeyIds,
  withKey: PartialKeyIds,
  origin: string,
  problem: IdGiver = 'configuration',
): { ids: Partial<KeyIds>; problems: RotatorError[] } {
  const ids: Partial<Record<IdName, string>> = {};
  const problems: RotatorError[] = [];
  const missing: IdName[] = [];
  for (const id of ID_NAMES) {
    const here = given[id]?.trim() ?? '';
    const there = withKey[id]?.trim() ?? '';
    const value = here || there;
    const bad = value === '' ? undefined : formProblem(id, value);
    if (here !== '' && there !== '' && here !== there)
      problems.push(conflict({ problem, id, here: shownName(here), there: shownName(there), origin }));
    else if (value === '') missing.push(id);
    else if (bad !== undefined) problems.push(bad);
    else ids[id] = value;
  }
  // A command line is corrected option by option, a configuration in one place.
  const groups = problem === 'command-line' ? missing.map((id) => [id]) : missing.length > 0 ? [missing] : [];
  for (const group of groups) {
    const named = (group.join() === 'keyId' && keyIdOfFileName(origin)) || null;
    problems.push(new RotatorError('ERR_KEY_IDS_MISSING', { problem, ids: group, named, origin }));
  }
  return { ids, problems };
}

function conflict(params: ErrorParams['ERR_KEY_IDS_CONFLICT']): RotatorError {
  return new RotatorError('ERR_KEY_IDS_CONFLICT', params);
}

/** What is wrong with the form of an id that is not empty. A long text may be anything, and is shown by its length. */
function formProblem(id: IdName, value: string): RotatorError | undefined {
  const isLeft = isPlaceholder(value);
  if (!isLeft && ID_PATTERNS[id].test(value) && !looksSecret(value)) return undefined;
  const found = value.length <= 40 && !looksSecret(value) ? shown(value) : value.length;
  return new RotatorError('ERR_KEY_IDS_INVALID', { problem: isLeft ? 'placeholder' : 'form', id, found });
}

/** The key id in a file name that Apple chose (`AuthKey_K1L2M3N4O5.p8`); undefined for other names. */
export function keyIdOfFileName(path: string): string | undefined {
  return /(?:^|[\\/\s])AuthKey_([A-Z0-9]{10})\.p8$/.exec(path)?.[1];
}
