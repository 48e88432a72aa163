// What the errors of AWS Secrets Manager mean to an operator: a row for each name (API reference of Secrets Manager,
// GetSecretValue, and "Common Error Types"). Others may pass. The SDK's errors never become a `cause`: they carry the
// answer, or quote it.
import { type ErrorCode, RotatorError } from '../../../core/errors.ts';
import { shown } from '../../../core/shown.ts';
import { CallFailure } from '../../../net/failure.ts';

interface Row {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
  /** AWS's own message is shown: it names who was refused what. */
  readonly quoted?: true;
}

const REJECTED: Row = {
  code: 'ERR_CREDENTIALS_REJECTED',
  says: 'was refused: the AWS credentials are wrong or expired',
  hint: 'Renew the AWS credentials; if they are right, set the clock of this machine.',
};
const BUSY: Row = {
  code: 'ERR_KEY_SOURCE_UNAVAILABLE',
  says: 'cannot be read now',
  hint: 'Wait; if it lasts, see the AWS Health Dashboard and the quotas of Secrets Manager.',
};

/** By the error's name (AWS Secrets Manager API reference, GetSecretValue and "Common Errors"). */
const TABLE: Readonly<Record<string, Row>> = {
  ResourceNotFoundException: {
    code: 'ERR_KEY_NOT_FOUND',
    says: 'does not exist, or has no version of this stage',
    hint: 'Correct secretId, region and versionStage: secrets are kept by region.',
  },
  InvalidRequestException: {
    code: 'ERR_KEY_NOT_FOUND',
    says: 'is marked for deletion, or has no value yet',
    hint: 'Restore the secret (aws secretsmanager restore-secret), or name another.',
  },
  InvalidParameterException: {
    code: 'ERR_KEY_NOT_FOUND',
    says: 'is not a valid name',
    hint: 'Correct secretId and versionStage.',
  },
  ValidationException: {
    code: 'ERR_KEY_NOT_FOUND',
    says: 'is not a valid name',
    hint: 'Correct secretId and versionStage.',
  },
  AccessDeniedException: {
    code: 'ERR_KEY_FORBIDDEN',
    says: 'may not be read',
    hint: 'Allow secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key if it has one of its own.',
    quoted: true,
  },
  DecryptionFailure: {
    code: 'ERR_KEY_FORBIDDEN',
    says: 'cannot be decrypted by its KMS key',
    hint: "See whether the secret's KMS key is enabled, and allow kms:Decrypt on it.",
  },
  UnrecognizedClientException: REJECTED,
  InvalidSignatureException: REJECTED,
  SignatureDoesNotMatch: REJECTED,
  IncompleteSignature: REJECTED,
  IncompleteSignatureException: REJECTED,
  InvalidClientTokenId: REJECTED,
  ExpiredToken: REJECTED,
  ExpiredTokenException: REJECTED,
  RequestExpired: REJECTED,
  MissingAuthenticationToken: REJECTED,
  MissingAuthenticationTokenException: REJECTED,
  OptInRequired: REJECTED,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  ThrottledException: BUSY,
  TooManyRequestsException: BUSY,
  RequestLimitExceeded: BUSY,
  LimitExceededException: BUSY,
  InternalServiceError: BUSY,
  InternalFailure: BUSY,
  ServiceUnavailable: BUSY,
};

/** The error for a failed GetSecretValue. `origin` names the secret. */
export function readError(origin: string, thrown: unknown): RotatorError {
  if (thrown instanceof CallFailure) return callError(origin, thrown);
  const { name, message, status, requestId } = aspects(thrown);
  const row = status >= 500 ? undefined : TABLE[name];
  if (row === undefined) return unavailable(origin, `cannot be read now (${remoteCode(name, status)})`);
  return new RotatorError(row.code, `${origin} ${row.says} (${name})${row.quoted ? `: ${shown(message, 300)}` : ''}`, {
    hint: row.hint,
    remoteCode: name,
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/**
 * The error for a credential chain that gives nothing: nothing is set up, STS or SSO refused, or out of reach for now.
 */
export function credentialsError(origin: string, thrown: unknown): RotatorError {
  const { name, message, status } = aspects(thrown);
  const busy = status >= 500 || TABLE[name] === BUSY;
  const kind = thrown instanceof CallFailure || busy ? 'UNAVAILABLE' : status > 0 ? 'REJECTED' : 'MISSING';
  return new RotatorError(`ERR_CREDENTIALS_${kind}`, `no AWS credentials for ${origin}: ${inOwnWords(name, message)}`, {
    hint: CREDENTIAL_HINTS[kind],
    remoteCode: thrown instanceof CallFailure ? thrown.kind : name,
  });
}

const CREDENTIAL_HINTS = {
  MISSING:
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (AWS_PROFILE), or give this machine or pod a role.',
  REJECTED: 'See the role and its trust policy, and the token or keys by which it is taken.',
  UNAVAILABLE: 'Wait; if it lasts, see whether STS can be reached from here (HTTPS_PROXY, NO_PROXY).',
} as const;

/** The SDK's messages are plain sentences. Other text comes from a credential_process, and may hold anything. */
function inOwnWords(name: string, message: string): string {
  return /^[\w .,:;'"[\]()/-]{1,200}$/.test(message) ? shown(message, 200) : name;
}

function callError(origin: string, failure: CallFailure): RotatorError {
  if (failure.kind !== 'REDIRECTED') return unavailable(origin, failure.message, failure.kind, failure);
  return new RotatorError('ERR_REDIRECTED', `${origin} ${failure.message}, which is never followed`, {
    hint: 'Correct endpoint, or the proxy that answers in its place.',
    cause: failure,
    remoteCode: failure.kind,
  });
}

/** Something that may pass. `what` continues the sentence that `origin` begins. */
export function unavailable(origin: string, what: string, code?: string, cause?: CallFailure): RotatorError {
  return new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', `${origin} ${what}`, {
    hint:
      code === undefined
        ? BUSY.hint
        : 'Wait; if it lasts, see whether the endpoint can be reached from here (HTTPS_PROXY, NO_PROXY).',
    cause,
    ...(code === undefined ? {} : { remoteCode: code }),
  });
}

/** AWS's own name of the error, or the HTTP status of an answer that is not AWS's. */
function remoteCode(name: string, status: number): string {
  if (TABLE[name] !== undefined || /^[A-Z]\w+Exception$/.test(name)) return name;
  return status === 0 || status === 200 ? 'the answer is not of its protocol' : `HTTP ${status}`;
}

function aspects(thrown: unknown): { name: string; message: string; status: number; requestId: string | undefined } {
  const { name, message, $metadata, $response } = thrown as {
    name?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: { statusCode?: number };
  };
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : '',
    status: $metadata?.httpStatusCode ?? $response?.statusCode ?? 0,
    requestId: $metadata?.requestId,
  };
}
