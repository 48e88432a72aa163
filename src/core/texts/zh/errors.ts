// Every error in Chinese.
import type { ErrorCatalogue } from '../catalogue.ts';
import { CALLS_ZH } from './errors-calls.ts';
import { KEYS_ZH } from './errors-keys.ts';
import { PASS_ZH } from './errors-pass.ts';
import { SETUP_ZH } from './errors-setup.ts';

export const ERRORS_ZH: ErrorCatalogue = { ...SETUP_ZH, ...KEYS_ZH, ...CALLS_ZH, ...PASS_ZH };
