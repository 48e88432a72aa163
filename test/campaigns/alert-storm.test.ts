// The storm of alerts at a size that a company may have.
import { test } from 'vitest';
import { alertStorm } from '../support/alert-storm.ts';

test('500 targets that fail together are few messages, none too many, and few more when it is over', () =>
  alertStorm(500));
