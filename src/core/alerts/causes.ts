// What an error blames, and so which story a finding belongs to: everything about one cause is one story. What several
// targets have in common (a credential, an endpoint, a key) is the cause of all their failures; the rest is a target's own.
import { BLAMES, type Blame, type StoredError } from '../errors.ts';
import type { Finding } from './conditions.ts';
import { type Cause, isOfRenewal, SHARED_CONDITIONS, type SharedCondition } from './names.ts';

const SHARED: ReadonlySet<string> = new Set([...SHARED_CONDITIONS, 'SecretNotShown']);

/** True for a cause that is made of what its targets have in common. */
export function isShared(cause: string): cause is SharedCondition | 'SecretNotShown' {
  return SHARED.has(cause);
}

/** True if other targets of the lane will very likely fail in the same way. */
export function concernsLane(error: StoredError | null): boolean {
  return isOfLane(blameOf(error));
}

/** What was broken, and where. */
export interface Subject {
  readonly cause: Cause;
  /** The cause and where: `EndpointFailing/tcb.tencentcloudapi.com`; also PagerDuty's key of its incident. */
  readonly id: string;
}

/**
 * The story that a finding belongs to. `laneOf`: the lane of a target, by its key. `isFound`: whether a story with this
 * id is there, which then explains others.
 */
export function subjectOf(
  finding: Finding,
  laneOf: (key: string) => string | undefined,
  isFound: (id: string) => boolean,
): Subject {
  const { condition, target, id, error } = finding;
  const cause = isOfRenewal(condition) ? 'RenewalFailing' : condition;
  const own: Subject = { cause, id: `${cause}${id.slice(condition.length)}` };
  const explained = (...by: readonly Subject[]) => by.find((each) => isFound(each.id)) ?? own;
  // A maintenance hides all secrets, and a form that is saved empty seldom stays the only one.
  if (condition === 'SecretNotShown') return subject(condition);
  // Apple rejects what a wrong clock has dated.
  if (condition === 'AppleRejectsAll') return explained(subject('ClockSkewed'));
  const lane = finding.condition === 'WritesFailing' ? finding.facts.lane : laneOf(target?.key ?? '');
  const shared = sharedBy(lane ?? '');
  const { credentials, permission, endpoint } = shared;
  if (condition === 'WritesFailing') return explained(permission, credentials, endpoint);
  if (cause !== 'RenewalFailing') return own;
  const blame = blameOf(error);
  if (isOfLane(blame)) return shared[blame];
  switch (blame) {
    case 'key': {
      const place = placeOf(error);
      return place === undefined ? own : subject('KeyUnavailable', place);
    }
    case 'lane':
      return explained(permission, credentials, endpoint, subject('WritesFailing', lane));
    case 'apple':
      // A rejection is an answer.
      return error?.code === 'ERR_APPLE_UNKNOWN'
        ? explained(subject('AppleUnreachable'), subject('AppleRejectsAll'))
        : explained(subject('AppleRejectsAll'));
    case 'clock':
      return explained(subject('ClockSkewed'));
    case 'journal':
      return explained(subject('JournalUnwritable'));
    case 'target':
      return own;
  }
}

/** What the targets of a lane have in common. */
function sharedBy(lane: string) {
  const [credential = '', , endpoint = ''] = lane.split('|');
  return {
    credentials: subject('CredentialsRejected', credential),
    permission: subject('AccessDenied', credential),
    endpoint: subject('EndpointFailing', endpoint.replace(/^https?:\/\//, '')),
  };
}

/** How far a call gets: what fails earlier says nothing about what comes later. */
const STAGES: readonly Cause[] = ['EndpointFailing', 'CredentialsRejected', 'AccessDenied'];

/** The place of a cause among these; all others come after them. */
export function stageOf(cause: Cause): number {
  const stage = STAGES.indexOf(cause);
  return stage < 0 ? STAGES.length : stage;
}

function subject(cause: Cause, of?: string): Subject {
  return { cause, id: of === undefined ? cause : `${cause}/${of}` };
}

function isOfLane(blame: Blame): blame is keyof ReturnType<typeof sharedBy> {
  return blame === 'credentials' || blame === 'permission' || blame === 'endpoint';
}

function blameOf(error: StoredError | null): Blame {
  if (error === null) return 'target';
  // What CloudBase says of one provider blames nobody else.
  if (error.code === 'ERR_CLOUDBASE_BAD_ANSWER' && 'params' in error && error.params.problem !== 'remote')
    return 'target';
  return BLAMES[error.code];
}

/** Where the key was to be read; undefined where the error does not say, or where a key that is there fits nothing. */
function placeOf(error: StoredError | null): string | undefined {
  const params: Readonly<Record<string, unknown>> = error !== null && 'params' in error ? { ...error.params } : {};
  const { path, folder, name, variable, origin, about } = params;
  const file = typeof folder === 'string' && typeof name === 'string' ? `${folder}/${name}` : undefined;
  return [path, file, variable, origin, about].find((each) => typeof each === 'string');
}
