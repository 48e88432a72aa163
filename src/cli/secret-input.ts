// The client secret that `inspect` is pointed at, freed of what copying adds to it; and what a text is that is none.
// The text never appears in a message.
import { type ParsedSecret, parseClientSecret } from '../core/parsed-secret.ts';
import { shownName } from '../core/shown.ts';
import { fileTrouble } from '../core/texts/en/calls.ts';
import { FileFailure, readNamedFile } from '../net/named-file.ts';
import type { CliContext } from './context.ts';
import type { Problem } from './problems.ts';

export interface SecretInput {
  readonly parsed: ParsedSecret;
  readonly warnings: readonly string[];
}

const HOW = 'Pass the secret on standard input or with --file.';

/** What a text without a JWT looks like; the first that fits is told. */
const LOOKS: readonly { readonly pattern: RegExp; readonly is: string; readonly hint: string }[] = [
  {
    pattern: /-----BEGIN /,
    is: 'a PEM: the key, not the client secret that is made with it',
    hint: 'Make a client secret with `generate`; here the key belongs to --key-file.',
  },
  {
    pattern: /^[0-9a-f]{64}$/i,
    is: 'a fingerprint or digest, from which the secret cannot be recovered',
    hint: 'Find the secret itself where it was made; fingerprints serve to compare.',
  },
  { pattern: /^[*•●xX.]+$/, is: 'a masked secret', hint: 'Find the secret itself where it was made.' },
  {
    pattern: /^[\w-]+(?:\.[\w-]*){4}$/,
    is: 'an encrypted JWT (JWE, five parts), wanted a signed one (three parts)',
    hint: 'Sign the claims with ES256, unencrypted.',
  },
  {
    pattern: /^eyJ[\w-]*(?:\.[\w-]*)?$/,
    is: 'a JWT that is cut off: it has less than three parts',
    hint: 'Copy it again, whole.',
  },
  { pattern: /^</, is: 'an HTML or XML page', hint: HOW },
];

/** The secret by argument, file or standard input (in this order), or what is wrong. */
export async function readSecretInput(
  { secret, file }: { secret?: string | undefined; file?: string | undefined },
  context: CliContext,
): Promise<SecretInput | Problem> {
  if (secret !== undefined && file !== undefined)
    return { message: 'both an argument and --file were given, wanted one secret', hint: 'Leave out one of them.' };
  if (secret !== undefined) {
    const input = parse(secret, 'the argument');
    return 'hint' in input ? input : { ...input, warnings: [VISIBLE, ...input.warnings] };
  }
  if (file !== undefined && file !== '-') {
    const text = await readText(file);
    return typeof text === 'string' ? parse(text, `file ${shownName(file)}`) : text;
  }
  const text = await context.readStdin();
  return text === undefined ? { message: 'there is nothing to inspect', hint: HOW } : parse(text, 'standard input');
}

const VISIBLE =
  "a secret in an argument is visible in the process list and stays in the shell's history: prefer standard input or --file";

async function readText(path: string): Promise<string | Problem> {
  try {
    return (await readNamedFile(path, { pipes: true })).bytes.toString('utf8');
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    return { message: `file ${shownName(path)} ${fileTrouble(thrown.code)}`, hint: 'Correct --file.' };
  }
}

function parse(text: string, origin: string): SecretInput | Problem {
  const bare = unwrapped(text.replace(/^\uFEFF/, '').trim());
  const joined = bare.replace(/\s+/g, '');
  const parsed = parseClientSecret(joined);
  if (parsed !== undefined) {
    const broken = `the secret in ${origin} has spaces or line breaks within; they were left out, and must not be in CloudBase`;
    return { parsed, warnings: joined === bare ? [] : [broken] };
  }
  if (joined === '') return { message: `${origin} is empty`, hint: HOW };
  const look = LOOKS.find(({ pattern }) => pattern.test(joined)) ?? LOOKS.find(({ pattern }) => pattern.test(bare));
  if (look !== undefined) return { message: `${origin} holds ${look.is}`, hint: look.hint };
  return {
    message: `${origin} holds no JWT (${joined.length} characters of something else)`,
    hint: 'A client secret is three base64url parts with dots between them, and begins with eyJ.',
  };
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
