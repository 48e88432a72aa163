// English for what a policy found, as a clause: `the deployed secret has expired`.
import type { Why } from '../../reasons.ts';
import { objectionText } from './objections.ts';

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
      return `Apple would not accept the deployed secret: ${objectionText(why.defect)}`;
    default:
      return PLAIN[why.found];
  }
}

const PLAIN = {
  'other-signature': 'the deployed secret is not signed by the key in the key source',
  'never-expires': 'the deployed secret never expires',
  'too-long': 'the deployed secret expires later than Apple accepts',
  expired: 'the deployed secret has expired',
  unresolved: 'an earlier rotation was cut off and its outcome could not be read',
  renewal: 'renewal is due',
  requested: 'it was requested by hand',
} as const;
