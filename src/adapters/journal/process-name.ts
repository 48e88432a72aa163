// A name by which a process can be found to be gone by another one of the same machine: its namespace of process ids,
// its id, and when it started, because ids are used again. Where /proc is not there nobody is ever known to be gone.
import { readFileSync, readlinkSync } from 'node:fs';

const NAMED = /^once:([^:]+)\/(\d+)\/(\d+):/;

/** How the lease tokens of this process begin. */
export function onceLeases(): string {
  const [namespace, started] = [namespaceOf(), startedAt(process.pid)];
  return namespace === undefined || started === undefined ? 'once:' : `once:${namespace}/${process.pid}/${started}:`;
}

/** True if a lease with this token is certainly of a process that has ended. */
export function isGone(token: string): boolean {
  const [, namespace, pid, started] = NAMED.exec(token) ?? [];
  if (namespace === undefined || namespace !== namespaceOf()) return false;
  return startedAt(Number(pid)) !== started;
}

function namespaceOf(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '') || undefined;
  } catch {
    return undefined;
  }
}

/** Clock ticks from the start of the machine to that of a process; undefined if there is none (proc(5), /proc/PID/stat). */
function startedAt(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold anything.
    return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
