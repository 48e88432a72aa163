// A sample of the storm of alerts; test/campaigns has one of full size.
import { test } from 'vitest';
import { alertStorm } from '../../support/alert-storm.ts';

test(
  '40 targets whose permission is denied are two messages at most in every channel, and one when it is over',
  () => alertStorm(40),
  240_000,
);
