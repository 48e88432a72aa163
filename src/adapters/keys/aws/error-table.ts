// What the errors of AWS Secrets Manager mean to an operator: a row for each name (API reference of Secrets Manager,
// GetSecretValue, and "Common Error Types"). Others may pass. The SDK's errors never become a `cause`: they carry the
// answer, or quote it.
import type { CallTrouble } from '../../../core/error-troubles.ts';
import { RotatorError, type RotatorErrorOptions } from '../../../core/errors.ts';
import { apiCodeOf, requestIdOf, resourcesIn } from '../../../core/foreign.ts';
import { CallFailure } from '../../../net/failure.ts';

type Row =
  | { readonly code: 'ERR_KEY_NOT_FOUND'; readonly problem: 'aws-absent' | 'aws-no-value' | 'aws-name' }
  | { readonly code: 'ERR_KEY_FORBIDDEN'; readonly problem: 'aws-denied' | 'aws-kms' }
  | { readonly code: 'ERR_CREDENTIALS_REJECTED'; readonly problem: 'aws-call' }
  | 'busy';

/** The names of AWS's errors by what they mean. */
const ROWS: readonly (readonly [row: Row, names: string])[] = [
  [{ code: 'ERR_KEY_NOT_FOUND', problem: 'aws-absent' }, 'ResourceNotFoundException'],
  [{ code: 'ERR_KEY_NOT_FOUND', problem: 'aws-no-value' }, 'InvalidRequestException'],
  [{ code: 'ERR_KEY_NOT_FOUND', problem: 'aws-name' }, 'InvalidParameterException ValidationException'],
  [{ code: 'ERR_KEY_FORBIDDEN', problem: 'aws-denied' }, 'AccessDeniedException'],
  [{ code: 'ERR_KEY_FORBIDDEN', problem: 'aws-kms' }, 'DecryptionFailure'],
  [
    { code: 'ERR_CREDENTIALS_REJECTED', problem: 'aws-call' },
    'UnrecognizedClientException InvalidSignatureException SignatureDoesNotMatch IncompleteSignature ' +
      'IncompleteSignatureException InvalidClientTokenId ExpiredToken ExpiredTokenException RequestExpired ' +
      'MissingAuthenticationToken MissingAuthenticationTokenException OptInRequired',
  ],
  [
    'busy',
    'Throttling ThrottlingException ThrottledException TooManyRequestsException RequestLimitExceeded ' +
      'LimitExceededException InternalServiceError InternalFailure ServiceUnavailable',
  ],
];
const TABLE = new Map(ROWS.flatMap(([row, names]) => names.split(' ').map((name) => [name, row] as const)));

/** The error for a failed GetSecretValue. `origin` names the secret. */
export function readError(origin: string, thrown: unknown): RotatorError {
  if (thrown instanceof CallFailure) {
    const { trouble, kind: remoteCode } = thrown;
    if (trouble.trouble === 'certificate') return untrusted(origin, trouble.code, thrown);
    if (trouble.trouble !== 'redirected') return unavailable(origin, trouble, { cause: thrown, remoteCode });
    return new RotatorError('ERR_REDIRECTED', { call: origin, status: trouble.status }, { cause: thrown, remoteCode });
  }
  const { name, message, status, requestId } = aspects(thrown);
  const row = status >= 500 ? undefined : TABLE.get(name);
  if (row === undefined) return unavailable(origin, unknownTrouble(name, status), {});
  const options = { remoteCode: name, requestId, remoteMessage: message };
  if (row === 'busy') return unavailable(origin, { trouble: 'code', code: name }, options);
  switch (row.code) {
    case 'ERR_KEY_NOT_FOUND':
      return new RotatorError(row.code, { problem: row.problem, origin, code: name }, options);
    case 'ERR_KEY_FORBIDDEN':
      // AWS's message names who was refused what; the rest of it is not quoted.
      return row.problem === 'aws-kms'
        ? new RotatorError(row.code, { problem: row.problem, origin, code: name }, options)
        : new RotatorError(
            row.code,
            { problem: row.problem, origin, said: [name, resourcesIn(message)].filter(Boolean).join(': ') },
            options,
          );
    case 'ERR_CREDENTIALS_REJECTED':
      return new RotatorError(row.code, { problem: row.problem, origin, said: name }, options);
  }
}

/**
 * The error for a credential chain that gives nothing: nothing is set up, STS or SSO refused, or out of reach for now.
 */
export function credentialsError(origin: string, thrown: unknown): RotatorError {
  if (thrown instanceof CallFailure && thrown.trouble.trouble === 'certificate')
    return untrusted(origin, thrown.trouble.code, thrown);
  const { name, message, status } = aspects(thrown);
  const [options, said] = [{ remoteCode: name, remoteMessage: message }, inOwnWords(name, message)];
  if (thrown instanceof CallFailure)
    return new RotatorError(
      'ERR_CREDENTIALS_UNAVAILABLE',
      { problem: 'aws', origin, ...thrown.trouble },
      { ...options, remoteCode: thrown.kind },
    );
  if (status >= 500 || TABLE.get(name) === 'busy')
    return new RotatorError(
      'ERR_CREDENTIALS_UNAVAILABLE',
      { problem: 'aws', origin, trouble: 'code', code: name },
      options,
    );
  return status > 0
    ? new RotatorError('ERR_CREDENTIALS_REJECTED', { problem: 'aws-chain', origin, said }, options)
    : new RotatorError('ERR_CREDENTIALS_MISSING', { problem: 'aws', origin, said }, options);
}

/** What the SDK says of a chain that has no credentials. Other text is the service's, or a credential_process's. */
const SDK_SAYS =
  /^(?:Could not load credentials from any providers|Could not resolve credentials using profile|Could not find SSO session|The SSO session (?:associated with this profile )?(?:has expired|is invalid)|Token is expired)/;

function inOwnWords(name: string, message: string): string {
  return SDK_SAYS.exec(message)?.[0] ?? name;
}

function untrusted(origin: string, code: string, cause: CallFailure): RotatorError {
  return new RotatorError('ERR_CERTIFICATE', { call: origin, code }, { cause, remoteCode: cause.kind });
}

/** Something that may pass. */
export function unavailable(origin: string, trouble: CallTrouble, options: RotatorErrorOptions): RotatorError {
  return new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', { problem: 'aws-call', origin, ...trouble }, options);
}

/** By AWS's own name of the error, or the HTTP status of an answer that is not AWS's. */
function unknownTrouble(name: string, status: number): CallTrouble {
  if (TABLE.has(name) || /^[A-Z]\w+Exception$/.test(name)) return { trouble: 'code', code: name };
  return status === 0 || status === 200 ? { trouble: 'malformed' } : { trouble: 'http', status };
}

function aspects(thrown: unknown): { name: string; message: string; status: number; requestId: string | undefined } {
  const { name, message, $metadata, $response } = thrown as {
    name?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: { statusCode?: number };
  };
  return {
    name: typeof name === 'string' ? apiCodeOf(name) : 'Error',
    message: typeof message === 'string' ? message : '',
    status: $metadata?.httpStatusCode ?? $response?.statusCode ?? 0,
    requestId: requestIdOf($metadata?.requestId),
  };
}
