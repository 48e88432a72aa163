// Counts turns of the event loop, where work must let others have theirs.

/** How many turns the loop made while `work` went on. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let [turns, goesOn] = [0, true];
  const count = () => {
    turns += 1;
    if (goesOn) setImmediate(count);
  };
  setImmediate(count);
  try {
    await work();
  } finally {
    goesOn = false;
  }
  return turns;
}
