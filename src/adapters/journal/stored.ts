// What a row of the journal may look like: the schemas of core/records.ts, once as a row is read and once as it is
// written. What is written is cleaned here and nowhere else in the journal, and is certain to be readable again. Prose is
// cleaned whole; identifiers and the provider's fields lose only secrets, because they must come back as they were.
import * as z from 'zod';
import { alertSchemas } from '../../core/alerts/records.ts';
import { isJsonObject } from '../../core/json.ts';
import { cleanText } from '../../core/output.ts';
import { AS_IT_IS, anyJson, anyJsonObject, type Kinds, recordSchemas } from '../../core/records.ts';
import { redact, redactText } from '../../core/redact.ts';

const schemas = (kinds: Kinds) => ({ ...recordSchemas(kinds), ...alertSchemas(kinds) });

export const reading = schemas(AS_IT_IS);

export const writing = schemas({
  prose: z.string().overwrite(cleanText),
  label: z.string().overwrite(storedLabel),
  thumbprint: z.string().overwrite(storedThumbprint),
  fields: anyJsonObject.transform((fields) => redact(fields) as Record<string, unknown>),
  params: anyJson.transform(storedParams),
});

/**
 * An RFC 7638 thumbprint (base64url of 32 bytes). One in some thousands holds the letters that begin a JWT; redacted,
 * it would look like another key under the same id and stop the target, so it is kept as it is.
 */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

function storedThumbprint(value: string): string {
  return THUMBPRINT.test(value) ? value : redactText(value);
}

/**
 * An identifier as the journal may keep it: what is looked up must come back as it was. The patterns of a JWT also fit
 * honest names (`newgateway-proxy.example…`), so one is cut out only where a header that names an algorithm can be
 * read from it.
 */
export function storedLabel(value: string): string {
  const clean = redactText(value);
  if (clean === value) return value;
  const otherSecrets = clean.replaceAll('[redacted JWT]', '').includes('[redacted ');
  return otherSecrets || holdsToken(value) ? clean : value;
}

function storedParams(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, storedParams(item)]));
  return Array.isArray(value) ? value.map(storedParams) : value;
}

function holdsToken(value: string): boolean {
  for (const { index } of value.matchAll(/e(?=[wy])/g)) {
    const [header = ''] = /^[\w-]*/.exec(value.slice(index)) ?? [];
    if (Buffer.from(header, 'base64url').toString('latin1').includes('"alg"')) return true;
  }
  return false;
}

/** What a schema makes of a value that is to be written. Throws a TypeError that says what does not fit. */
export function storable<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TypeError(`the journal cannot keep this ${what}: ${complaint(result.error)}`);
}

/** Reads the document of a row: its value, or why it is none. */
export function parsed<T>(schema: z.ZodType<T>, document: unknown): { readonly value: T } | { readonly why: string } {
  let found: unknown;
  try {
    found = JSON.parse(String(document));
  } catch {
    return { why: 'no JSON' };
  }
  const result = schema.safeParse(found);
  return result.success ? { value: result.data } : { why: complaint(result.error) };
}

/** Where a row does not fit, in one line and without its values. */
function complaint(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message.toLowerCase()}`)
    .join('; ');
}
