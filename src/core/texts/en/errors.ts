// Every error in English.
import type { ErrorCatalogue } from '../catalogue.ts';
import { CALLS_EN } from './errors-calls.ts';
import { KEYS_EN } from './errors-keys.ts';
import { PASS_EN } from './errors-pass.ts';
import { SETUP_EN } from './errors-setup.ts';

export const ERRORS_EN: ErrorCatalogue = { ...SETUP_EN, ...KEYS_EN, ...CALLS_EN, ...PASS_EN };
