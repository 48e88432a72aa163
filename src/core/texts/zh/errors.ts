// Every error in Chinese.
import type { ErrorCatalogue } from '../catalogue.ts';
import { CALLS_ZH } from './errors-calls.ts';
import { PASS_ZH } from './errors-pass.ts';
import { SETUP_ZH } from './errors-setup.ts';

export const ERRORS_ZH: ErrorCatalogue = { ...SETUP_ZH, ...CALLS_ZH, ...PASS_ZH };
