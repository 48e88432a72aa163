// `generate`: mints one client secret by hand, without configuration or network. Only the secret goes to stdout; what a
// person wants to know about it goes to stderr. Loads no SDK and no schema library: it takes twice the time of a script that
// signs with node:crypto alone.

import { mintClientSecret, objections, parseClientSecret } from '../core/client-secret.ts';
import { RotatorError } from '../core/errors.ts';
import { joinIds } from '../core/key-ids.ts';
import type { KeyMaterial } from '../core/key-material.ts';
import type { Objection } from '../core/reasons.ts';
import { shownName } from '../core/shown.ts';
import { counted } from '../core/texts/en/words.ts';
import { DAY } from '../core/time.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { localTime, utcTime } from './instants.ts';
import { readKeyInput } from './key-input.ts';
import { printProblems, printWarnings } from './problems.ts';

export interface GenerateOptions {
  readonly teamId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly keyId?: string | undefined;
  /** A path, or `-` for standard input. */
  readonly keyFile?: string | undefined;
  /** As given on the command line; default 180. */
  readonly days?: string | number | undefined;
  readonly json?: boolean | undefined;
}

const MAX_DAYS = 180;

/** Prints a client secret. 2: the options or the key are wrong; every problem is printed at once. */
export async function generate(options: GenerateOptions, context: CliContext): Promise<ExitStatus> {
  const { problems, warnings, request } = await readRequest(options, context);
  printWarnings(warnings, context);
  if (request === undefined) {
    printProblems(problems, context);
    return EXIT.usage;
  }
  const { key, days } = request;
  const nowMs = context.clock.now();
  const minted = await mintClientSecret(key, { nowMs, lifetimeMs: days * DAY });
  await checkAsAppleWould(minted.jwt, key, nowMs);
  if (options.json) {
    const { jwt: clientSecret, fingerprint } = minted;
    const { teamId, clientId, keyId } = key;
    const [issuedAt, expiresAt] = [minted.issuedAtMs, minted.expiresAtMs].map((ms) => new Date(ms).toISOString());
    const document = { clientSecret, teamId, clientId, keyId, issuedAt, expiresAt, fingerprint };
    context.stdout.writeSecret(`${JSON.stringify(document, null, 2)}\n`);
    return EXIT.ok;
  }
  context.stderr.write(explanation(key, days, minted));
  context.stdout.writeSecret(`${minted.jwt}\n`);
  return EXIT.ok;
}

interface Request {
  readonly key: KeyMaterial;
  readonly days: number;
}

async function readRequest(
  options: GenerateOptions,
  context: CliContext,
): Promise<{ problems: RotatorError[]; warnings: readonly RotatorError[]; request?: Request }> {
  const { keyFile = '' } = options;
  const noFile = () => new RotatorError('ERR_USAGE', { problem: 'no-key-file' });
  const input = keyFile === '' ? noFile() : await readKeyInput(keyFile, context);
  const found = input instanceof RotatorError ? undefined : input;
  const joined = joinIds(options, found?.ids ?? {}, found?.origin ?? keyFile, 'command-line');
  const given = String(options.days ?? MAX_DAYS);
  const days = Number(given);
  const isDays = /^\d{1,9}$/.test(given) && days >= 1 && days <= MAX_DAYS;
  const problems = [
    ...joined.problems,
    ...(input instanceof RotatorError ? [input] : []),
    ...(isDays ? [] : [new RotatorError('ERR_USAGE', { problem: 'days', found: shownName(given) })]),
  ];
  const { teamId, clientId, keyId } = joined.ids;
  const warnings = [...(found?.warnings ?? []), ...otherName(found?.namedKeyId, keyId, keyFile)];
  if (problems.length > 0 || found === undefined || !teamId || !clientId || !keyId) return { problems, warnings };
  const { privateKey, publicKey, thumbprint } = found;
  const key = { teamId, clientId, keyId, privateKey, publicKey, thumbprint };
  return { problems, warnings, request: { key, days } };
}

function otherName(named: string | undefined, keyId: string | undefined, path: string): RotatorError[] {
  if (named === undefined || keyId === undefined || named === keyId) return [];
  return [new RotatorError('ERR_KEY_INVALID', { problem: 'other-name', path, named, keyId })];
}

/** Checks what is printed with another implementation than the one that made it. */
async function checkAsAppleWould(jwt: string, key: KeyMaterial, nowMs: number): Promise<void> {
  const parsed = parseClientSecret(jwt);
  const found: readonly Objection[] =
    parsed === undefined
      ? [{ code: 'EncodingDamaged', found: null, wanted: null }]
      : await objections(parsed, { nowMs, publicKey: key.publicKey, expected: key });
  if (found.length > 0) throw new RotatorError('ERR_CANDIDATE_INVALID', { objections: found });
}

function explanation(
  key: KeyMaterial,
  days: number,
  { expiresAtMs, fingerprint }: { expiresAtMs: number; fingerprint: string },
): string {
  return `Client secret for Sign in with Apple, valid for ${counted(days, 'day')}:

  Team ID        ${key.teamId}
  Client ID      ${key.clientId}
  Key ID         ${key.keyId}
  Expires        ${utcTime(expiresAtMs)}
  Local time     ${localTime(expiresAtMs)}
  Fingerprint    ${fingerprint}

To use it, open the CloudBase console: Authentication > Login Methods > Apple

  Client ID      ${key.clientId}
  Client Secret  the line on standard output
  Scope          openid email name

Save and enable. Treat the secret like a password, and replace it before it expires: from that
moment every Apple login fails. The daemon does that by itself.

`;
}
