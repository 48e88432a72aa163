// A sample of the storm of alerts; test/campaigns has one of full size.
import { test } from 'vitest';
import { alertStorm } from '../support/alert-storm.ts';

test(
  '100 targets that fail together are few messages, none too many, and few more when it is over',
  () => alertStorm(100),
  180_000,
);
