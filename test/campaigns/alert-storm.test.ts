// The storm of alerts at a size that a company may have.
import { test } from 'vitest';
import { alertStorm } from '../support/alert-storm.ts';

test('500 targets whose permission is denied are two messages at most in every channel, and one when it is over', () =>
  alertStorm(500));
