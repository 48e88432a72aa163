// Channel `email`: text and HTML by SMTP (RFC 5321, 3834), through nodemailer, which is loaded with the first message. A
// password is only sent over TLS, except to loopback or with `insecure: true`; certificates are always verified. Errors
// hold codes and our own words: what a server replies may repeat addresses and more.

import { hash } from 'node:crypto';
import type { createTransport, SendMailOptions } from 'nodemailer';
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut, paragraphsOf } from '../../alerts/words/layout.ts';
import type { AlertMessage } from '../../core/alerts/message.ts';
import type { CallTrouble, ChannelAdvice } from '../../core/error-troubles.ts';
import { RotatorError } from '../../core/errors.ts';
import type { Channel } from '../../core/ports.ts';
import { counted } from '../../core/texts/en/words.ts';
import { deadline, untilAborted } from '../../net/abort.ts';
import { networkTrouble } from '../../net/failure.ts';
import { isLoopback } from '../../net/proxy.ts';
import { flag, integer, patterned, text, wants } from '../scalars.ts';
import type { ChannelTools } from './http.ts';
import { common } from './options.ts';

const ADDRESS = '[^\\s@<>,;:"()\\[\\]\\\\]+@[^\\s@<>,;:"()\\[\\]\\\\]+';

export const options = z.strictObject({
  type: z.literal('email'),
  ...common,
  host: patterned(['mail-host'], /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45})$/).describe(
    'The SMTP server, by name or address.',
  ),
  port: integer(1, 65_535).describe('Its port.'),
  secure: flag()
    .optional()
    .describe(
      'TLS from the first byte (the default on port 465). Without it, STARTTLS is used where the server offers it.',
    ),
  user: text().optional().describe('The user name, if the server wants a login.'),
  password: text().optional().describe('The password. Never shown.'),
  from: patterned(['sender'], new RegExp(`^(?:[^<>\\p{Cc}]{0,200}<${ADDRESS}>|${ADDRESS})$`, 'u')).describe(
    'The sender, as an address or `Name <address>`.',
  ),
  to: z
    .array(patterned(['address'], new RegExp(`^${ADDRESS}$`)))
    .min(1, wants(['some-addresses']))
    .describe('The recipients.'),
});
export type EmailOptions = z.output<typeof options>;

/** Three messages a minute: mail servers limit the messages of an hour, and people read fewer. */
const GAP_MS = 20_000;
/** For one message, from the name lookup to the server's last reply. */
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 100_000;
const MAX_SUBJECT = 200;
const FULL = 50;
/**
 * The pause that a server asks for when it wants fewer messages, or tries out the sender (grey listing): commonly 5
 * minutes.
 */
const PAUSE_MS = 300_000;

