// Before all campaigns: chooses what the caller left open, and prints how to repeat the run.
const SCALE = '10';

export function setup(): void {
  const { CAMPAIGN_SEED: seed = String(Date.now() % 2 ** 31), CAMPAIGN_SCALE: scale = SCALE } = process.env;
  Object.assign(process.env, { CAMPAIGN_SEED: seed, CAMPAIGN_SCALE: scale });
  process.stdout.write(`repeat this run with CAMPAIGN_SEED=${seed} CAMPAIGN_SCALE=${scale}\n`);
}
