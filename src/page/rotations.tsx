// Rotations as a table: why, how it ended, what shows that it is good, and CloudBase's ids for a support ticket.
import type { PageTexts } from '../core/texts/en/page.ts';
import type { TimelineView } from '../http/page-schemas.ts';
import { usePage } from './context.ts';
import type { Mood } from './judge.ts';
import { Go, State, Table } from './parts.tsx';
import { instantOf, momentOf } from './time.ts';

export type RotationShown = TimelineView['rotations'][number];

export function Rotations({
  rotations,
  withTarget,
}: {
  readonly rotations: readonly RotationShown[];
  readonly withTarget: boolean;
}) {
  const { texts } = usePage();
  const { columns, none } = texts.rotation;
  if (rotations.length === 0) return <p class="empty">{none}</p>;
  const { target: _, ...others } = columns;
  return (
    <Table kind={`rotations ${withTarget ? 'all' : 'own'}`} columns={withTarget ? columns : others}>
      {rotations.map((rotation) => (
        <RotationRow key={rotation.id} rotation={rotation} withTarget={withTarget} />
      ))}
    </Table>
  );
}

function RotationRow({ rotation, withTarget }: { readonly rotation: RotationShown; readonly withTarget: boolean }) {
  const { texts } = usePage();
  const { startedAt, target, envId, reason, trigger, requestedBy, outcome, error, requestIds, settles } = rotation;
  const at = instantOf(startedAt);
  const { columns, triggers, by, outcomes, running } = texts.rotation;
  return (
    <tr class="row">
      <td class="when">{at === undefined ? '—' : <time dateTime={startedAt ?? ''}>{momentOf(at, texts)}</time>}</td>
      {withTarget && (
        <td class="target" data-label={columns.target}>
          <Go to={{ kind: 'target', name: target }}>{target}</Go>
          <span class="quiet">{envId}</span>
        </td>
      )}
      <td class="reason" data-label={columns.reason}>
        {texts.reasons[reason]}
        <span class="quiet">
          {triggers[trigger]}
          {requestedBy !== null && ` · ${by(requestedBy)}`}
        </span>
      </td>
      <td class="outcome" data-label={columns.outcome}>
        <State mood={moodOfOutcome(outcome)}>{outcome === null ? running : outcomes[outcome]}</State>
        {error !== null && (
          <span class="quiet">
            {error.message} (<code>{error.code}</code>)
          </span>
        )}
      </td>
      <td class="proof" data-label={columns.proof}>
        <Proof rotation={rotation} />
        {settles !== null && <span class="quiet">{texts.rotation.settles}</span>}
      </td>
      <td class="ids" data-label={columns.ids}>
        {requestIds.length === 0 ? '—' : requestIds.map((id) => <code key={id}>{id}</code>)}
      </td>
    </tr>
  );
}

function Proof({ rotation: { proof, appleCheck } }: { readonly rotation: RotationShown }) {
  const { texts } = usePage();
  return <span>{proofOf(proof, appleCheck.candidate, texts).join(', ')}</span>;
}

/** What shows that the new secret is in place and good; where nothing was written, what Apple said about it. */
export function proofOf(
  proof: RotationShown['proof'],
  candidate: RotationShown['appleCheck']['candidate'],
  { rotation: { readBack, apple, loginCheck } }: PageTexts,
): string[] {
  if (proof === null) return [apple[candidate]];
  const said = [readBack[proof.readBack], apple[proof.apple]];
  return proof.loginCheck === 'not-asked' ? said : [...said, loginCheck[proof.loginCheck]];
}

export function moodOfOutcome(outcome: RotationShown['outcome']): Mood {
  if (outcome === 'succeeded') return 'good';
  return outcome === null || outcome === 'unverified' ? 'unknown' : 'warning';
}
