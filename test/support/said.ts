// What an error in a state, a row or an event says, as a person reads it.
import { type ErrorView, errorView, type StoredError } from '../../src/core/errors.ts';

/** Undefined where there is no error. */
export function said(error: StoredError | null | undefined): ErrorView | undefined {
  return error ? errorView(error, 'shop') : undefined;
}
