// Policies of CAM, as an error brings them to be pasted: whole documents, because that is what CAM's editor takes.
import * as z from 'zod';
import type { StoredError } from './error-params.ts';

const policySchema = z.object({
  version: z.literal('2.0'),
  statement: z.array(
    z.object({ effect: z.literal('allow'), action: z.array(z.string()), resource: z.array(z.string()) }),
  ),
});

/** So many environments are named one by one: a longer policy would be cut by chats, and nobody would check it. */
const MOST_RESOURCES = 8;

/** The policy that allows these actions on these resources. */
export function policyOf(action: readonly string[], resource: readonly string[]): string {
  return JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action, resource }] });
}

/** The first of errors that have one cause; a denial brings a policy that permits what all of them were denied. */
export function sharedError(errors: readonly (StoredError | null)[]): StoredError | null {
  const [first = null] = errors;
  const policies = new Set(errors.flatMap((error) => deniedPolicy(error) ?? []));
  if (first?.code !== 'ERR_CLOUDBASE_DENIED' || !('params' in first) || policies.size < 2) return first;
  return { ...first, params: { ...first.params, statement: mergedPolicy([...policies]) ?? first.params.statement } };
}

function deniedPolicy(error: StoredError | null): string | null {
  return error?.code === 'ERR_CLOUDBASE_DENIED' && 'params' in error ? error.params.statement : null;
}

/** Allows what each of `policies` allows; instead of many environments all of the account in that region. */
function mergedPolicy(policies: readonly string[]): string | undefined {
  const statements = policies.flatMap((policy) => policySchema.safeParse(parsed(policy)).data?.statement ?? []);
  const actions = unique(statements.flatMap(({ action }) => action));
  const named = unique(statements.flatMap(({ resource }) => resource));
  if (named.length === 0) return undefined;
  const resources = named.length > MOST_RESOURCES ? named.map((each) => each.replace(/:env\/[^/]+$/, ':env/*')) : named;
  return policyOf(actions, unique(resources));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
