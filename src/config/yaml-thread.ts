// The thread that parses a large text: it tells the events and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { parseHere } from './yaml-events.ts';

const parsed = parseHere(workerData as string);
parentPort?.postMessage(parsed, 'events' in parsed ? [parsed.events.buffer] : []);
