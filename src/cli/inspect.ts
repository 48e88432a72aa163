// `inspect`: explains a client secret to a person: what is in it, until when it is good, and everything that Apple
// would object to. Reads an argument, a file or standard input; never prints the secret itself.

import { objections, type ParsedSecret, verifySignature } from '../core/client-secret.ts';
import { RotatorError } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import { APPLE_MAX_LIFETIME_S } from '../core/parsed-secret.ts';
import type { Objection, ObjectionCode } from '../core/reasons.ts';
import { shown, shownValue } from '../core/shown.ts';
import { objectionHint, objectionText } from '../core/texts/en/objections.ts';
import { counted } from '../core/texts/en/words.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, localTime, utcTime } from './instants.ts';
import { type KeyInput, readKeyInput } from './key-input.ts';
import { printJson } from './print-json.ts';
import { printProblems, printWarnings } from './problems.ts';
import { readSecretInput } from './secret-input.ts';
import { wrap } from './table.ts';

export interface InspectOptions {
  /** The secret itself, as an argument of the command line. */
  readonly secret?: string | undefined;
  /** A path, or `-` for standard input, which is also the default. */
  readonly file?: string | undefined;
  /** The key that should have made the signature: a path, or `-`. */
  readonly keyFile?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Prints what a client secret holds. 0: Apple has nothing to object to, and the key that was given made it; 1: not so;
 * 2: there is no secret or no key.
 */
export async function inspect(options: InspectOptions, context: CliContext): Promise<ExitStatus> {
  const secret = await readSecretInput(options, context);
  const key = options.keyFile === undefined ? undefined : await readKeyInput(options.keyFile, context);
  if (secret instanceof RotatorError || key instanceof RotatorError) {
    printProblems(
      [secret, key].filter((input) => input instanceof RotatorError),
      context,
    );
    return EXIT.usage;
  }
  const { parsed } = secret;
  printWarnings([...secret.warnings, ...(key === undefined ? [] : keyWarnings(key, parsed))], context);
  const nowMs = context.clock.now();
  const found = await objections(parsed, { nowMs, publicKey: key?.publicKey, expected: key?.ids });
  const fits = key === undefined ? null : await verifySignature(parsed, key.publicKey);
  if (options.json) printJson(context.stdout, asJson(parsed, found, fits));
  else context.stdout.write(report(parsed, found, { key, fits, nowMs, width: context.stdout.columns }));
  return found.length === 0 ? EXIT.ok : EXIT.failed;
}

function keyWarnings({ warnings, namedKeyId, origin }: KeyInput, { keyId }: ParsedSecret): RotatorError[] {
  if (namedKeyId === undefined || keyId === undefined || namedKeyId === keyId) return [...warnings];
  const params = { problem: 'other-name', path: origin, named: namedKeyId, keyId: shown(keyId) } as const;
  return [...warnings, new RotatorError('ERR_KEY_INVALID', params)];
}

function asJson(parsed: ParsedSecret, found: readonly Objection[], fits: boolean | null) {
  const { header, claims, fingerprint, issuedAtMs, expiresAtMs, signature } = parsed;
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    fingerprint,
    header,
    claims,
    issuedAt: iso(issuedAtMs),
    expiresAt: iso(expiresAtMs),
    signature: { bytes: signature.length, fits },
    objections: found.map((each) => ({
      code: each.code,
      message: objectionText(each),
      hint: objectionHint(each),
    })),
  };
}

interface Seen {
  readonly key: KeyInput | undefined;
  readonly fits: boolean | null;
  readonly nowMs: number;
  /** How wide a line may be. */
  readonly width: number;
}

const LABEL = 14;

const MEANINGS: Readonly<Record<string, string>> = {
  kid: 'Key ID',
  iss: 'Team ID',
  sub: 'Client ID',
};
const CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp'];
const INSTANTS = new Set(['iat', 'exp', 'nbf']);
/** A good secret has five claims; hundreds of others would fill the terminal. */
const MOST_ENTRIES = 20;
const LONGEST = 70;

