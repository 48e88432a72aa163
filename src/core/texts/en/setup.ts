// English for what the commands that change a provider say of themselves.

/** Which permission a command needs, and that it does not have to stay. `policy`: in JSON. */
export function permissionText(policy: string): string {
  return `The credentials of this command need this policy in CAM:
    ${policy}
Take it away afterwards: the daemon needs tcb:GetProviders and tcb:ModifyProvider alone.
`;
}

/** What `probe` says of what it has found. */
export const PROBE_FINDINGS = {
  shown: {
    clear: 'in clear',
    digest: 'as a digest',
    masked: 'masked',
    empty: 'as an empty text',
    null: 'as null',
    missing: 'not at all',
  },
  stored: { 'as-sent': 'yes', otherwise: 'no', unknown: 'cannot be seen' },
  merge: {
    none: 'not at all: what is not sent is lost',
    top: 'by the top keys: a map is replaced',
    deep: 'inside maps too',
  },
  rediscovery: {
    never: 'no',
    once: 'yes, by the first write that sends it, and by no later one',
    issuer: 'yes, by every write that sends it',
    'every-write': 'yes, by every write',
  },
  undocumented: {
    shown: 'is accepted and shown',
    'not-shown': 'is accepted and does not show: hidden or dropped',
    refused: 'is refused',
  },
  emptyTexts: {
    empty: 'is stored',
    nothing: 'removes what was there, or does not show',
    before: 'is ignored: what was there stays',
  },
  lists: {
    replaced: 'replaces the one before',
    appended: 'is appended to the one before',
    'not-shown': 'does not show: hidden or dropped',
    refused: 'is refused',
  },
  hidden: {
    none: 'yes: nothing that is not sent stays',
    top: 'not at the top if Config is not sent whole; inside a map that is sent',
    deep: 'no',
  },
  why: {
    secret: 'A write merges, so the client secret alone spares every field that a reading may not show.',
    whole: 'A write replaces the Config, so all of it has to be sent.',
  },
  unsafe: 'Every write has the endpoints discovered again: no form of a write is safe for a provider of type oidc.',
} as const;
