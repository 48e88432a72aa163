// The log: one JSON line for each event with its level and fields, without secrets; writing it never throws.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HOUR } from '../../src/core/time.ts';
import { createLog } from '../../src/service/log.ts';
import { anEvent, anEventError, EVENT_NAMES, EVENT_NOW as NOW } from '../support/events.ts';
import { MAIN, ownWorkspace, startCommand } from '../support/program.ts';

/** A log whose lines are kept; `at` is what its clock says. */
function log({ level = 'trace' } = {}) {
  const lines: string[] = [];
  const clock = {
    at: NOW,
    now: () => clock.at,
    monotonic: () => 0,
    sleep: async () => undefined,
    every: () => () => undefined,
  };
  const destination = { write: (line: string) => void lines.push(line) };
  const emit = createLog({ level, instance: 'prod-rotator', clock, destination });
  return { emit, clock, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('lines', () => {
  test('an event is one line of JSON: time, level, instance, its fields, instants in ISO 8601, what is null left out', () => {
    const { emit, lines } = log();
    const error = anEventError('line one\nline two', 'Look.', 'of the error');
    emit(anEvent('rotation.failed', { error, resumed: true }));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'error',
      time: '2026-11-22T16:00:00.123Z',
      instance: 'prod-rotator',
      event: 'rotation.failed',
      target: 'shop',
      envId: 'shop-1g2h3j',
      rotationId: 'row',
      reason: 'RenewalDue',
      keyId: 'K1L2M3N4O5',
      fingerprint: 'ab12',
      expiresAt: '2027-02-20T16:00:00Z',
      previousExpiresAt: '2026-11-23T16:00:00Z',
      requestId: 'of the error',
      durationMs: 1500,
      outcome: 'failed',
      resumed: true,
      code: 'ERR_NOT_APPLIED',
      hint: 'Look.',
      msg: 'the rotation failed: line one line two',
    });
  });

  test('numbers stay numbers, instants that no date can hold are shown as they are', () => {
    const { emit, entries } = log();
    emit(anEvent('story.opened', { since: NOW, loginsUntil: Number.MAX_VALUE }));
    emit(anEvent('daemon.started', { targets: 2, nextTickAt: NOW }));
    expect(entries()).toMatchObject([
      { since: '2026-11-22T16:00:00Z', loginsUntil: String(Number.MAX_VALUE) },
      { targets: 2, nextTickAt: '2026-11-22T16:00:00Z' },
    ]);
  });

  test('every event has a text, and no text is lost in its fields', () => {
    const { emit, entries } = log();
    for (const name of EVENT_NAMES) emit(anEvent(name));
    expect(entries()).toHaveLength(EVENT_NAMES.length);
    for (const { msg } of entries()) expect(msg).toMatch(/^[a-z].*[^.]$/i);
  });

  test('docs/monitoring.md lists every event', () => {
    const text = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    const [, list = ''] = /^Events:\n(.*?)^Fields,/ms.exec(text) ?? [];
    const listed = list.match(/(?<=`)(?:\w+\.\w+|warning)(?=`)/g) ?? [];
    expect([...new Set(listed)].sort()).toEqual([...EVENT_NAMES].sort());
  });

  test('every event has a level that says whether somebody should look', () => {
    const { emit, entries } = log();
    for (const name of EVENT_NAMES) emit(anEvent(name));
    expect(Object.fromEntries(entries().map(({ event: name, level }) => [name, level]))).toEqual({
      'daemon.started': 'info',
      'daemon.stopped': 'info',
      'start.refused': 'fatal',
      'config.reloaded': 'info',
      'config.rejected': 'error',
      'pass.healthy': 'info',
      'pass.deferred': 'info',
      'pass.pending': 'warn',
      'pass.failed': 'error',
      'rotation.started': 'info',
      'rotation.step': 'debug',
      'rotation.succeeded': 'info',
      'rotation.unverified': 'warn',
      'rotation.failed': 'error',
      'rotation.rolled_back': 'error',
      'rotation.blocked': 'error',
      'retry.scheduled': 'info',
      'journal.degraded': 'error',
      'story.opened': 'warn',
      'story.changed': 'warn',
      'story.closed': 'warn',
      'target.unwatched': 'warn',
      'alert.sent': 'info',
      'alert.failed': 'error',
      warning: 'warn',
    });
  });

  test('a critical story is logged at level error, from its beginning to its end', () => {
    const { emit, entries } = log();
    for (const name of ['story.opened', 'story.changed', 'story.closed'] as const)
      emit(anEvent(name, { severity: 'critical' }));
    expect(entries().map(({ level }) => level)).toEqual(['error', 'error', 'error']);
  });

  test('the end of a degraded journal is logged at level info', () => {
    const { emit, entries } = log();
    emit(anEvent('journal.degraded'));
    emit(anEvent('journal.degraded', { degraded: false, error: null }));
    expect(entries().map(({ level }) => level)).toEqual(['error', 'info']);
  });

  test.each([
    ['debug', ['rotation.step', 'pass.healthy', 'pass.pending', 'pass.failed']],
    ['info', ['pass.healthy', 'pass.pending', 'pass.failed']],
    ['warn', ['pass.pending', 'pass.failed']],
    ['error', ['pass.failed']],
    ['fatal', []],
  ] as const)('level %s leaves out what is below it', (level, expected) => {
    const { emit, entries } = log({ level });
    for (const name of ['rotation.step', 'pass.healthy', 'pass.pending', 'pass.failed'] as const) emit(anEvent(name));
    expect(entries().map(({ event: name }) => name)).toEqual(expected);
  });
});

