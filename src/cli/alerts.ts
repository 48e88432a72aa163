// `alerts`: what is raised now, since when, and where it was sent; or, with --test, a test message through each
// channel. Reads the journal and works beside the running daemon; a test message is kept nowhere.
import { type AlertSettings, policyOf } from '../alerts/stories/news.ts';
import { type AlertsView, type AlertView, alertsView, type ChannelView } from '../alerts/words/alert-view.ts';
import type { AlertMessage } from '../core/alerts/message.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { AlertStore, Channel } from '../core/ports.ts';
import { shown, shownName } from '../core/shown.ts';
import { counted } from '../core/texts/en/words.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, minute } from './instants.ts';
import { printJson } from './print-json.ts';
import { type Cell, type Column, type TableRow, table, writeTable } from './table.ts';

export interface AlertsTools {
  readonly context: CliContext;
  readonly journal: AlertStore;
  /** The configured channels. */
  readonly channels: readonly (AlertSettings['channels'][number] & { readonly type: string })[];
  readonly repeatEvery: AlertSettings['repeatEvery'];
  readonly runbook: string;
}

const COLUMNS: readonly Column[] = [
  { title: 'SEVERITY' },
  { title: 'TARGET', mayShrink: true },
  { title: 'CAUSE' },
  { title: 'SINCE' },
  { title: 'SECRET EXPIRES' },
];
const CHANNEL_COLUMNS: readonly Column[] = [
  { title: 'CHANNEL', mayShrink: true },
  { title: 'TYPE' },
  { title: 'LAST DELIVERED' },
  { title: 'WAITING' },
  { title: 'FAILURES' },
];

/** Prints what is raised; 0 whatever it is. */
export async function alerts(options: { json: boolean }, tools: AlertsTools): Promise<ExitStatus> {
  const { context, journal, ...settings } = tools;
  const now = context.clock.now();
  const book = await journal.alertBook();
  const view = alertsView(book, { now, policy: policyOf(settings, false), ...settings });
  if (Object.keys(book.memo.watchedSince).length === 0) context.stderr.write(NEVER_CHECKED);
  if (options.json) printJson(context.stdout, view);
  else print(view, context);
  return EXIT.ok;
}

const NEVER_CHECKED = 'not checked yet: `run` or `once` checks the targets and raises alerts\n';

function print({ alerts: raised, channels }: AlertsView, { stdout, clock }: CliContext): void {
  const now = clock.now();
  if (raised.length === 0) stdout.write('no alerts\n');
  else
    writeTable(
      stdout,
      table(
        COLUMNS,
        raised.map((view) => alertRow(view, now)),
      ),
    );
  if (channels.length === 0) {
    stdout.write('\nno channel is configured: nobody is notified\n');
    return;
  }
  stdout.write('\n');
  writeTable(
    stdout,
    table(
      CHANNEL_COLUMNS,
      channels.map((view) => channelRow(view, now)),
    ),
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
      { text: `${sent(view)}; see ${runbook}`, color: 'dim' },
    ],
  };
}

function sent({ channels }: AlertView): string {
  if (channels.length === 0) return 'not sent to any channel';
  const names = (delivered: boolean) => channels.filter((each) => each.delivered === delivered).map(({ name }) => name);
  const [done, waiting] = [names(true), names(false)];
  return [
    ...(done.length > 0 ? [`sent over ${done.join(', ')}`] : []),
    ...(waiting.length > 0 ? [`this text: not yet sent over ${waiting.join(', ')}`] : []),
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
      { text: type },
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
  readonly message: () => AlertMessage;
  readonly stop: AbortSignal;
}

interface TestResult {
  readonly channel: Channel;
  readonly detail: string | null;
  readonly error: RotatorError | null;
}

/**
 * Sends a test message through each channel, or the named one, and prints what each answered; 1 if one did not accept
 * it. Throws ERR_USAGE for a name that does not exist, and if no channel is configured.
 */
export async function testAlerts(
  options: { json: boolean; channel?: string },
  { context, channels, message, stop }: AlertsTestTools,
): Promise<ExitStatus> {
  const chosen = choose(channels, options.channel);
  const results = await Promise.all(
    chosen.map(async (channel): Promise<TestResult> => {
      if (!options.json) context.stderr.write(`${channel.name}: sending a test message …\n`);
      return { channel, ...(await attempt(channel, message(), stop)) };
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
  message: AlertMessage,
  stop: AbortSignal,
): Promise<Omit<TestResult, 'channel'>> {
  try {
    return { detail: (await channel.send(message, stop)).detail, error: null };
  } catch (thrown) {
    return { detail: null, error: asRotatorError(thrown) };
  }
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