export function createEmailChannel(settings: EmailOptions, tools: ChannelTools): Channel {
  const { name } = settings;
  const timeoutMs = tools.timeoutMs ?? TIMEOUT_MS;
  const overSmtp = async <T>(
    signal: AbortSignal,
    work: (transport: ReturnType<typeof createTransport>, limit: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted();
    const limit = deadline(timeoutMs, signal);
    try {
      // Loaded here, because most configurations send no mail.
      const nodemailer = await import('nodemailer');
      return await work(nodemailer.createTransport(transportOptions(settings, tools.ca, timeoutMs)), limit.signal);
    } catch (thrown) {
      if (signal.aborted && !limit.expired) throw signal.reason;
      throw mailError(name, thrown, limit.expired ? timeoutMs : undefined);
    } finally {
      limit.clear();
    }
  };
  return {
    name,
    type: 'email',
    gapMs: GAP_MS,
    reach: (signal) =>
      overSmtp(signal, async (transport, limit) => {
        await untilAborted(transport.verify(), limit);
      }),
    send: (message, signal) =>
      overSmtp(signal, async (transport, limit) => {
        const { accepted, rejected } = await transport.sendMail({ ...mailOf(message, settings), signal: limit });
        const refused = rejected.length;
        const all = accepted.length + refused;
        if (refused === 0) return { detail: `SMTP 250 for ${counted(all, 'recipient')}` };
        const detail = `SMTP refused ${refused} of ${counted(all, 'recipient')}`;
        const params = { problem: 'partly', channel: name, type: 'email', refused, recipients: all } as const;
        return { detail, warning: new RotatorError('ERR_CHANNEL_REFUSED', params) };
      }),
  };
}

type TransportOptions = Extract<Parameters<typeof createTransport>[0], { requireTLS?: boolean | undefined }>;

function transportOptions(settings: EmailOptions, ca: string | undefined, timeoutMs: number): TransportOptions {
  const { host, port, user, password, insecure } = settings;
  const secure = settings.secure ?? port === 465;
  const login = user === undefined && password === undefined ? undefined : { user: user ?? '', pass: password ?? '' };
  return {
    host,
    port,
    secure,
    requireTLS: !secure && login !== undefined && !insecure && !isLoopback(host),
    ...(login === undefined ? {} : { auth: login }),
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf(message: AlertMessage, { from, to }: EmailOptions): SendMailOptions {
  const [, name = '', bracketed] = /^(.*?)<(.+)>$/u.exec(from) ?? [];
  const address = bracketed ?? from;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const idOf = (id: string) => `<${id}@${domain}>`;
  const thread = threadOf(message);
  const above = thread === undefined ? undefined : idOf(thread);
  const subject = FLAVOURS.plain.text(message.title);
  return {
    from: { name: name.trim().replace(/^"(.*)"$/, '$1'), address },
    to: to.map((each) => ({ name: '', address: each })),
    subject: shortened(subject, '…', (short) => short.length <= MAX_SUBJECT),
    text: `${layOut(message, FLAVOURS.plain, { size: MAX_BYTES, full: FULL })}\n`,
    html: htmlOf(message),
    // Long lines stay as they are: no mail program wraps them again.
    textEncoding: 'quoted-printable',
    date: new Date(message.at),
    // The same at every attempt, so that a mail server drops the second copy.
    messageId: idOf(message.id),
    ...(above === undefined ? {} : { inReplyTo: above, references: above }),
    ...(message.severity === 'critical' ? { priority: 'high' as const } : {}),
    // No out-of-office reply to a machine (RFC 3834; the other one is Exchange's).
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** No image, no script, nothing from elsewhere: mail programs show it as it is. */
function htmlOf(message: AlertMessage): string {
  const paragraphs = paragraphsOf(message, FLAVOURS.html, { size: MAX_BYTES, full: FULL });
  const body = paragraphs.map((paragraph) => `<div style="margin:0 0 14px">${paragraph}</div>`).join('\n');
  const style = 'font:14px/1.5 -apple-system,Segoe UI,Helvetica,Arial,sans-serif;color:#1d2939;max-width:760px';
  return `<!doctype html>\n<html lang="${message.language}"><body>\n<div style="${style}">\n${body}\n</div>\n</body></html>\n`;
}

/** An id that mails about one condition share, so that a mail program shows them together. */
function threadOf({ kind, instance, items }: AlertMessage): string | undefined {
  const threads = new Set(items.map(({ thread }) => thread.replace(/#critical$/, '')));
  const [thread] = items.length > 0 ? threads : [kind];
  if (thread === undefined || threads.size > 1) return undefined;
  return hash('sha256', `${instance}/${thread}`, 'hex').slice(0, 32);
}

interface MailFailure {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
  readonly command?: unknown;
}

function mailError(channel: string, thrown: unknown, timedOutAfterMs: number | undefined): RotatorError {
  const { code, originalCode, responseCode, response, command } = (thrown ?? {}) as MailFailure;
  const self = { channel, type: 'email' } as const;
  const unavailable = (trouble: CallTrouble, remoteCode: string) =>
    new RotatorError('ERR_CHANNEL_UNAVAILABLE', { ...self, ...trouble }, { remoteCode });
  if (timedOutAfterMs !== undefined || code === 'ETIMEDOUT')
    return unavailable({ trouble: 'timeout', afterMs: timedOutAfterMs ?? TIMEOUT_MS }, 'TIMEOUT');
  const network = [originalCode, code].find(
    (each) => typeof each === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(each),
  ) as string | undefined;
  const isReply = typeof responseCode === 'number';
  const said = isReply ? `SMTP ${responseCode}` : (network ?? 'no code');
  const remoteCode = said.replace(' ', '_');
  const isPermanent = isReply && responseCode >= 500;
  const advice: ChannelAdvice | undefined =
    code === 'ETLS' && command === 'STARTTLS' && isReply
      ? 'smtp-tls'
      : code === 'EAUTH' && (isPermanent || !isReply)
        ? 'smtp-login'
        : isPermanent
          ? 'smtp-addresses'
          : undefined;
  if (advice !== undefined)
    return new RotatorError('ERR_CHANNEL_REFUSED', { problem: 'refused', ...self, said, advice }, { remoteCode });
  // Enhanced status 4.7.x (RFC 3463): policy, which is what limits and grey listing are.
  if (isReply && /^4\d\d[ -]4\.7\.\d/.test(String(response)))
    return new RotatorError('ERR_CHANNEL_THROTTLED', { ...self, said }, { remoteCode, retryAfterMs: PAUSE_MS });
  if (isReply) return unavailable({ trouble: 'code', code: said }, remoteCode);
  const trouble = networkTrouble(network ?? null);
  if (trouble.trouble === 'network') return unavailable(trouble, 'NETWORK');
  const params = { problem: 'certificate', ...self, code: trouble.code } as const;
  return new RotatorError('ERR_CHANNEL_REFUSED', params, { remoteCode: 'NETWORK' });
}