function report(parsed: ParsedSecret, found: readonly Objection[], seen: Seen): string {
  const { header, claims, fingerprint, expiresAtMs } = parsed;
  const lines = [
    'Header',
    ...entries(header, ['alg', 'kid'], seen.nowMs),
    '',
    'Claims',
    ...entries(claims, CLAIMS, seen.nowMs),
    '',
    row('Signature', signatureText(parsed, seen)),
    row('Fingerprint', fingerprint),
    ...(expiresAtMs === undefined ? [] : [row('Expires', expiryText(expiresAtMs, parsed.issuedAtMs, seen.nowMs))]),
    '',
    ...verdict(found, seen),
  ];
  return `${lines.join('\n')}\n`;
}

function entries(from: Readonly<Record<string, unknown>>, first: readonly string[], nowMs: number): string[] {
  const names = [...first, ...Object.keys(from).filter((name) => !first.includes(name))];
  const rows = names
    .slice(0, MOST_ENTRIES)
    .map((name) => `  ${row(shown(name, 40), entry(name, from, nowMs), LABEL - 2)}`);
  return names.length > MOST_ENTRIES ? [...rows, `  and ${names.length - MOST_ENTRIES} more`] : rows;
}

function entry(name: string, from: Readonly<Record<string, unknown>>, nowMs: number): string {
  if (!Object.hasOwn(from, name)) return '(missing)';
  const value = from[name];
  if (INSTANTS.has(name) && typeof value === 'number' && Math.abs(value) <= 8.64e12)
    return `${value}  (${utcTime(value * 1000)}, ${distance(value * 1000, nowMs)})`;
  const text = typeof value === 'string' ? shown(value, LONGEST) : shownValue(value);
  const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
  return meaning === undefined ? text : `${text}  (${meaning})`;
}

function row(label: string, value: string, width = LABEL): string {
  return `${label.padEnd(width)} ${value}`;
}

function signatureText({ signature }: ParsedSecret, { key, fits }: Seen): string {
  const size = `${signature.length} bytes`;
  if (key === undefined) return `${size}; not checked (pass --key-file)`;
  return fits === true ? `${size}; made by the key in ${key.origin}` : `${size}; not made by the key in ${key.origin}`;
}

function expiryText(expiresAtMs: number, issuedAtMs: number | undefined, nowMs: number): string {
  const local = `${localTime(expiresAtMs)} here`;
  const limitMs = nowMs + APPLE_MAX_LIFETIME_S * 1000;
  if (issuedAtMs === undefined || issuedAtMs > nowMs || expiresAtMs <= nowMs || expiresAtMs > limitMs)
    return `${distance(expiresAtMs, nowMs)}, ${local}`;
  const percent = Math.floor((100 * (expiresAtMs - nowMs)) / (expiresAtMs - issuedAtMs));
  return `${distance(expiresAtMs, nowMs)}, ${local}; ${percent} % of its life remaining`;
}

/** What a comparison with the given key finds. Apple may know the other key. */
const COMPARED: ReadonlySet<ObjectionCode> = new Set([
  'SignatureDoesNotFit',
  'KeyIdDiffers',
  'IssuerDiffers',
  'SubjectDiffers',
]);

function verdict(found: readonly Objection[], { key, width }: Seen): string[] {
  if (found.length === 0)
    return [
      paint('green', 'Apple has nothing to object to.'),
      ...(key === undefined ? ['The signature was not checked: pass --key-file.'] : []),
    ];
  const ofApple = found.filter(({ code }) => !COMPARED.has(code));
  const ofKey = found.filter(({ code }) => COMPARED.has(code));
  return [
    ...objectionLines(`Apple would object to ${counted(ofApple.length, 'thing')}:`, ofApple, width),
    ...(ofApple.length > 0 && ofKey.length > 0 ? [''] : []),
    ...objectionLines(`It does not belong to the key in ${key?.origin}:`, ofKey, width),
  ];
}

function objectionLines(heading: string, found: readonly Objection[], width: number): string[] {
  if (found.length === 0) return [];
  return [
    paint('red', heading),
    ...found.flatMap((each) => [
      '',
      ...wrap(`${each.code}: ${objectionText(each)}`, width - 2).map((line) => `  ${line}`),
      ...wrap(objectionHint(each), width - 4).map((line) => `    ${line}`),
    ]),
  ];
}
