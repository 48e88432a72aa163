// The operator's walk: somebody is woken, reads the message, does what it says, and hears that it is over. Every message
// as a person gets it stands in `en/` and `zh/` beside this file, one file for each walk, with the minute in which it
// came, and what the person did: commands of this program are run as they stand in the message, and what is done elsewhere
// is named. Read the diff of these files as an operator would. What they say is held against the simulated world.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nextStepOf } from '../../../src/alerts/words/next-step.ts';
import { LANGUAGES, type Language } from '../../../src/core/alerts/message.ts';
import { PROGRAM } from '../../../src/core/texts/command.ts';
import { MINUTE } from '../../../src/core/time.ts';
import type { InboxMessage } from '../../../src/sandbox/world.ts';
import { alertsOf, itemsOf } from '../../support/alert-place.ts';
import { type MovedPlace, movedPlace } from '../../support/moved-program.ts';
import { WALKS, type Walk } from './walks.ts';

/** What people read, in the form that the chats of each language show; `webhook` is for this test. */
const CHAT = { en: 'slack', zh: 'wecom' } as const;
const HEALTHY_MS = 5 * MINUTE;
/** A tick of the default schedule, and the minutes for which an end must hold. */
const HEALS_MS = 65 * MINUTE;

function chatText(language: Language, { body }: InboxMessage): string {
  const { text, markdown } = body as { readonly text?: string; readonly markdown?: { readonly content: string } };
  return (language === 'en' ? text : markdown?.content) ?? '';
}

/** When the secret of a provider truly expires; null: there is none. */
function trueExpiry({ world }: MovedPlace, envId: string): string | null {
  const secret = world.providers.get(envId, 'apple')?.Config['ClientSecret'];
  if (typeof secret !== 'string') return null;
  const claims = JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
  return new Date(claims.exp * 1000).toISOString();
}

interface DatedItem {
  readonly status: string;
  readonly loginsUntil: string | null;
  readonly targets: readonly { readonly envId: string | null; readonly loginsUntil: string | null }[];
}

/** Notes every deadline that a message names and that is not the world's at that moment. */
function watchDeadlines(place: MovedPlace): readonly string[] {
  const wrong: string[] = [];
  const stop = place.world.requests.onRequest(({ service, action, body }) => {
    if (service !== 'inbox' || action !== 'webhook') return;
    for (const { status, loginsUntil, targets } of (body as unknown as { items: DatedItem[] }).items) {
      if (loginsUntil === null || status === 'happened') continue;
      const expiries = targets.map((target) => [target.loginsUntil, trueExpiry(place, target.envId ?? '')] as const);
      for (const [said, truth] of expiries) if (said !== truth) wrong.push(`said ${said}, and it is ${truth}`);
      const soonest = expiries.map(([, truth]) => truth ?? '').sort()[0];
      if (loginsUntil !== soonest) wrong.push(`said ${loginsUntil}, and the soonest is ${soonest}`);
    }
  });
  onTestFinished(stop);
  return wrong;
}

/** Without what differs from run to run. */
function steady(place: MovedPlace, text: string): string {
  return text
    .replaceAll(place.folder, '/srv/rotator')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:4180')
    .replaceAll(`pid ${process.pid} on ${place.hostname}`, 'pid 1 on host')
    .replaceAll(`${place.hostname} 上的进程 ${process.pid}`, 'host 上的进程 1')
    .replaceAll(/\b[0-9a-f]{12}…/g, '0123456789ab…');
}

function expectedFile(language: Language, name: string): string {
  const folder = fileURLToPath(new URL(language, import.meta.url));
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name.replaceAll(' ', '-')}.txt`);
}

describe.each(LANGUAGES)('in %s', (language) => {
  test.each<[name: string, walk: Walk]>(Object.entries(WALKS))('%s', async (name, walk) => {
    const {
      targets,
      settings,
      daysLeft,
      lastsMs,
      first,
      pastes = [],
      applies,
      mends,
      broken,
      healsMs = HEALS_MS,
    } = walk;
    const place = await movedPlace({
      channels: {
        [CHAT[language]]: { type: CHAT[language] },
        feishu: { type: 'feishu', secret: 'SECtest' },
        webhook: { type: 'webhook' },
      },
      settings: { ...settings, alerts: { language } },
      ...(targets === undefined ? {} : { targets }),
      ...(daysLeft === undefined ? {} : { daysLeft }),
    });
    const wrong = watchDeadlines(place);
    await broken?.(place);
    const daemon = place.start();
    await place.advance(broken === undefined ? HEALTHY_MS : 0);
    const brokeAt = place.world.clock.now();
    const minute = ({ at }: Pick<InboxMessage, 'at'>) => Math.floor((at - brokeAt) / MINUTE);

    await walk.breaks(place, daemon);
    await place.advance(lastsMs);
    const heard = [...place.messages('webhook')];
    expect(heard[0] === undefined ? null : minute(heard[0])).toBe(first);
    const open = heard.flatMap(itemsOf).filter(({ next }) => next !== null);
    const toPaste = [...new Set(open.flatMap(({ next }) => nextStepOf(next ?? '').pastes))];
    expect(toPaste).toEqual(pastes.map((paste) => (typeof paste === 'string' ? paste : expect.stringMatching(paste))));

    const mendedAt = place.world.clock.now();
    const done = applies === undefined ? [] : [`=== the operator ${applies}`];
    const isOurs = (paste: string) => paste.startsWith(`${PROGRAM} `);
    await mends?.(place, toPaste.find((paste) => !isOurs(paste)) ?? '', daemon);
    for (const command of toPaste.filter(isOurs)) {
      const { code, stderr } = await place.run(command.split(' ').slice(1), true);
      done.push(`=== the operator pastes: ${command}`);
      expect(code, `${command}: ${stderr}`).toBe(0);
    }
    await place.advance(healsMs);
    expect(alertsOf(await place.run(['alerts', '--json'])).alerts).toEqual([]);
    expect(wrong).toEqual([]);
    const messages = place.messages(CHAT[language]);
    const isBefore = ({ at }: InboxMessage) => done.length === 0 || at < mendedAt;
    const after = (message: InboxMessage) => `${Math.floor((message.at - mendedAt) / MINUTE)} min after it was fixed`;
    const shown = (message: InboxMessage, at: string) => `=== ${at}\n${chatText(language, message)}\n`;
    const texts = [
      ...messages.filter(isBefore).map((message) => shown(message, `minute ${minute(message)}`)),
      ...done.map((line) => `${line}\n`),
      ...messages.filter((message) => !isBefore(message)).map((message) => shown(message, after(message))),
    ];
    await expect(steady(place, texts.join('\n'))).toMatchFileSnapshot(expectedFile(language, name));
  });
});
