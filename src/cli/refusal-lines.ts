// What the terminal says of alerts that were sent because the program could not do its work: whom they reached.
import type { Refused } from '../service/start-refusal.ts';

/** A line a channel. `what`: what they were told, as it follows "that". */
export function refusalLines(refused: Refused, what: string): string[] {
  if (refused === 'told before') return ['the channels were told of this before; they are told again when it lasts'];
  return [...refused].map(([channel, failure]) =>
    failure === undefined
      ? `channel ${channel} was told that ${what}`
      : `channel ${channel} could not be told: ${failure.message}`,
  );
}
