// Where the daemon's log goes: JSON lines on stdout, or, where a terminal is attached, the same made readable.
// pino-pretty runs as a stream in this thread: its worker-thread transport would not survive bundling.
import pino, { type DestinationStream } from 'pino';
import pretty from 'pino-pretty';

/** Writes synchronously, so that no line is lost when the process ends. */
export function logDestination(
  stdout: NodeJS.WriteStream & { readonly fd: number },
  color: boolean,
): DestinationStream {
  if (stdout.isTTY !== true) return pino.destination({ fd: stdout.fd, sync: true });
  return pretty({
    colorize: color,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,instance,event,target,envId,rotationId',
    messageFormat: '{if target}{target}: {end}{msg}',
    sync: true,
    destination: stdout.fd,
  });
}
