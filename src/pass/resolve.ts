// Rows that a crash left open are settled at the start of the target's next pass: the provider is read, its fields are
// compared and restored. If reading cannot tell what happened, the row ends as unknown, and the target is due at once.
import { type ErrorParams, RotatorError } from '../core/errors.ts';
import type { WriteRank } from '../core/lanes.ts';
import type { ProviderView, ShownSecret } from '../core/provider.ts';
import type { Written } from '../core/read-back.ts';
import type { Intent, Rotation, TargetState } from '../core/records.ts';
import type { Course } from './course.ts';
import type { RowEnd } from './learnt.ts';
import { hasArrived, readBack } from './read-back.ts';
import { dated, oursAmong, restoreFields, withEarlier } from './repair.ts';
import { isGone } from './trouble.ts';
import { afterUnknownWrite, afterWrite, recordOf } from './written.ts';

/** Settles every open row of the target but the one of this pass. Throws if the provider cannot be read. */
export async function resolveOpenRows(course: Course): Promise<void> {
  const { open } = course;
  const writes = open.some(({ intent }) => intent !== null);
  if (!writes) return settle(course, open);
  await course.tools.lane.write(FIRST, course.signal, (turn) => {
    course.noteTurn(turn);
    return settle(course, open);
  });
}

/** Settling may have to restore a field, which is a write too. It goes before all others. */
const FIRST: WriteRank = { failedAt: null, urgent: true, requested: false, neededBy: 0 };

async function settle(course: Course, open: readonly Rotation[]): Promise<void> {
  for (const row of open) await course.settleRow(row, await ending(course, row));
}

async function ending(course: Course, row: Rotation): Promise<RowEnd> {
  const { intent, fingerprint } = row;
  if (intent === null || fingerprint === null)
    return failed(new RotatorError('ERR_INTERRUPTED', { problem: 'before-write' }));
  const candidate = { ...recordOf(row, NOTHING, intent.at), jwt: null };
  const written: Written = {
    candidate,
    before: { shape: intent.shapeBefore, text: null },
    beforeFingerprint: row.previousFingerprint,
  };
  const shown = await readBack(course, written, hasArrived);
  const unknown = (params: ErrorParams['ERR_OUTCOME_UNKNOWN']) =>
    failed(
      new RotatorError('ERR_OUTCOME_UNKNOWN', params),
      afterUnknownWrite(course.state, recordOf(row, written.before, intent.at)),
    );
  if (shown instanceof RotatorError) {
    if (!isGone(shown)) throw shown;
    return unknown({ problem: 'error', because: shown.stored });
  }
  switch (shown.verdict) {
    case 'arrived':
      return arrived(course, row, intent, shown.provider);
    case 'still-old':
      return failed(new RotatorError('ERR_NOT_APPLIED', { problem: 'cut-off' }));
    case 'conflict':
      return failed(new RotatorError('ERR_CONFLICT', { problem: 'after-cut-off' }));
    case 'not-shown':
    case 'unfit':
      return unknown({ problem: 'not-shown' });
  }
}

const NOTHING: ShownSecret = { shape: 'missing', text: null };

function failed(error: RotatorError, learnt: Partial<TargetState> = {}): RowEnd {
  return { outcome: 'failed', error, learnt };
}

async function arrived(course: Course, row: Rotation, intent: Intent, provider: ProviderView): Promise<RowEnd> {
  const { secret, fields } = provider;
  // A digest proves the candidate, but cannot be sent back: fields are then reported, not restored.
  const changes =
    secret.shape === 'clear' && secret.text !== null && row.fingerprint !== null
      ? (
          await restoreFields(course, intent.fields, provider, {
            ...recordOf(row, secret, intent.at),
            jwt: secret.text,
          })
        ).changes
      : dated(course, fields.changesSince(intent.fields));
  const lost = oursAmong(changes);
  return {
    outcome: lost.length === 0 ? 'succeeded' : 'failed',
    error: lost.length === 0 ? null : new RotatorError('ERR_PROVIDER_CHANGED', { problem: 'our-write', fields: lost }),
    readBack: 'seen',
    learnt: {
      ...afterWrite(course.state, recordOf(row, secret, intent.at)),
      providerChanges: withEarlier(course.state.providerChanges, changes),
    },
  };
}