describe('nothing secret is logged', () => {
  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJURUFNIn0.c2lnbmF0dXJl';

  test('neither in a message nor in a field, however deep, nor under a name that says it is one', () => {
    const { emit, lines } = log();
    const pem =
      '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----';
    const error = anEventError(`it answered ${jwt} and ${pem}`, `look at ${jwt}`);
    const odd = { detail: { list: [jwt, { password: 'hunter2-hunter2' }], error: new Error(`deep ${jwt}`) } };
    emit({ ...anEvent('pass.failed', { error }), ...odd, ...{ secretKey: 'plain-secret-key' } });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'it answered [redacted JWT] and [redacted private key]',
      hint: 'look at [redacted JWT]',
      detail: {
        list: ['[redacted JWT]', { password: '[redacted, 15 characters]' }],
        error: { name: 'Error', message: 'deep [redacted JWT]' },
      },
      secretKey: '[redacted, 16 characters]',
    });
    for (const secret of ['c2lnbmF0dXJl', 'MIGHAgEA', 'hunter2', 'plain-secret'])
      expect(lines[0]).not.toContain(secret);
  });
});

describe('a warning that stays true is logged once a day', () => {
  const warningOf = (message: string) => anEvent('warning', { error: anEventError(message), target: 'shop' });
  const warning = warningOf('the key file may be read by everybody');

  test('and again when a day has gone by', () => {
    const { emit, clock, lines } = log();
    emit(warning);
    clock.at += 24 * HOUR - 1;
    emit(warning);
    expect(lines).toHaveLength(1);
    clock.at += 1;
    emit(warning);
    emit(warning);
    expect(lines).toHaveLength(2);
  });

  test('by target and by words', () => {
    const { emit, lines } = log();
    emit(warning);
    emit({ ...warning, target: 'app' });
    emit(warningOf('something else'));
    emit(anEvent('warning', { error: warning.error }));
    expect(lines).toHaveLength(4);
  });

  test('and a clock that was ahead silences none', () => {
    const { emit, clock, lines } = log();
    clock.at += 1000 * HOUR;
    emit(warning);
    clock.at = NOW;
    emit(warning);
    emit(warning);
    expect(lines).toHaveLength(2);
  });

  test('other events are logged whenever they happen', () => {
    const { emit, lines } = log();
    for (let i = 0; i < 3; i += 1) emit(anEvent('pass.failed'));
    expect(lines).toHaveLength(3);
  });
});

describe('a log that cannot be written', () => {
  test('never throws, and goes on when it can be written again', () => {
    const lines: string[] = [];
    let full = true;
    const destination = {
      write(line: string) {
        if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        lines.push(line);
      },
    };
    const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => undefined, every: () => () => undefined };
    const emit = createLog({ level: 'info', instance: 'x', clock, destination });
    for (const name of EVENT_NAMES) expect(() => emit(anEvent(name))).not.toThrow();
    full = false;
    emit(anEvent('daemon.stopped'));
    expect(lines).toHaveLength(1);
  });

  test.each([
    ['a full disk', '> /dev/full'],
    ['a closed stdout', '>&-'],
  ])('stops no rotation of the daemon: %s', async (_, redirection) => {
    const place = await ownWorkspace({ settings: { apple: { check: 'off' } } });
    const pushed = Promise.withResolvers<'pushed'>();
    place.world.requests.before('tcb', 'ModifyProvider', () => pushed.resolve('pushed'));
    const before = place.secret();
    const daemon = startCommand('sh', ['-c', `exec "$0" "$1" run ${redirection}`, process.execPath, MAIN], {
      cwd: place.folder,
      env: { ROTATOR_CONFIG: place.configFile },
    });
    expect(await Promise.race([pushed.promise, daemon.exited])).toBe('pushed');
    daemon.signal('SIGTERM');
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(daemon.stderr()).toMatch(/^stopping: .*\n$/);
    expect(place.secret()).not.toBe(before);
  });
});
