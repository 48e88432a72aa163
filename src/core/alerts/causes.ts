// What an error blames, and so which story a finding belongs to: everything about one cause is one story. What several
// targets have in common (a credential, an endpoint, a key) is the cause of all their failures; the rest is a target's own.
import { BLAMES, type Blame, type StoredError } from '../errors.ts';
import {
  type ConditionName,
  type Finding,
  SAID_BY_LOGINS_FAIL,
  SERVICE_CONDITIONS,
  SHARED_CONDITIONS,
  type SharedCondition,
} from './conditions.ts';

/** What is broken. `RenewalFailing`: whatever keeps one target from being checked and renewed. */
export const CAUSES = [
  'LoginsFail',
  'RenewalFailing',
  'ProviderDisabled',
  'ProviderChanged',
  'SecretReplaced',
  'TargetMisconfigured',
  ...SERVICE_CONDITIONS,
] as const;
export type Cause = (typeof CAUSES)[number];

const SHARED: ReadonlySet<string> = new Set(SHARED_CONDITIONS);

/** True for a cause that is made of what its targets have in common. */
export function isShared(cause: Cause): cause is SharedCondition {
  return SHARED.has(cause);
}

/** True if other targets of the lane will very likely fail in the same way. */
export function concernsLane(error: StoredError | null): boolean {
  const blame = error === null ? 'target' : blameOf(error);
  return blame === 'credentials' || blame === 'permission' || blame === 'endpoint';
}

/** What was broken, and where. */
export interface Subject {
  readonly cause: Cause;
  /** The cause and where: `EndpointFailing/tcb.tencentcloudapi.com`; also PagerDuty's key of its incident. */
  readonly id: string;
}

/**
 * The story that a finding belongs to. `laneOf`: the lane of a target, by its key. `isFound`: whether a finding with
 * this id is there, which then explains others.
 */
export function subjectOf(
  finding: Finding,
  laneOf: (key: string) => string | undefined,
  isFound: (id: string) => boolean,
): Subject {
  const { condition, target, id, error } = finding;
  // Apple rejects what a wrong clock has dated.
  if (condition === 'AppleRejectsAll' && isFound('ClockSkewed')) return subject('ClockSkewed');
  if (target === null || !SAID_BY_LOGINS_FAIL.has(condition)) return { cause: condition as Cause, id };
  const lane = laneOf(target.key) ?? '';
  const [credential = '', , endpoint = ''] = lane.split('|');
  const explained = (cause: ConditionName & Cause, of?: string) => {
    const explaining = subject(cause, of);
    return isFound(explaining.id) ? explaining : own;
  };
  const own: Subject = { cause: 'RenewalFailing', id: `RenewalFailing${id.slice(condition.length)}` };
  switch (error === null ? 'target' : blameOf(error)) {
    case 'credentials':
      return subject('CredentialsRejected', credential);
    case 'permission':
      return subject('AccessDenied', credential);
    case 'endpoint':
      return subject('EndpointFailing', endpoint.replace(/^https?:\/\//, ''));
    case 'key': {
      const place = placeOf(error);
      return place === undefined ? own : subject('KeyUnavailable', place);
    }
    case 'lane':
      return explained('WritesFailing', lane);
    case 'apple':
      return explained('AppleUnreachable');
    case 'clock':
      return explained('ClockSkewed');
    case 'journal':
      return explained('JournalUnwritable');
    case 'target':
      return own;
  }
}

function subject(cause: Cause, of?: string): Subject {
  return { cause, id: of === undefined ? cause : `${cause}/${of}` };
}

function blameOf(error: StoredError): Blame {
  // What CloudBase says of one provider blames nobody else.
  if (error.code === 'ERR_CLOUDBASE_BAD_ANSWER' && 'params' in error && error.params.problem !== 'remote')
    return 'target';
  return BLAMES[error.code];
}

/** Where the key was to be read; undefined where the error does not say, or where a key that is there fits nothing. */
function placeOf(error: StoredError | null): string | undefined {
  const params: Readonly<Record<string, unknown>> = error !== null && 'params' in error ? { ...error.params } : {};
  const text = (name: string) => (typeof params[name] === 'string' ? params[name] : undefined);
  const file =
    text('folder') === undefined || text('name') === undefined ? undefined : `${text('folder')}/${text('name')}`;
  return text('path') ?? file ?? text('variable') ?? text('origin') ?? text('about');
}
