// What each ending of a rotation that did not succeed says to the operator: what was found, and the next step.
import { RotatorError } from '../core/errors.ts';

export function notApplied(): RotatorError {
  return new RotatorError(
    'ERR_NOT_APPLIED',
    'CloudBase answered the write with success, but still shows the old client secret',
    {
      hint: 'Nothing more was written; it is tried again by itself. If it repeats, set the secret by hand once (`generate`) and tell Tencent the request id.',
    },
  );
}

export function conflict(): RotatorError {
  return new RotatorError(
    'ERR_CONFLICT',
    'after our write the provider holds a third client secret, which is readable and not expired',
    {
      hint: 'Somebody else wrote it at the same moment, and it was left in place; find out who (a person, another rotator) and agree on one.',
    },
  );
}

export function unfit(): RotatorError {
  return new RotatorError(
    'ERR_READ_BACK',
    'after our write the provider holds no usable client secret, and there was no good one to put back',
    {
      hint: 'It is tried again by itself; until then set a secret by hand in the CloudBase console (`generate` makes one).',
    },
  );
}

export function rolledBack(): RotatorError {
  return new RotatorError(
    'ERR_ROLLED_BACK',
    'our write left no usable client secret, so the previous one was put back',
    {
      hint: 'Logins work as before; it is tried again by itself. If it repeats, look at the provider in the CloudBase console.',
    },
  );
}

export function rollbackFailed(failure: RotatorError | 'left alone' | undefined): RotatorError {
  const cause = failure instanceof RotatorError ? failure : undefined;
  const moved = 'the provider changed meanwhile or cannot be sent back, and was left alone';
  const why = failure === 'left alone' ? moved : (cause?.message ?? 'it does not show');
  return new RotatorError(
    'ERR_ROLLBACK_FAILED',
    `our write left no usable client secret, and the previous one could not be put back: ${why}`,
    {
      hint: 'Set a client secret by hand now in the CloudBase console (`generate` makes one); Apple logins may be failing.',
      cause,
    },
  );
}

export function fieldsLost(paths: readonly string[]): RotatorError {
  return new RotatorError(
    'ERR_PROVIDER_CHANGED',
    `the new client secret is in place, but the write changed ${paths.join(', ')} and restoring failed`,
    {
      hint: 'Correct these fields by hand in the CloudBase console (Login Methods, Apple); until then logins may fail.',
    },
  );
}

/** The provider was there before the write. */
export function providerGone(): RotatorError {
  return new RotatorError('ERR_PROVIDER_NOT_FOUND', 'the provider has been deleted since it was written', {
    hint: 'Create the Apple login method again in the CloudBase console, or remove the target from the configuration.',
  });
}

/** A reading that was cut off by the end of the program. */
export function stoppedReading(): RotatorError {
  return new RotatorError('ERR_INTERRUPTED', 'the program had to stop before the provider could be read', {
    hint: 'The next pass reads the provider and finds out.',
  });
}

/** Also for a row that a crash left open. */
export function outcomeUnknown(why: string): RotatorError {
  return new RotatorError('ERR_OUTCOME_UNKNOWN', `it could not be read whether the new client secret arrived: ${why}`, {
    hint: 'Nothing to do: the earlier expiry is assumed, and the target is rotated again.',
  });
}

export function interrupted(): RotatorError {
  return new RotatorError('ERR_INTERRUPTED', 'the program ended before anything was written', {
    hint: 'Nothing to do: the target is checked again now.',
  });
}

export function neverApplied(): RotatorError {
  return new RotatorError(
    'ERR_NOT_APPLIED',
    'the program was cut off, and the provider still holds the old client secret',
    {
      hint: 'Nothing to do: the target is checked again now.',
    },
  );
}

export function replaced(): RotatorError {
  return new RotatorError(
    'ERR_CONFLICT',
    'the program was cut off, and the provider holds a client secret that is neither the old nor the new one',
    {
      hint: 'Somebody else wrote it, and it was left in place; find out who (a person, another rotator) and agree on one.',
    },
  );
}

export function leaseLost({ message }: RotatorError): RotatorError {
  return new RotatorError('ERR_LEASE_LOST', `another process works on this target: ${message}`, {
    hint: 'Nothing to do: the other process finishes the rotation, or this one tries again.',
  });
}

/** What moved has made the rotation unnecessary or impossible. */
export function superseded({ message }: RotatorError): RotatorError {
  return new RotatorError('ERR_SUPERSEDED', `given up before anything was written: ${message}`, {
    hint: 'Nothing to do: the provider was looked at again, and this rotation is not wanted any more.',
  });
}
