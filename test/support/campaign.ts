// How long randomised tests run. `npm test` tries a sample; `npm run test:properties` and `npm run test:campaigns` run the
// same tests with more tries, and with a seed that they print and that repeats the run.

/** How many times the tries of `npm test`. */
export const SCALE = Number(process.env['CAMPAIGN_SCALE'] ?? 1);

/** The seed of every randomised test; undefined: each test chooses its own, and a failure names it. */
export const SEED = process.env['CAMPAIGN_SEED'] === undefined ? undefined : Number(process.env['CAMPAIGN_SEED']);

/** How often a randomised test tries, by its tries in `npm test`; `campaign`: in a campaign, where that is not to scale. */
export function tries(sample: number, campaign = sample * SCALE): number {
  return Math.max(1, Math.round(SCALE > 1 ? campaign : sample * SCALE));
}

/** The tries of a property over hostile input: 300 in `npm test`, 5,000 in a campaign of the usual scale. */
export const CASES = SCALE === 1 ? 300 : Math.max(1, Math.round(500 * SCALE));
