// Whether the provider, or its environment, is gone: what a failed read says about logins.
import type { Remote } from '../core/error-troubles.ts';
import type { RotatorError } from '../core/errors.ts';
import type { TargetState } from '../core/records.ts';
import type { Course } from './course.ts';

type Provider = TargetState['provider'];

/** What an error says about the provider. */
export function afterTrouble(course: Course, error: RotatorError): Provider {
  const trouble = troubleOf(error);
  return trouble === null ? course.state.provider : withTrouble(course, trouble);
}

/** The same trouble as at the readings before has lasted since then. */
export function withTrouble({ state: { provider }, now }: Course, trouble: NonNullable<Provider['trouble']>): Provider {
  const since = provider.trouble === trouble ? Math.min(provider.since ?? now, now) : now;
  return { ...provider, trouble, since, at: now };
}

/** True where there is no provider, or no environment, to be read: what was written there can no longer be found out. */
export function isGone(error: RotatorError): boolean {
  return error.code === 'ERR_PROVIDER_NOT_FOUND' || refusalOf(error) === 'not-found';
}

function troubleOf(error: RotatorError): Provider['trouble'] {
  if (error.code === 'ERR_PROVIDER_NOT_FOUND') return 'gone';
  const remote = refusalOf(error);
  return remote === 'not-found' || remote === 'overdue' || remote === 'isolated' ? 'environment' : null;
}

function refusalOf({ code, stored }: RotatorError): Remote['remote'] | null {
  return code === 'ERR_CLOUDBASE_REFUSED' && 'params' in stored ? (stored.params as Remote).remote : null;
}
