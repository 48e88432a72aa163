// `alerts`: what is raised now, since when, and where it was sent; or, with --test, a test message through each
// channel. Reads the journal and works beside the running daemon; a test message is kept nowhere.
import { type AlertSettings, policyOf } from '../alerts/stories/news.ts';
import { type AlertsView, type AlertView, alertsView, type ChannelView } from '../alerts/words/alert-view.ts';
import type { Links } from '../alerts/words/links.ts';
import type { AlertMessage } from '../core/alerts/message.ts';
import { CAUSES, type Cause } from '../core/alerts/names.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { AlertStore } from '../core/journal-ports.ts';
import type { Channel } from '../core/ports.ts';
import { shown, shownName } from '../core/shown.ts';
import { command } from '../core/texts/command.ts';
import { counted } from '../core/texts/en/words.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, minute } from './instants.ts';
import { printJson } from './print-json.ts';
import { type Cell, type Column, type TableRow, writeTable } from './table.ts';

export interface AlertsTools extends Links {
  readonly context: CliContext;
  readonly journal: AlertStore;
  /** The configured channels, as far as they could be read. */
  readonly channels: readonly (AlertSettings['channels'][number] & { readonly type: string })[];
  /** False where the journal alone is read: it may know further channels. */
  readonly isConfigured: boolean;
  readonly repeatEvery: AlertSettings['repeatEvery'];
}

const COLUMNS: readonly Column[] = [
  { title: 'SEVERITY' },
  { title: 'TARGET' },
  { title: 'CAUSE' },
  { title: 'SINCE' },
  { title: 'SECRET EXPIRES' },
];
const CHANNEL_COLUMNS: readonly Column[] = [
  { title: 'CHANNEL' },
  { title: 'TYPE' },
  { title: 'LAST DELIVERED' },
  { title: 'WAITING' },
  { title: 'FAILURES' },
];

/** Prints what is raised; 0 whatever it is. */
export async function alerts(options: { json: boolean }, tools: AlertsTools): Promise<ExitStatus> {
  const { context, journal, isConfigured, ...configured } = tools;
  const now = context.clock.now();
  const book = await journal.alertBook();
  const channels = isConfigured
    ? configured.channels
    : [...configured.channels, ...recorded(book, configured.channels)];
  const settings = { ...configured, channels };
  const view = alertsView(book, { now, policy: policyOf(settings, false), ...settings });
  if (Object.keys(book.memo.watchedSince).length === 0) context.stderr.write(neverChecked());
  if (options.json) printJson(context.stdout, view);
  else print(view, context, isConfigured);
  return EXIT.ok;
}

/** The channels that the journal knows beside these. What they carry is not known: nothing is said to wait for them. */
function recorded({ stories, channels }: AlertBook, configured: AlertsTools['channels']) {
  const known = new Set(configured.map(({ name }) => name));
  const names = new Set([...channels.map(({ name }) => name), ...stories.flatMap(({ told }) => Object.keys(told))]);
  return [...names].filter((name) => !known.has(name)).map((name) => ({ name, type: null, severities: [] }));
}

const neverChecked = () => `not checked yet: ${command('once')} or the daemon checks the targets and raises alerts\n`;

function print({ alerts: raised, channels }: AlertsView, { stdout, clock }: CliContext, isConfigured: boolean): void {
  const now = clock.now();
  if (raised.length === 0) stdout.write('no alerts\n');
  else
    writeTable(
      stdout,
      COLUMNS,
      raised.map((view) => alertRow(view, now)),
    );
  if (channels.length === 0) {
    if (isConfigured) stdout.write('\nno channel is configured: nobody is notified\n');
    return;
  }
  stdout.write('\n');
  writeTable(
    stdout,
    CHANNEL_COLUMNS,
    channels.map((view) => channelRow(view, now)),
  );
}

function alertRow(view: AlertView, now: number): TableRow {
  const { severity, targets, cause, since, loginsUntil, title, what, next, runbook } = view;
  return {
    cells: [
      { text: severity, color: severity === 'critical' ? 'red' : 'yellow' },
      { text: targets.length > 1 ? counted(targets.length, 'target') : (targets[0]?.name ?? '-') },
      { text: cause },
      { text: since === null ? '-' : past(since, now) },
      { text: loginsUntil === null ? '-' : `${minute(loginsUntil)}, ${distance(Date.parse(loginsUntil), now)}` },
    ],
    notes: [
      { text: title },
      { text: what },
      ...(targets.length > 1 ? [{ text: `Targets: ${targets.map(({ name }) => name).join(', ')}` }] : []),
      { text: `Next: ${next}` },
      { text: `${sent(view, now)}; see ${runbook}`, color: 'dim' },
    ],
  };
}

/** When each channel was told of it, and whether what it was told is what stands here. */
function sent({ channels }: AlertView, now: number): string {
  if (channels.length === 0) return 'not sent to any channel';
  const told = channels.flatMap(({ name, toldAt, delivered }) =>
    delivered && toldAt !== null ? [`${name} (${past(toldAt, now)})`] : [],
  );
  const untold = channels.flatMap(({ name, toldAt, delivered }) =>
    delivered ? [] : [toldAt === null ? name : `${name} (an earlier one was sent ${past(toldAt, now)})`],
  );
  return [
    ...(told.length > 0 ? [`sent over ${told.join(', ')}`] : []),
    ...(untold.length > 0 ? [`this text: not yet sent over ${untold.join(', ')}`] : []),
  ].join('; ');
}

