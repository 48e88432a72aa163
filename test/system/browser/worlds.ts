// The states of the service that the page is looked at in, each behind a real server.

import { onTestFinished } from 'vitest';
import { ConfigError } from '../../../src/config/problems.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import type { TargetState } from '../../../src/core/records.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../../src/core/time.ts';
import { refusedRoutes } from '../../../src/http/served.ts';
import { startHttpServer } from '../../../src/http/server.ts';
import { refusalOf } from '../../../src/service/refusal.ts';
import { systemClock } from '../../../src/service/system-clock.ts';
import { START, startHttpRig } from '../../http/rig.ts';
import { aFinding, aLoginsFail, aStoryOf, DENIED } from '../../support/alert-findings.ts';
import { wired } from '../../support/daemon-rig.ts';

export const STATES = ['well', 'failing', 'urgent', 'many', 'killed', 'refused'] as const;
export type State = (typeof STATES)[number];

/** Markup, a control character and marks that turn the direction of writing. */
export const HOSTILE = '<img src=x onerror=alert(1)>\u202egnp.\u0007&amp;';

type Rig = Awaited<ReturnType<typeof startHttpRig>>;

/** A target that works, with so many days left. */
export function good(daysLeft: number): Partial<TargetState> {
  const expiresAt = START + daysLeft * DAY;
  const at = START - 10 * MINUTE;
  return {
    state: 'healthy',
    lastPassAt: at,
    lastGatherAt: at,
    lastSuccessAt: at,
    lastRotationAt: expiresAt - 180 * DAY,
    renewalAt: expiresAt - 60 * DAY,
    deployed: {
      fingerprint: 'f'.repeat(64),
      keyId: 'K1L2M3N4O5',
      issuedAt: expiresAt - 180 * DAY,
      expiresAt,
      shape: 'clear',
      from: 'read',
      identity: null,
      defect: null,
    },
    apple: {
      deployed: {
        askedAt: at,
        answer: {
          at,
          verdict: 'accepted',
          counts: true,
          identity: null,
          fingerprint: 'f'.repeat(64),
          since: at,
          rejectedSince: null,
        },
      },
      candidate: { askedAt: null, answer: null },
      acceptedSecret: 'f'.repeat(64),
    },
  };
}

const failure = new RotatorError('ERR_JOURNAL_NEWER', { path: '/data/journal.db', version: 9, known: 3, copy: null })
  .stored;

async function fill(rig: Rig, state: State): Promise<void> {
  const names = rig.configured.targets.map(({ name }) => name);
  for (const [index, name] of names.entries()) await rig.putTarget(name, good(45 + ((index * 37) % 135)));
  for (let index = 0; index < 3; index += 1)
    await rig.putRotation({
      outcome: index === 1 ? 'failed' : 'succeeded',
      startedAt: START - (index + 1) * 60 * DAY,
      finishedAt: START - (index + 1) * 60 * DAY + MINUTE,
      issuedAt: START - (index + 1) * 60 * DAY,
      expiresAt: START - (index + 1) * 60 * DAY + 180 * DAY,
      error: index === 1 ? failure : null,
      requestedBy: index === 0 ? HOSTILE : null,
      proof: { readBack: 'seen', apple: 'accepted', loginCheck: 'unknown' },
    });
  if (state !== 'failing' && state !== 'urgent') return;
  const shop = state === 'failing' ? good(-2) : good(4);
  await rig.putTarget('shop', {
    ...shop,
    state: 'failed',
    reason: state === 'failing' ? 'SecretExpired' : 'RenewalDue',
    error: { code: 'ERR_CLOUDBASE_DENIED', message: HOSTILE, hint: `Do it: \`apple-secret-rotator check ${HOSTILE}\`` },
    retry: { failures: 3, nextAttemptAt: START + HOUR },
    replaced: { at: START - 30 * DAY, fingerprint: null, kind: 'other' },
    providerChanges: [{ path: HOSTILE, by: 'somebody-else', at: START - 20 * DAY }],
    apple: { ...shop.apple, deployed: { askedAt: null, answer: null } } as never,
  });
  const { key, name, envId, providerId } = wired('shop').target;
  const target = { key, name, envId, providerId };
  const finding =
    state === 'failing'
      ? aLoginsFail({ at: START - HOUR, expiresAt: START - 2 * DAY }, DENIED)
      : aFinding(
          'SecretExpiring',
          { expiresAt: START + 4 * DAY },
          { severity: 'critical', loginsUntil: START + 4 * DAY },
        );
  await rig.journal.updateAlerts(() => ({
    putStories: [{ ...aStoryOf({ ...finding, target }), since: START - HOUR }],
  }));
}

/** A server in one of the states, at a port if it must be that one; `kill` ends it. */
export async function startWorld(
  state: State,
  port = 0,
): Promise<{ url: string; kill: () => Promise<void>; rig?: Rig }> {
  if (state === 'refused') return startRefused();
  const count = state === 'many' ? 1000 : 12;
  const rest = Array.from({ length: count - 1 }, (_, index) => `app-${String(index).padStart(4, '0')}`);
  const rig = await startHttpRig({ port, targets: ['shop', ...rest] });
  await fill(rig, state);
  // Its clock goes on like that of the browser, so that streams do not fall silent.
  let advanced = Promise.resolve();
  const stop = systemClock.every(SECOND, () => {
    advanced = advanced.then(() => rig.clock.advance(SECOND));
  });
  onTestFinished(() => {
    stop();
    return advanced;
  });
  return { url: rig.url, kill: () => rig.server.close(), rig };
}

async function startRefused() {
  const error = new ConfigError([
    {
      file: 'config/rotator.yaml',
      line: 12,
      key: 'schedule.cron',
      at: 'schedule.cron',
      found: ['value', '"every now and then"'],
      wanted: ['text'],
    },
    {
      file: 'config/targets.d/shop.yaml',
      line: 3,
      key: '',
      found: ['odd-yaml'],
      wanted: ['yaml'],
      excerpt: { text: '    key: { from: file, path: ./keys/AuthKey_K1L2M3N4O5.p8', before: 57 },
    },
  ]);
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    tokens: () => ({ token: undefined, readToken: undefined }),
    clock: systemClock,
    emit: () => undefined,
    routes: refusedRoutes({ refusal: (language) => refusalOf(error, language), knowsReaders: true }),
  });
  onTestFinished(() => server.close());
  return { url: server.url, kill: () => server.close() };
}
