// English for what a policy found, as a clause: `the deployed secret has expired`.
import type { Defect, Why } from '../../reasons.ts';

export function whyText(why: Why): string {
  switch (why.found) {
    case 'missing':
      return `the provider holds no client secret (${why.shape})`;
    case 'unreadable':
      return `the provider shows a client secret that cannot be read (${why.shape}) and is not as our last write left it`;
    case 'other-key':
      return `the deployed secret ${why.id === null ? 'has no key id in its header' : `was made with key ${why.id}`}, the key source holds ${why.wanted}`;
    case 'other-team':
      return `the deployed secret names team ${why.id ?? 'none'}, the key's is ${why.wanted}`;
    case 'other-client':
      return `the deployed secret names client ${why.id ?? 'none'}, the key's is ${why.wanted}`;
    case 'defect':
      return `Apple cannot accept the deployed secret: ${DEFECT_WORDS[why.defect]}`;
    default:
      return PLAIN[why.found];
  }
}

const PLAIN = {
  'other-signature': 'the deployed secret is not signed by the key in the key source',
  expired: 'the deployed secret has expired',
  rejected: 'Apple has rejected the deployed secret twice',
  unresolved: 'an earlier rotation was cut off and its outcome could not be read',
  renewal: 'renewal is due',
  requested: 'it was requested by hand',
} as const;

/** What makes a client secret useless, as a clause about it. */
export const DEFECT_WORDS: Readonly<Record<Defect, string>> = {
  damaged: 'it is a damaged copy of the one that was written',
  'other-client': 'it is for another Services ID than the provider has',
  'other-audience': 'it is not addressed to Apple',
  'too-long': 'it expires later than Apple accepts',
  'never-expires': 'it never expires',
  'no-claims': 'its claims cannot be read',
};
