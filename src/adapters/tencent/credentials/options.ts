// The scalars of the options in this folder. Their errors say what is wanted; the configuration adds what was found.
import * as z from 'zod';

/** Text that is not empty. */
export function text(wanted: string) {
  return z.string({ error: wanted }).min(1, { error: wanted });
}

/** An http or https URL. Which hosts it may name is judged where allowHosts is known. */
export function httpUrl(wanted: string) {
  return text(wanted).refine((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''), { error: wanted });
}

/** The name of an environment variable. */
export function variableName() {
  const wanted = 'the name of a variable';
  return text(wanted).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: wanted });
}
