// Who a client secret speaks for: team, client, key id and key pair. Apple answers the same for every secret of one
// identity that is neither expired nor damaged.
import { hash } from 'node:crypto';

export interface Identity {
  readonly teamId: string;
  readonly clientId: string;
  readonly keyId: string;
  /** RFC 7638 thumbprint of the public key. */
  readonly thumbprint: string;
}

/** One text for an identity. */
export function identityId({ teamId, clientId, keyId, thumbprint }: Identity): string {
  return hash('sha256', [teamId, clientId, keyId, thumbprint].join('|'), 'hex');
}

/** One text for a key, as far as a secret names it: a team and a key id. */
export function keyName({ teamId, keyId }: Pick<Identity, 'teamId' | 'keyId'>): string {
  return `${teamId}|${keyId}`;
}

/** Key id → the team and the public key that Apple accepted it with. */
export type KnownKeys = Readonly<Record<string, Pick<Identity, 'teamId' | 'thumbprint'>>>;

/** How a key contradicts the keys that Apple has accepted. */
export interface KeyConflict {
  readonly mixup: 'other-private-key' | 'other-key-id' | 'other-team';
  readonly keyId: string;
  /** The key id or team that Apple accepted it with; null: it is the private key that differs. */
  readonly known: string | null;
}

/** What contradicts that this key belongs to this team under this id; undefined: nothing. */
export function keyConflict(known: KnownKeys, { teamId, keyId, thumbprint }: Identity): KeyConflict | undefined {
  const same = Object.hasOwn(known, keyId) ? known[keyId] : undefined;
  if (same !== undefined && same.thumbprint !== thumbprint) return { mixup: 'other-private-key', keyId, known: null };
  if (same !== undefined)
    return same.teamId === teamId ? undefined : { mixup: 'other-team', keyId, known: same.teamId };
  const [other] = Object.entries(known).find(([, key]) => key.thumbprint === thumbprint) ?? [];
  return other === undefined ? undefined : { mixup: 'other-key-id', keyId, known: other };
}

/** The known keys after Apple accepted a secret of this identity: what contradicts it was wrong. */
export function withAcceptedKey(known: KnownKeys, { teamId, keyId, thumbprint }: Identity): KnownKeys {
  if (known[keyId]?.teamId === teamId && known[keyId].thumbprint === thumbprint) return known;
  const others = Object.entries(known).filter(([id, key]) => id !== keyId && key.thumbprint !== thumbprint);
  return Object.fromEntries([...others, [keyId, { teamId, thumbprint }]]);
}
