// How far a command over many targets has come: counted here, shown by the command.

export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly all: number;
}

/** Hears at the start and after each target how far the work has come. */
export type OnProgress = (progress: Progress) => void;

/** Counts `all` targets; the function that it returns is called as each is done. */
export function counting(all: number, onProgress: OnProgress): (isFailed: boolean) => void {
  let progress: Progress = { done: 0, failed: 0, all };
  onProgress(progress);
  return (isFailed) => {
    const { done, failed } = progress;
    progress = { done: done + 1, failed: failed + (isFailed ? 1 : 0), all };
    onProgress(progress);
  };
}
