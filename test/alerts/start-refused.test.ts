// What is remembered of a start that was refused, over as many attempts as a supervisor makes: real files, a clock that
// is moved by hand.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { forgetRefusal, tellRefused, toldRefusal } from '../../src/alerts/start-refused.ts';
import type { AlertMessage } from '../../src/core/alerts/message.ts';
import { RotatorError } from '../../src/core/errors.ts';
import type { Channel } from '../../src/core/ports.ts';
import { HOUR } from '../../src/core/time.ts';
import { takeOverSilent } from '../../src/service/start-refusal.ts';
import { LeapingClock } from '../support/pass-rig.ts';
import { VOICE } from './rig.ts';

const WRONG = { code: 'ERR_CONFIG', message: 'log.level: found "loud"', hint: 'Correct it.' } as const;

async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-refused-'));
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new LeapingClock();
  const sent: { readonly channel: string; readonly message: AlertMessage }[] = [];
  const broken = new Set<string>();
  const channel = (name: string): Channel => ({
    name,
    type: 'webhook',
    gapMs: 0,
    async send(message) {
      if (broken.has(name))
        throw new RotatorError('ERR_CHANNEL_UNAVAILABLE', `channel ${name} is away`, { hint: 'Wait.' });
      sent.push({ channel: name, message });
      return { detail: 'HTTP 200' };
    },
  });
  const tools = { clock, channels: [channel('ops'), channel('mail')], voice: VOICE, repeatEveryMs: 4 * HOUR };
  const place = {
    condition: 'StartRefused' as const,
    configFile: join(folder, 'rotator.yaml'),
    journalPath: join(folder, 'journal.db'),
  };
  let count = 0;
  return {
    clock,
    folder,
    temporary,
    place,
    broken,
    marker: `${place.journalPath}.start-refused`,
    tell: (error: typeof WRONG | { code: string; message: string; hint: string } = WRONG, at = place) =>
      tellRefused(error as typeof WRONG, at, { ...tools, newId: () => `id-${++count}` }),
    /** `ops raised critical`, in order. */
    told: () =>
      sent.map(({ channel: name, message: { items } }) =>
        [name, ...items.map(({ status, severity }) => `${status} ${severity}`)].join(' '),
      ),
  };
}

describe('the same refusal', () => {
  test('calls once, and again when it has lasted as long as any critical condition', async () => {
    const { tell, told, clock } = await start();
    expect(await tell()).toEqual(
      new Map([
        ['ops', undefined],
        ['mail', undefined],
      ]),
    );
    clock.pass(4 * HOUR - 1);
    expect(await tell()).toBeUndefined();
    clock.pass(1);
    expect((await tell())?.size).toBe(2);
    expect(told()).toEqual([
      'ops raised critical',
      'mail raised critical',
      'ops repeated critical',
      'mail repeated critical',
    ]);
  });

  test('calls again where a clock that was ahead wrote down when it was told', async () => {
    const { tell, clock, place } = await start();
    const now = clock.wall;
    clock.wall += 365 * 24 * HOUR;
    await tell();
    clock.wall = now;
    expect((await tell())?.size).toBe(2);
    expect(await toldRefusal(place)).toMatchObject({ foundAt: now, toldAt: now });
  });

  test('is remembered where only its owner reads it, with nothing of the channels but their names', async () => {
    const { tell, marker, place } = await start();
    await tell();
    expect(statSync(marker).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(marker, 'utf8'))).toMatchObject({ error: WRONG, channels: ['ops', 'mail'] });
    expect(await toldRefusal(place)).toMatchObject({
      finding: { condition: 'StartRefused', id: 'StartRefused', severity: 'critical' },
      told: { ops: 'StartRefused', mail: 'StartRefused' },
    });
    await forgetRefusal(place);
    await forgetRefusal(place);
    expect(await toldRefusal(place)).toBeUndefined();
  });
});

test('another refusal calls anew, and keeps since when the start has failed, and who heard of it', async () => {
  const { tell, told, clock, place, broken } = await start();
  const began = clock.now();
  await tell();
  clock.pass(HOUR);
  broken.add('mail');
  await tell({ ...WRONG, message: 'log.level: found "quiet"' });
  expect(told()).toEqual(['ops raised critical', 'mail raised critical', 'ops raised critical']);
  expect(await toldRefusal(place)).toMatchObject({
    foundAt: began,
    told: { ops: 'StartRefused', mail: 'StartRefused' },
  });
});

test('a daemon that runs already is a warning', async () => {
  const { tell, told } = await start();
  await tell({ code: 'ERR_DAEMON_RUNNING', message: 'another one runs', hint: 'End it.' });
  expect(told()).toEqual(['ops raised warning', 'mail raised warning']);
});

test('what reached nobody is not remembered as told', async () => {
  const { tell, told, broken, place } = await start();
  broken.add('ops').add('mail');
  const answers = await tell();
  expect(answers?.get('ops')?.message).toBe('channel ops is away');
  expect(await toldRefusal(place)).toBeUndefined();
  broken.clear();
  await tell();
  expect(told()).toEqual(['ops raised critical', 'mail raised critical']);
});

test('a file that is damaged is as none', async () => {
  const { tell, marker, told } = await start();
  writeFileSync(marker, '{"fingerprint":');
  await tell();
  expect(told()).toHaveLength(2);
  expect(await tell()).toBeUndefined();
});

describe('where the journal has no folder', () => {
  test('it is remembered among the temporary files, apart for each configuration', async () => {
    const { tell, place, folder, temporary } = await start();
    const nowhere = { ...place, journalPath: join(folder, 'none', 'journal.db') };
    await tell(WRONG, nowhere);
    expect(await tell(WRONG, nowhere)).toBeUndefined();
    const other = { ...nowhere, configFile: join(folder, 'other.yaml') };
    expect((await tell(WRONG, other))?.size).toBe(2);
    expect(readdirSync(temporary)).toHaveLength(2);
    await forgetRefusal(other);
    expect(await tell(WRONG, nowhere)).toBeUndefined();
  });

  test('and nowhere else either, it is told every time rather than not', async () => {
    const { tell, place, folder, told } = await start();
    vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
    const nowhere = { ...place, journalPath: join(folder, 'none', 'journal.db') };
    await tell(WRONG, nowhere);
    await tell(WRONG, nowhere);
    expect(told()).toHaveLength(4);
  });
});

describe('beside a service that runs', () => {
  test('what another process told is taken over once it has stopped telling it, and not before', async () => {
    const { tell, clock, place, marker } = await start();
    await tell();
    const told = () => takeOverSilent(place, clock.now(), 4 * HOUR);
    clock.pass(4 * HOUR + 10 * 60_000);
    expect(await told()).toBeUndefined();
    // A supervisor that still tries has it told again, and the time begins anew.
    await tell();
    clock.pass(4 * HOUR);
    expect(await told()).toBeUndefined();
    clock.pass(10 * 60_000 + 1);
    const found = await told();
    expect(found?.conditions).toMatchObject([{ finding: { id: 'StartRefused' }, told: { ops: 'StartRefused' } }]);
    await found?.done();
    expect(existsSync(marker)).toBe(false);
    expect(await told()).toBeUndefined();
  });
});
