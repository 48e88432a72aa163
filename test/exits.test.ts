// Text of other origin holds a secret, escape sequences and turned writing; it is pushed into every exit of the program
// (core/output.ts), and what comes out is clean. test/e2e/exits.test.ts does the same with the whole program.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { composeMessage } from '../src/alerts/words/compose.ts';
import { printFailure } from '../src/cli/failure.ts';
import { logDestination } from '../src/cli/log-destination.ts';
import { printPlan, told } from '../src/cli/once.ts';
import { createLog } from '../src/service/log.ts';
import { captured } from './cli/captured.ts';
import { startHttpRig } from './http/rig.ts';
import { aFinding, aSubject, SHOP } from './support/alert-findings.ts';
import { CLOCK } from './support/builders.ts';
import { HandClock } from './support/clock.ts';
import { wired } from './support/daemon-rig.ts';
import { anEvent, anEventError } from './support/events.ts';
import { aTarget, folder, NOW, ownJournal } from './support/journal.ts';

const JWT = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(86)}`;
const HOSTILE = `BEGIN ${JWT} \u001b[31mred\u001b[0m \u009b2J \u202eturned\u200b END`;
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** `text` holds the harmless parts of HOSTILE, and no other. */
function expectClean(text: string): void {
  expect(text).toContain('BEGIN');
  expect(text).toContain('turned');
  expect(text).not.toMatch(/bbbb|cccc/);
  expect(text).not.toMatch(CONTROLS);
}

/** As `expectClean` for every text of a JSON document: within JSON an escape character is harmless, and then not. */
function expectCleanJson(json: string): void {
  expectClean(json);
  JSON.parse(json, (_, value) => {
    if (typeof value === 'string') expect(value).not.toMatch(CONTROLS);
    return value;
  });
}

/** A target whose last error says this, as version 0.1.0 kept errors. */
const failed = () => aTarget({ state: 'failed', error: { code: 'ERR_INTERNAL', message: HOSTILE, hint: HOSTILE } });
const clock = new HandClock(NOW);
const event = anEvent('pass.failed', { target: HOSTILE, error: anEventError(HOSTILE, HOSTILE) });

describe('the terminal', () => {
  const target = { ...wired('shop').target, name: HOSTILE };
  const previews = [
    {
      target,
      state: failed(),
      action: 'fail' as const,
      why: { found: 'other-key', id: HOSTILE, wanted: HOSTILE } as const,
      clock: CLOCK,
    },
  ];

  test('shows progress, tables, reasons and errors', async () => {
    const seen = captured();
    told(clock, seen.context.stderr.write)(event);
    printPlan(previews, false, seen.context);
    printFailure(new Error(HOSTILE), seen.context);
    expect(seen.stdout.match(/BEGIN/g)).toHaveLength(6);
    expectClean(seen.stdout);
    expectClean(seen.stderr);
  });

  test('and JSON', async () => {
    const seen = captured();
    printPlan(previews, true, seen.context);
    expectCleanJson(seen.stdout);
  });
});

describe('the log', () => {
  test.each(['json', 'pretty'] as const)('in its form %s, where a line stays a line', (format) => {
    const file = join(folder(), 'log');
    const fd = openSync(file, 'w');
    onTestFinished(() => closeSync(fd));
    const destination = logDestination({ isTTY: false, fd }, format, false);
    const log = createLog({ level: 'trace', instance: HOSTILE, clock, destination });
    log({ ...event, error: anEventError(`${HOSTILE}\n[12:00:00] INFO: forged`, `${HOSTILE}\nforged`) });
    const text = readFileSync(file, 'utf8');
    if (format === 'json') for (const line of text.trim().split('\n')) expectCleanJson(line);
    expectClean(text);
    expect(text).not.toMatch(/^(?:\[12:00:00\]|forged)/m);
  });
});

test('the journal', async () => {
  const journal = await ownJournal();
  await journal.commit({ target: failed() });
  expectClean(JSON.stringify((await journal.target(failed().key))?.error));
});

describe('HTTP', () => {
  test('answers', async () => {
    const rig = await startHttpRig();
    rig.configured.targets = [{ ...wired('shop').target, name: HOSTILE }];
    expectCleanJson((await rig.call('/api/v1/targets')).text);
  });

  test('problems, which repeat no path that may hold anything', async () => {
    const rig = await startHttpRig();
    const { text, json } = await rig.call(`/${encodeURIComponent(HOSTILE)}`);
    expect(text).not.toMatch(/BEGIN|turned|bbbb|cccc/);
    expect(decodeURI((json as { instance: string }).instance)).toBe(`/text of ${HOSTILE.length} characters`);
  });

  test('metrics', async () => {
    const rig = await startHttpRig();
    rig.state.metrics = async () => ({ contentType: 'text/plain', text: `x{target="${HOSTILE}"} 1\n` });
    expectClean((await rig.call('/metrics')).text);
  });
});

test('an alert, in each of its texts', () => {
  const target = { ...SHOP, name: HOSTILE, envId: HOSTILE };
  const subject = aSubject(aFinding('SecretExpiring', { expiresAt: NOW }, { target, error: failed().error }));
  const { labels, ...message } = composeMessage({
    id: 'id',
    now: NOW,
    instance: HOSTILE,
    version: HOSTILE,
    language: 'en',
    runbook: 'runbook.md',
    subjects: [subject],
  });
  expectCleanJson(JSON.stringify(message));
});
