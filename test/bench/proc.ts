// What the kernel says of a process, parsed from the files of /proc.

/** USER_HZ, which is 100 on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

/** From the text of /proc/PID/stat: CPU, user and system, of children that have ended and were waited for, in ms. */
export function childrenCpu(stat: string): number {
  // The name of the program stands in brackets, and may hold anything.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return (((fields[13] ?? 0) + (fields[14] ?? 0)) * 1_000) / TICKS_PER_SECOND;
}

/**
 * From the texts of /proc/PID/task/TID/schedstat, one for each thread: CPU in ms. Finer than /proc/PID/stat, whose 10 ms
 * are two passes. Node ends none of its threads while it runs.
 */
export function threadsCpu(schedstats: readonly string[]): number {
  return schedstats.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
}

/** From the text of /proc/PID/status or smaps_rollup: the line `Name:  123 kB`, in MB; undefined: there is none. */
export function megabytesOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found) / 1024;
}

/** From the text of /proc/PID/io: bytes that went, or will go, to a disk. */
export function bytesWritten(io: string): number {
  return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? Number.NaN);
}
