// Reads the client secret for `inspect`, without what copying adds to it, or says what the text is instead. The text
// itself never appears in a message.

import type { SecretLook } from '../core/error-troubles.ts';
import { RotatorError } from '../core/errors.ts';
import { type ParsedSecret, parseClientSecret } from '../core/parsed-secret.ts';
import { shownName } from '../core/shown.ts';
import { FileFailure, readNamedFile } from '../net/named-file.ts';
import type { CliContext } from './context.ts';

export interface SecretInput {
  readonly parsed: ParsedSecret;
  readonly warnings: readonly RotatorError[];
}

/** What a text without a JWT looks like; the first pattern that fits counts. */
const LOOKS: readonly (readonly [look: SecretLook, pattern: RegExp])[] = [
  ['pem', /-----BEGIN /],
  ['fingerprint', /^[0-9a-f]{64}$/i],
  ['masked', /^[*•●xX.]+$/],
  ['jwe', /^[\w-]+(?:\.[\w-]*){4}$/],
  ['cut-off', /^eyJ[\w-]*(?:\.[\w-]*)?$/],
  ['page', /^</],
];

/** The secret by argument, file or standard input (in this order), or what is wrong. */
export async function readSecretInput(
  options: { secret?: string | undefined; file?: string | undefined },
  context: CliContext,
): Promise<SecretInput | RotatorError> {
  try {
    return await read(options, context);
  } catch (error) {
    if (error instanceof RotatorError) return error;
    throw error;
  }
}

async function read(
  { secret, file }: { secret?: string | undefined; file?: string | undefined },
  context: CliContext,
): Promise<SecretInput> {
  if (secret !== undefined && file !== undefined) throw new RotatorError('ERR_USAGE', { problem: 'two-secrets' });
  if (secret !== undefined) {
    const { parsed, warnings } = parse(secret, 'the argument');
    return { parsed, warnings: [new RotatorError('ERR_USAGE', { problem: 'secret-in-argument' }), ...warnings] };
  }
  if (file !== undefined && file !== '-') return parse(await readText(file), `file ${shownName(file)}`);
  const text = await context.readStdin();
  if (text === undefined) throw new RotatorError('ERR_USAGE', { problem: 'no-secret' });
  return parse(text, 'standard input');
}

async function readText(path: string): Promise<string> {
  try {
    return (await readNamedFile(path, { pipes: true })).bytes.toString('utf8');
  } catch (cause) {
    if (!(cause instanceof FileFailure)) throw cause;
    const { code } = cause;
    throw new RotatorError('ERR_USAGE', { problem: 'secret-file', path: shownName(path), code }, { cause });
  }
}

function parse(text: string, origin: string): SecretInput {
  const bare = unwrapped(text.replace(/^\uFEFF/, '').trim());
  const joined = bare.replace(/\s+/g, '');
  const parsed = parseClientSecret(joined);
  if (parsed !== undefined) {
    const warnings = joined === bare ? [] : [new RotatorError('ERR_USAGE', { problem: 'secret-with-spaces', origin })];
    return { parsed, warnings };
  }
  const within = secretsIn(text);
  const [only] = within;
  if (within.length > 1)
    throw new RotatorError('ERR_USAGE', { problem: 'several-secrets', count: within.length, origin });
  if (only !== undefined)
    return { parsed: only, warnings: [new RotatorError('ERR_USAGE', { problem: 'secret-in-text', origin })] };
  const found = LOOKS.find(([, pattern]) => pattern.test(joined) || pattern.test(bare));
  if (found === undefined) throw new RotatorError('ERR_USAGE', { problem: 'no-jwt', length: joined.length, origin });
  throw new RotatorError('ERR_USAGE', { problem: 'secret-look', look: found[0], origin });
}

/**
 * The different secrets in a text about them: a header (`Bearer …`), a form (`client_secret=…`), or what a terminal that
 * merges both outputs of `generate` shows. An encrypted JWT has more parts and is none of them.
 */
function secretsIn(text: string): ParsedSecret[] {
  const found = new Set(text.match(/eyJ[\w-]*\.[\w-]+\.[\w-]*(?![\w.-])/g));
  return [...found].map(parseClientSecret).filter((parsed) => parsed !== undefined);
}

/** Out of quotes, or out of the JSON that `generate --json` or CloudBase gives. */
function unwrapped(text: string): string {
  if (!/^["'{]/.test(text)) return text;
  if (text.startsWith("'")) return text.replace(/^'|'$/g, '').trim();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value.trim();
    const entries: [string, unknown][] = Object.entries(value as object);
    const secret = entries.find(([key, found]) => /^clientSecret$/i.test(key) && typeof found === 'string')?.[1];
    return typeof secret === 'string' ? secret : text;
  } catch {
    return text.replace(/^"|"$/g, '').trim();
  }
}
