// Before each file: the tries of a property that says nothing else (fast-check's own number, scaled), and the seed.
import fc from 'fast-check';
import { SEED, tries } from '../support/campaign.ts';

fc.configureGlobal({ numRuns: tries(100), ...(SEED === undefined ? {} : { seed: SEED }) });
