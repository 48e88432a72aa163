// English for what was found about logins, as a clause.
import type { EvidenceDetail } from '../../reasons.ts';

export const LOGIN_FINDINGS: Readonly<Record<EvidenceDetail, string>> = {
  accepted: 'Apple accepts the client secret',
  rejected: 'Apple rejects the client secret',
  'rejected-once': 'Apple rejected the client secret once, and will be asked again',
  'rejected-uncounted':
    'Apple rejected the client secret, but has accepted no other one lately, so this proves nothing',
  'accepted-uncounted': 'Apple accepts the client secret, but accepts false ones too',
  'identity-accepted': 'CloudBase hides the client secret; Apple accepts a fresh one of the same key',
  expired: 'the client secret has expired',
  valid: 'the client secret looks valid',
  missing: 'CloudBase shows no client secret',
  unreadable: 'CloudBase shows something that is no client secret, or hides it',
  'stands-in': 'CloudBase hides the client secret; the last one that this service wrote stands in for it',
  unproven: 'Apple has not accepted the new client secret yet',
  gone: 'the Apple login method is gone',
  'environment-gone': 'the environment is deleted, isolated or overdue',
  'not-found-once': 'the login method or its environment was not found, and will be looked for again',
  'switched-off': 'the Apple login method is switched off',
  'strange-host': "the login method names a host that is neither Apple's nor in `allowHosts`",
  'invalid-client': 'CloudBase reports that Apple rejects the client secret',
  'invalid-client-once': 'CloudBase reported once that Apple rejects the client secret, and will be asked again',
  'never-compared': 'the clock of this machine has not been compared with that of CloudBase yet',
  damaged: 'the client secret is a damaged copy of the one written',
  'other-client': 'the client secret is for another Services ID',
  'other-audience': 'the client secret is not addressed to Apple',
  'too-long': 'the client secret expires later than Apple accepts',
  'never-expires': 'the client secret never expires, which Apple refuses',
  'no-claims': 'the claims of the client secret cannot be read',
};
