// Where the daemon's log goes: JSON lines on stdout, or the same made readable for a person (`log.format`).
// pino-pretty runs as a stream in this thread: its worker-thread transport would not survive bundling.
import pino, { type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/resolve.ts';

/**
 * `auto` is readable where a terminal is attached. Writes synchronously, so that no line is lost when the process ends.
 */
export function logDestination(
  stdout: Pick<NodeJS.WriteStream, 'isTTY'> & { readonly fd: number },
  format: Config['log']['format'],
  color: boolean,
): DestinationStream {
  const isReadable = format === 'pretty' || (format === 'auto' && stdout.isTTY);
  if (!isReadable) return pino.destination({ fd: stdout.fd, sync: true });
  return pretty({
    colorize: color,
    translateTime: 'SYS:HH:MM:ss',
    // What the message says in words, or repeats.
    ignore: 'pid,hostname,instance,event,target,envId,rotationId,step,why,asked,verdict,detail,found',
    messageFormat: '{if target}{target}: {end}{msg}',
    sync: true,
    destination: stdout.fd,
  });
}
