// What the page shows first: the service, a row for each target, what is wrong, and the channels. Rows say nothing in
// any language, so that all pages share them.
import { isoOrNull } from '../core/instants.ts';
import { isChoice, isUrgent, type JudgeClock, judgeLogins } from '../core/logins.ts';
import { emptyTargetState, type TargetState } from '../core/records.ts';
import { lastingView } from '../core/target-view.ts';
import { program } from '../core/texts/command.ts';
import { DAY } from '../core/time.ts';
import type { Row, ServiceView } from './page-schemas.ts';
import type { ConfiguredTarget, HttpTools, ServiceFacts } from './route.ts';

/** A window opens within renewBefore, which is less than this: the configuration is refused otherwise. */
const WINDOW_HORIZON_MS = 180 * DAY;

export interface Situation {
  readonly clock: JudgeClock;
  readonly facts: ServiceFacts;
}

/** One target in the table; `undefined` is a state of which the journal knows nothing. */
export function rowOf(state: TargetState | undefined, target: ConfiguredTarget, { clock, facts }: Situation): Row {
  const { name, envId, providerId, policy, stated } = target;
  const { deployed, renewalAt, lastPassAt } = state ?? emptyTargetState({ endpoint: '', envId, providerId }, name);
  const view = lastingView(state, target, clock);
  const expiresAt = deployed?.expiresAt ?? null;
  const expiry = facts.expiryOf(name);
  const before = (ms: number | undefined) => isoOrNull(expiresAt === null || ms === undefined ? null : expiresAt - ms);
  return {
    name,
    envId,
    state: view.state,
    reason: view.reason,
    urgent: state !== undefined && isUrgent(judgeLogins(state, clock), deployed, policy.lifetimeMs, clock),
    logins: { state: view.logins.state, because: view.logins.because, chosen: isChoice(view.logins, stated) },
    issuedAt: isoOrNull(deployed?.issuedAt ?? null),
    expiresAt: view.expiresAt,
    renewalAt: view.renewalAt,
    plannedAt: isoOrNull(renewalAt === null ? null : plannedAt(renewalAt, policy.window)),
    warningAt: before(expiry?.warningMs),
    criticalAt: before(expiry?.criticalMs),
    keyId: deployed?.keyId ?? null,
    lastCheckAt: isoOrNull(lastPassAt),
    lastRotationAt: view.lastRotationAt,
    failures: view.consecutiveFailures,
    nextAttemptAt: view.nextAttemptAt,
    code: view.error?.code ?? null,
  };
}

function plannedAt(renewalAt: number, window: ConfiguredTarget['policy']['window']): number {
  return window?.nextOpening(renewalAt, WINDOW_HORIZON_MS) ?? renewalAt;
}

/** Where the scheduler's loop turned last is known to this many ms, so that it does not seem to change by itself. */
const TURN_GRAIN_MS = 2_000;

/** What concerns the daemon as a whole. */
export async function serviceOf(
  { clock, journal, daemon, version, service }: HttpTools,
  before: ServiceView | undefined,
): Promise<ServiceView> {
  const { instance, startedAt, degraded, skewMs, nextTickAt, tokenUrl, replicas } = service();
  const { alive, lastTurnMs } = daemon.health();
  const answeredAt = (await journal.fleet()).apple[tokenUrl]?.answeredAt ?? null;
  const turnedAt = clock.now() - lastTurnMs;
  const known = Date.parse(before?.lastTurnAt ?? '');
  return {
    instance,
    version,
    command: program('').trim(),
    mode: replicas === undefined ? 'embedded' : 'replicas',
    replicas: [...(replicas ?? [])],
    startedAt: isoOrNull(startedAt),
    turns: alive,
    lastTurnAt: isoOrNull(Math.abs(turnedAt - known) < TURN_GRAIN_MS ? known : turnedAt),
    nextTickAt: isoOrNull(nextTickAt ?? null),
    journal: { degradedSince: isoOrNull(degraded?.since ?? null), code: degraded?.error.code ?? null },
    clock: { skewMs: skewMs ?? null },
    apple: { answeredAt: isoOrNull(answeredAt) },
  };
}
