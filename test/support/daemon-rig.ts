// A daemon whose clock is moved by hand and whose passes are recorded instead of run: what is tested with it is when
// passes run, which no real part can produce in the time that a test has.
import { parseCron } from '../../src/core/cron.ts';
import type { RotatorError } from '../../src/core/errors.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import type { Target } from '../../src/core/ports.ts';
import { emptyTargetState, type TargetState, targetKey } from '../../src/core/records.ts';
import { HOUR, MINUTE } from '../../src/core/time.ts';
import { Daemon, type Plan } from '../../src/daemon/daemon.ts';
import { byKey, type Sweeper, type SweepItem, type WiredTarget } from '../../src/daemon/sweep.ts';
import type { PassResult } from '../../src/pass/pass.ts';
import { HandClock } from './clock.ts';

/** A Sunday, at half past the hour. */
export const START = Date.UTC(2026, 10, 22, 10, 30);

export function wired(name: string, lane = 'lane'): WiredTarget {
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: `env-${name}`, providerId: 'apple' };
  const target: Target = {
    ...identity,
    key: targetKey(identity),
    name,
    ids: {},
    policy: { lifetimeMs: 180 * 24 * HOUR, renewBeforeMs: 60 * 24 * HOUR, window: undefined },
    appleCheck: 'compare',
    write: 'whole',
    loginCheck: 'off',
    stated: {},
    isAllowedHost: () => true,
  };
  return { target, tools: { provider: { lane } } as WiredTarget['tools'], laneWidth: 1 };
}

interface Pass {
  readonly name: string;
  readonly trigger: string;
  /** Minutes since the start. */
  readonly at: number;
}

/** How the passes of a target go. */
export interface RecordedPass extends Partial<TargetState> {
  readonly waitsFor?: RotatorError;
  readonly wakeAt?: number;
  /** Resolves when the pass may end. */
  readonly lasts?: Promise<void>;
  /** Resolves when the pass may open its row `row`. */
  readonly opens?: Promise<void>;
  readonly row?: string;
}

/** Starts a daemon; a pass opens a row if the test names one. */
export function startDaemon(targets: readonly WiredTarget[], cron = '0 * * * *') {
  const clock = new HandClock(START);
  const passes: Pass[] = [];
  const events: RotatorEvent[] = [];
  const answers = new Map<string, RecordedPass>();
  const requests: SweepItem['request'][] = [];
  const sweeps: string[][] = [];
  /** When sweeps ended, in minutes since the start. */
  const ended: number[] = [];
  const sweeper = {
    async sweep(items: readonly SweepItem[], onResult: (target: Target, result: PassResult) => void) {
      sweeps.push(items.map(({ wired: { target } }) => target.name));
      await Promise.all(
        items.map(async ({ wired: { target }, request }) => {
          passes.push({ name: target.name, trigger: request.trigger, at: Math.round((clock.now() - START) / MINUTE) });
          requests.push(request);
          await Promise.resolve();
          const { waitsFor = null, wakeAt = null, lasts, opens, row, ...state } = answers.get(target.name) ?? {};
          await opens;
          if (row !== undefined) request.onRow?.({ targetKey: target.key, id: row });
          await lasts;
          const full = { ...emptyTargetState(target, target.name), state: 'healthy' as const, ...state };
          onResult(target, { state: full, outcome: null, waitsFor, wakeAt, skewMs: undefined });
        }),
      );
      return new Map();
    },
  } as unknown as Sweeper;
  const plan = (list: readonly WiredTarget[]): Plan => ({
    targets: byKey(list),
    cron: parseCron(cron, 'UTC'),
  });
  const onSwept = () => ended.push(Math.round((clock.now() - START) / MINUTE));
  const daemon = new Daemon(plan(targets), { clock, emit: (event) => events.push(event), sweeper, onSwept });
  const running = daemon.run();
  return { clock, daemon, passes, events, answers, requests, sweeps, ended, plan, running };
}
