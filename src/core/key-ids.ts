// The three ids that belong to a key: their form, the placeholders of guides, and how the ids of the configuration and
// those that came with the key become one set. Nothing here handles the key itself.
import { type ErrorCode, RotatorError } from './errors.ts';
import { shown } from './shown.ts';

/** Each id may come from the configuration, with the key, or from both if they agree. */
export interface KeyIds {
  readonly teamId: string;
  readonly clientId: string;
  readonly keyId: string;
}

export type IdName = keyof KeyIds;

/** Ids as far as they are known; `undefined` and the empty text both mean "not given". */
export type PartialKeyIds = { readonly [name in IdName]?: string | undefined };

/** Something wrong with one id. */
export interface IdProblem {
  readonly id: IdName;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

interface IdForm {
  readonly title: string;
  readonly pattern: RegExp;
  readonly wanted: string;
  /** Where Apple shows it. */
  readonly where: string;
}

/** What each id looks like, in the order in which problems are reported. */
export const ID_FORMS: Readonly<Record<IdName, IdForm>> = {
  teamId: {
    title: 'team id',
    pattern: /^[A-Z0-9]{10}$/,
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Membership',
  },
  clientId: {
    title: 'client id',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
    wanted: 'the Services ID, such as com.acme.shop.web',
    where: 'Apple Developer portal, Identifiers, Services IDs',
  },
  keyId: {
    title: 'key id',
    pattern: /^[A-Z0-9]{10}$/,
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Keys',
  },
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

/**
 * What is wrong with the form of one id; undefined if it is right. `value` must not be empty and has no white space
 * around it. The form of Team ID and Key ID is Apple's (Developer Account Help, "Locate your Team ID").
 */
function idProblem(id: IdName, value: string): IdProblem | undefined {
  const { title, pattern, wanted, where } = ID_FORMS[id];
  const hint = `Take the ${title} from: ${where}.`;
  if (isPlaceholder(value))
    return { id, code: 'ERR_KEY_IDS_INVALID', message: `${title} ${shown(value)} is a placeholder`, hint };
  if (pattern.test(value)) return undefined;
  const found = value.length <= 40 ? shown(value) : `a text of ${value.length} characters`;
  return { id, code: 'ERR_KEY_IDS_INVALID', message: `${title} is ${found}, wanted ${wanted}`, hint };
}

/**
 * Joins the ids of the configuration (messages call it `given`) with those that came with the key. White space around a
 * value is dropped. Returns all problems, not only the first; an id with a problem is absent from `ids`.
 */
export function joinIds(
  configured: PartialKeyIds,
  withKey: PartialKeyIds,
  origin: string,
  given = 'the configuration',
): { ids: Partial<KeyIds>; problems: IdProblem[] } {
  const ids: Partial<Record<IdName, string>> = {};
  const problems: IdProblem[] = [];
  for (const id of ID_NAMES) {
    const here = configured[id]?.trim() ?? '';
    const there = withKey[id]?.trim() ?? '';
    const problem = conflict(id, here, there, origin, given) ?? present(id, here, there, origin, given);
    if (problem !== undefined) problems.push(problem);
    else ids[id] = here || there;
  }
  return { ids, problems };
}

function conflict(id: IdName, here: string, there: string, origin: string, given: string): IdProblem | undefined {
  if (here === '' || there === '' || here === there) return undefined;
  const { title } = ID_FORMS[id];
  return {
    id,
    code: 'ERR_KEY_IDS_CONFLICT',
    message: `${title} is ${shown(here)} according to ${given}, and ${shown(there)} according to ${origin}`,
    hint: `Find out which of the two belongs to this key and correct or remove the other ${id}.`,
  };
}

function present(id: IdName, here: string, there: string, origin: string, given: string): IdProblem | undefined {
  if (here !== '' || there !== '') return idProblem(id, here || there);
  const { title, where } = ID_FORMS[id];
  const named = id === 'keyId' ? keyIdOfFileName(origin) : undefined;
  return {
    id,
    code: 'ERR_KEY_IDS_MISSING',
    message: `${title} is missing: neither ${given} nor ${origin} gives ${id}`,
    hint:
      named === undefined
        ? `Put ${id} next to the target's key, or into the JSON beside privateKey (${where}).`
        : `Put ${id}: ${named} next to the target's key; the name of the file says so.`,
  };
}

/** One error for several problems: the first conflict or bad form, else all missing ids together. */
export function idsError(problems: readonly IdProblem[], origin: string): RotatorError | undefined {
  const worst = problems.find(({ code }) => code !== 'ERR_KEY_IDS_MISSING') ?? problems[0];
  if (worst === undefined) return undefined;
  const missing = problems.filter(({ code }) => code === 'ERR_KEY_IDS_MISSING').map(({ id }) => id);
  if (worst.code !== 'ERR_KEY_IDS_MISSING' || missing.length === 1)
    return new RotatorError(worst.code, worst.message, { hint: worst.hint });
  const names = `${missing.slice(0, -1).join(', ')} and ${missing.at(-1)}`;
  return new RotatorError(
    'ERR_KEY_IDS_MISSING',
    `${names} are missing: neither the configuration nor ${origin} gives them`,
    {
      hint: `Put ${names} next to the target's key, or into the JSON beside privateKey.`,
    },
  );
}

/** The key id in a file name that Apple chose (`AuthKey_K1L2M3N4O5.p8`); undefined for other names. */
export function keyIdOfFileName(path: string): string | undefined {
  return /(?:^|[\\/\s])AuthKey_([A-Z0-9]{10})\.p8$/.exec(path)?.[1];
}
