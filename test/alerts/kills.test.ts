// kill -9 at every boundary of telling: before and after each reading and writing of the journal, and before and after
// a channel takes a message. Nothing is lost, and at most one message comes twice, as itself.
import { expect, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import type { DigestFacts } from '../../src/core/alerts/message.ts';
import { LEASE_MS } from '../../src/core/schedule.ts';
import { HOUR, MINUTE } from '../../src/core/time.ts';
import { failing } from '../support/alert-life.ts';
import { Mortal } from '../support/mortal.ts';
import { startDelivery } from './rig.ts';

/** What goes on, a moment after the other: a story begins, lasts, and ends; another is over before it could be told; and a digest is due. */
const MOMENTS: readonly { readonly afterMs: number; readonly findings: readonly Finding[]; readonly away?: boolean }[] =
  [
    { afterMs: 0, findings: [failing('shop')] },
    { afterMs: 25 * HOUR, findings: [failing('shop')] },
    { afterMs: HOUR, findings: [] },
    { afterMs: HOUR, findings: [failing('mall')], away: true },
    { afterMs: HOUR, findings: [], away: true },
    { afterMs: 2 * HOUR, findings: [] },
  ];
const TOLD = ['raised shop', 'repeated shop', 'cleared shop', 'digest', 'ended mall'];
const FACTS: DigestFacts = { targets: 0, states: {}, renewals: [], open: [], openTotal: 0 };

/** Lives through the moments; dies at one boundary and is started again. */
async function lifeKilledAt(boundary: number) {
  const rig = await startDelivery();
  const { clock, path, sandbox } = rig;
  const began = clock.now();
  let wasKilled = false;
  let mortal = new Mortal();
  mortal.armKill(boundary);
  const wake = async () => {
    const journal = await openJournal({ path }, { mode: 'write', clock });
    const { facts } = mortal.part({ facts: () => Promise.resolve(FACTS) });
    const digests = { tick: (now: number) => (now < began + 26 * HOUR ? began : began + 26 * HOUR), facts };
    const channels = rig.channels.map((each) => mortal.part(each));
    const parts = { channels, journal: mortal.part(journal), digests };
    return { journal, parts, deliverer: rig.newDeliverer('daemon:', parts) };
  };
  let life = await wake();
  const run = async (findings: readonly Finding[]) => {
    await rig.look(findings, life.parts.journal);
    // What was started may have left something else to do.
    for (let idle = 0; idle < 2; ) {
      const { wait } = life.deliverer.start(await life.parts.journal.alertBook(), () => undefined);
      await life.deliverer.settled();
      idle = wait > MINUTE ? idle + 1 : 0;
      if (idle === 0) clock.pass(wait);
    }
  };
  for (const { afterMs, findings, away } of MOMENTS) {
    clock.pass(afterMs);
    sandbox.world.faults.clear();
    if (away) sandbox.world.faults.add({ service: 'inbox', action: 'ops', kind: 'status', status: 503 });
    await Promise.race([run(findings), mortal.died]);
    if (!mortal.dead) continue;
    wasKilled = true;
    await life.journal.close();
    clock.pass(LEASE_MS);
    mortal = new Mortal();
    life = await wake();
    await run(findings);
  }
  await life.journal.close();
  return { wasKilled, messages: rig.inbox().map(({ body }) => body as unknown as Message) };
}

interface Message {
  readonly id: string;
  readonly kind: string;
  readonly items: readonly { readonly status: string; readonly target: string | null; readonly what: string }[];
}

const textOf = ({ kind, items }: Message) =>
  kind === 'digest' ? kind : items.map(({ status, target }) => `${status} ${target}`).join(', ');

test('kill -9 at every boundary: nothing is lost, and at most one message comes twice, as itself', async () => {
  const doubled: string[] = [];
  for (let boundary = 1; ; boundary += 1) {
    const { wasKilled, messages } = await lifeKilledAt(boundary);
    const once = messages.filter(({ id }, index) => messages.findIndex((other) => other.id === id) === index);
    expect(once.map(textOf), `killed at boundary ${boundary}`).toEqual(TOLD);
    expect(once.at(-1)?.items[0]?.what, `killed at boundary ${boundary}`).toMatch(/from .* to /);
    expect(messages.length - once.length, `killed at boundary ${boundary}`).toBeLessThanOrEqual(1);
    doubled.push(...messages.filter((each) => !once.includes(each)).map(textOf));
    if (!wasKilled) break;
  }
  expect(doubled).toEqual(expect.arrayContaining(['digest', 'raised shop']));
});
