// English for what Apple would object to in a client secret, and what to do about it.

import type { Objection, ObjectionCode } from '../../reasons.ts';
import { command } from '../command.ts';
import { comparedId } from '../quote.ts';

type Say = (objection: Objection) => string;

const MISSING = 'missing';

const OBJECTIONS: Readonly<Record<ObjectionCode, readonly [message: Say, next: string | (() => string)]>> = {
  EncodingDamaged: [
    () => 'the text was altered after it was encoded as base64url',
    'Copy the secret again, whole and unchanged.',
  ],
  AlgorithmNotEs256: [
    ({ found }) => `the algorithm is ${found ?? MISSING}, wanted ES256`,
    'Sign with ES256 and the .p8 of a "Sign in with Apple" key.',
  ],
  KeyIdMissing: [
    ({ found }) => `the header's kid is ${found ?? MISSING}, wanted the Key ID`,
    'Put the Key ID into the header as kid: without it Apple does not know which key to check with.',
  ],
  CriticalHeader: [
    () => 'the header requires extensions (crit)',
    'Leave crit out of the header: a reader that does not know the names in it must refuse the secret (RFC 7515, 4.1.11).',
  ],
  IssuerMissing: [({ found }) => `iss is ${found ?? MISSING}, wanted the Team ID`, 'Put the Team ID into iss.'],
  SubjectMissing: [
    ({ found }) => `sub is ${found ?? MISSING}, wanted the client id`,
    'Put the client id into sub: the Services ID, or the bundle id for an app.',
  ],
  PlaceholderLeftIn: [
    ({ found }) => `${found} is a placeholder from a guide`,
    'Mint it again with the ids of your own team, key and Services ID.',
  ],
  AudienceWrong: [
    ({ found }) => `aud is ${found ?? MISSING}, wanted https://appleid.apple.com`,
    'Put https://appleid.apple.com into aud, without a slash at its end.',
  ],
  IssuedAtMissing: [
    ({ found }) => `iat is ${found ?? MISSING}, wanted seconds since 1970`,
    'Put the time of minting into iat, in seconds since 1970.',
  ],
  IssuedInFuture: [
    ({ found }) => `it was issued in the future: ${duration(found)} from now`,
    'Correct the clock of the machine that minted it, or date iat back by a few minutes.',
  ],
  NotYetValid: [
    ({ found }) => `it is not valid until ${duration(found)} from now (nbf)`,
    'Leave nbf out: Apple does not ask for it.',
  ],
  ExpiryMissing: [
    ({ found }) => `exp is ${found ?? MISSING}, wanted seconds since 1970`,
    'Put the expiry into exp, in seconds since 1970.',
  ],
  Expired: [
    ({ found }) => `it expired ${duration(found)} ago`,
    () => `Mint a new one (${command('generate')}): every Apple login that uses this one fails.`,
  ],
  LifetimeTooLong: [
    ({ found }) => `it expires ${duration(found)} from now, Apple allows 15777000 s (six months)`,
    'Set exp at most 180 days ahead, in seconds and not in milliseconds.',
  ],
  SignatureDer: [
    () => 'the signature is in DER form, wanted 64 raw bytes',
    'Write it as r and s, 32 bytes each (the JOSE form, ieee-p1363), as JWT libraries do.',
  ],
  SignatureLength: [
    ({ found }) => `the signature has ${found} bytes, wanted 64`,
    'Copy the secret again, whole; if it was whole, sign it with ES256.',
  ],
  SignatureDoesNotFit: [
    () => 'the key did not make this signature, or the text was altered afterwards',
    'Pass the .p8 of the key that kid names; if this is it, mint the secret again.',
  ],
  KeyIdDiffers: [
    ({ found, wanted }) => `kid is ${found}, wanted ${wanted}`,
    'Use the key that has this Key ID, or mint with the Key ID of this key.',
  ],
  IssuerDiffers: [
    ({ found, wanted }) => `iss is ${found}, wanted ${wanted}`,
    'Mint it with the Team ID that the key belongs to.',
  ],
  SubjectDiffers: [
    ({ found, wanted }) => `sub is ${comparedId(found)}, wanted ${comparedId(wanted)}`,
    'Mint it for the client id that the provider is configured with.',
  ],
};

/** What was found and what is wanted. */
export function objectionText(objection: Objection): string {
  return OBJECTIONS[objection.code][0](objection);
}

/** The next step of a person who made the secret by hand. */
export function objectionHint({ code }: Objection): string {
  const next = OBJECTIONS[code][1];
  return typeof next === 'string' ? next : next();
}

function duration(seconds: string | number | null): string {
  return Number(seconds) < 172_800 ? `${seconds} s` : `${Math.floor(Number(seconds) / 86_400)} days`;
}
