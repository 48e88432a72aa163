// CAM, Tencent's access management: what the owner of an access key may do. A key without a policy may do everything; of
// a policy, what no statement allows is denied.
import * as z from 'zod';

const texts = z.union([z.string(), z.array(z.string())]);

/** A policy as it is pasted into CAM's console. */
export const policySchema = z.strictObject({
  version: z.literal('2.0').optional(),
  statement: z.array(z.strictObject({ effect: z.literal('allow'), action: texts, resource: texts })),
});
export type Policy = z.infer<typeof policySchema>;

/** The main account, and the sub-account that every long-lived access key of the sandbox belongs to. */
export const ACCOUNT = '100000000001';
export const SUB_ACCOUNT = '100000000002';

/** Whether a statement allows `action` (`tcb:GetProviders`) on `resource`. */
export function isAllowed({ statement }: Policy, action: string, resource: string): boolean {
  const allows = (allowed: string | readonly string[], wanted: string) =>
    [allowed].flat().some((pattern) => matches(pattern, wanted));
  return statement.some((each) => allows(each.action, action) && allows(each.resource, resource));
}

/** `*` at the end of a name stands for any end of it. */
function matches(pattern: string, wanted: string): boolean {
  return pattern.endsWith('*') ? wanted.startsWith(pattern.slice(0, -1)) : pattern === wanted;
}