function channelRow(view: ChannelView, now: number): TableRow {
  const { name, type, lastDeliveredAt, waiting, failures, nextAttemptAt, error } = view;
  const retry = nextAttemptAt === null ? '' : `, retry ${soon(nextAttemptAt, now)}`;
  const notes: Cell[] =
    error === null ? [] : [{ text: `${error.code}: ${error.message}`, color: 'red' }, { text: error.hint }];
  return {
    cells: [
      { text: name },
      { text: type ?? '-' },
      { text: lastDeliveredAt === null ? 'never' : past(lastDeliveredAt, now) },
      { text: String(waiting) },
      failures === 0 ? { text: '0' } : { text: `${failures}${retry}`, color: 'red' },
    ],
    notes,
  };
}

/** `2026-11-22 20:56Z, 3 h ago`. */
function past(iso: string, now: number): string {
  const away = distance(Date.parse(iso), now);
  return `${minute(iso)}, ${away === 'now' ? 'just now' : away}`;
}

/** `in 5 min`; an instant that has passed means the next turn of the daemon, or the next `once`. */
function soon(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (at <= now) return 'at once';
  const away = distance(at, now);
  return away === 'now' ? 'within a minute' : away;
}

export interface AlertsTestTools {
  readonly context: CliContext;
  readonly channels: readonly Channel[];
  readonly messages: (cause: Cause | undefined, withEnd: boolean) => readonly AlertMessage[];
  readonly stop: AbortSignal;
}

interface TestResult {
  readonly channel: Channel;
  readonly detail: string | null;
  readonly error: RotatorError | null;
}

export interface AlertsTestOptions {
  readonly json: boolean;
  readonly channel?: string;
  /** The cause of a story that is shown. */
  readonly story?: string;
  /** Also its end. */
  readonly allClear: boolean;
}

/**
 * Sends a test message, or a story that is made up, through each channel, or the named one, and prints what each answered;
 * 1 if one did not accept it. Throws ERR_USAGE for a name that does not exist, and if no channel is configured.
 */
export async function testAlerts(
  options: AlertsTestOptions,
  { context, channels, messages, stop }: AlertsTestTools,
): Promise<ExitStatus> {
  const chosen = choose(channels, options.channel);
  const cause = options.story === undefined ? undefined : causeNamed(options.story);
  if (options.allClear && cause === undefined) throw new RotatorError('ERR_USAGE', { problem: 'all-clear-alone' });
  const results = await Promise.all(
    chosen.map(async (channel): Promise<TestResult> => {
      if (!options.json) context.stderr.write(`${channel.name}: sending a test message …\n`);
      return { channel, ...(await attempt(channel, messages(cause, options.allClear), stop)) };
    }),
  );
  if (options.json) {
    const shownResults = results.map(({ channel: { name, type }, detail, error }) => ({
      channel: name,
      type,
      delivered: error === null,
      answer: detail,
      error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
    }));
    printJson(context.stdout, { tests: shownResults });
  } else {
    for (const result of results) context.stdout.write(testLine(result));
  }
  return results.every(({ error }) => error === null) ? EXIT.ok : EXIT.failed;
}

/** `ops (webhook): accepted (HTTP 200)`, or the error and its next step. */
function testLine({ channel: { name, type }, detail, error }: TestResult): string {
  if (error === null) return `${name} (${type}): accepted (${shown(detail ?? '')})\n`;
  return `${name} (${type}): not accepted\n    ${error.message} (${error.code})\n    ${error.hint}\n`;
}

async function attempt(
  channel: Channel,
  messages: readonly AlertMessage[],
  stop: AbortSignal,
): Promise<Omit<TestResult, 'channel'>> {
  const details: string[] = [];
  try {
    for (const message of messages) details.push(await sendTest(channel, message, stop));
    return { detail: details.join('; '), error: null };
  } catch (thrown) {
    return { detail: null, error: asRotatorError(thrown) };
  }
}

/** Sends a test message; resolves to what the other side said. Throws as the channel does. */
export async function sendTest(channel: Channel, message: AlertMessage, stop: AbortSignal): Promise<string> {
  return (await channel.send(message, stop)).detail;
}

function causeNamed(name: string): Cause {
  const cause = CAUSES.find((each) => each.toLowerCase() === name.toLowerCase());
  if (cause === undefined)
    throw new RotatorError('ERR_USAGE', { problem: 'unknown-story', found: shownName(name), known: CAUSES });
  return cause;
}

function choose(channels: readonly Channel[], name: string | undefined): readonly Channel[] {
  if (channels.length === 0) {
    throw new RotatorError('ERR_USAGE', { problem: 'no-channel' });
  }
  const chosen = channels.filter((channel) => name === undefined || channel.name === name);
  if (chosen.length > 0) return chosen;
  const known = channels.map((channel) => channel.name);
  throw new RotatorError('ERR_USAGE', { problem: 'unknown-channel', found: shownName(name ?? ''), known });
}
