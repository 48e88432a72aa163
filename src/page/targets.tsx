// The table of targets, soonest expiry first, with a filter and a search that the address keeps. Rows out of sight are
// not drawn (content-visibility), and a row is made anew only when it or the minute changes.

import { useMemo, useState } from 'preact/hooks';
import { LOGIN_FINDINGS as EN } from '../core/texts/en/logins.ts';
import { LOGIN_FINDINGS as ZH } from '../core/texts/zh/logins.ts';
import type { Row, TimelineView } from '../http/page-schemas.ts';
import { useAnswer, usePage } from './context.ts';
import { FILTERS, filtered, isFailing, moodOf, soonestFirst } from './judge.ts';
import { memo } from './memo.ts';
import { Distance, Go, Icon, Logins, State, Table, TargetState } from './parts.tsx';
import type { View } from './place.ts';
import { dayOf, daysLeft, instantOf } from './time.ts';

const FINDINGS = { en: EN, zh: ZH } as const;
const LONGEST_MS = 180 * 86_400_000;

export function Targets({ rows, view }: { readonly rows: readonly Row[]; readonly view: View & { kind: 'targets' } }) {
  const { texts, minute, go } = usePage();
  const sorted = useMemo(() => soonestFirst(rows), [rows]);
  const shown = useMemo(() => filtered(sorted, view.filter, view.search, minute), [sorted, view, minute]);
  const { columns, filters } = texts.targets;
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">
        {texts.views.targets} <span class="count">{rows.length}</span>
      </h2>
      <div class="filters">
        <input
          type="search"
          placeholder={texts.targets.search}
          aria-label={texts.targets.search}
          value={view.search}
          onInput={({ currentTarget }) => go({ ...view, search: currentTarget.value }, { replaces: true })}
        />
        <fieldset class="choices">
          <legend class="hidden">{texts.targets.show}</legend>
          {FILTERS.map((filter) => (
            <label key={filter} class={filter === view.filter ? 'chosen' : ''}>
              <input
                type="radio"
                name="filter"
                checked={filter === view.filter}
                onChange={() => go({ ...view, filter }, { replaces: true })}
              />
              {filters[filter]}
            </label>
          ))}
        </fieldset>
        <span class="quiet" role="status">
          {texts.targets.shown(shown.length, rows.length)}
        </span>
      </div>
      {shown.length === 0 && (
        <p class="empty">
          {texts.targets.none} <Go to={{ kind: 'targets', filter: 'all', search: '' }}>{texts.targets.all}</Go>
        </p>
      )}
      {shown.length > 0 && (
        <Table kind="targets" labelledBy="targets" columns={columns}>
          {shown.map((row) => (
            <TargetRow key={row.name} row={row} />
          ))}
        </Table>
      )}
    </section>
  );
}

const TargetRow = memo(function TargetRow({ row }: { readonly row: Row }) {
  const { texts } = usePage();
  const [isOpen, setOpen] = useState(false);
  const { columns } = texts.targets;
  return (
    <tr class={`row ${moodOf(row)}`}>
      <td class="name">
        <Go to={{ kind: 'target', name: row.name }}>{row.name}</Go>
        <span class="quiet">{row.envId}</span>
      </td>
      <td class="logins">
        <button
          type="button"
          class="evidence"
          aria-expanded={isOpen}
          title={texts.targets.evidence(row.name)}
          onClick={() => setOpen(!isOpen)}
        >
          <Logins row={row} />
        </button>
        {moodOf(row) !== 'good' && row.state !== 'healthy' && <TargetState row={row} />}
        {isOpen && <Evidence name={row.name} version={row} />}
      </td>
      <td class="left">
        <DaysLeft row={row} />
      </td>
      <td class="key" data-label={columns.key}>
        <code>{row.keyId ?? '—'}</code>
      </td>
      <td class="check" data-label={columns.check}>
        <Distance iso={row.lastCheckAt} />
      </td>
      <td class="rotation" data-label={columns.rotation}>
        <Distance iso={row.lastRotationAt} />
      </td>
    </tr>
  );
});

/** What is left as a number and as a bar over the whole lifetime, with the points at which something happens. */
export function DaysLeft({ row }: { readonly row: Row }) {
  const { texts, minute } = usePage();
  const expiresAt = instantOf(row.expiresAt);
  if (expiresAt === undefined) return <State mood="unknown">{texts.targets.noExpiry}</State>;
  const left = daysLeft(expiresAt, minute);
  const lifetime = Math.max(1, expiresAt - (instantOf(row.issuedAt) ?? expiresAt - LONGEST_MS));
  const share = (at: number) => Math.max(0, Math.min(100, ((expiresAt - at) / lifetime) * 100));
  const points = (['renewal', 'warning', 'critical'] as const).flatMap((kind) => {
    const at = instantOf(row[`${kind}At`]);
    return at === undefined ? [] : [{ kind, at }];
  });
  const said = left < 0 ? texts.targets.expired : texts.time.days(left);
  const level = isFailing(row) || left < 0 ? 'critical' : levelOf(points, minute);
  return (
    <span class={`days ${level}`}>
      <span class="number">
        {level !== 'good' && <Icon name={level} />}
        {said}
      </span>
      <svg
        class="bar"
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        role="img"
        aria-label={points.map(({ kind, at }) => `${texts.targets.legend[kind]} ${dayOf(at, texts)}`).join(', ')}
      >
        <rect class="track" width="100" height="10" />
        <rect class="fill" width={share(minute)} height="10" />
        {points.map(({ kind, at }) => (
          <line key={kind} class={kind} x1={share(at)} x2={share(at)} y1="0" y2="10" />
        ))}
      </svg>
    </span>
  );
}

function levelOf(points: readonly { readonly kind: string; readonly at: number }[], now: number) {
  const passed = new Set(points.filter(({ at }) => at <= now).map(({ kind }) => kind));
  return passed.has('critical') ? 'critical' : passed.has('warning') ? 'warning' : 'good';
}

/** What is known about logins, asked for when somebody wants to see it. */
function Evidence({ name, version }: { readonly name: string; readonly version: unknown }) {
  const { language, texts } = usePage();
  const address = `/api/v1/targets/${encodeURIComponent(name)}/timeline?language=${language}`;
  const answer = useAnswer<TimelineView>(address, version);
  return answer.state === 'here' ? (
    <EvidenceList evidence={answer.value.evidence} />
  ) : (
    <span class="quiet">{texts.loading}</span>
  );
}

export function EvidenceList({ evidence }: Pick<TimelineView, 'evidence'>) {
  const { language, texts } = usePage();
  if (evidence.length === 0) return <span class="quiet">{texts.targets.noEvidence}</span>;
  return (
    <ul class="evidences">
      {evidence.map(({ kind, verdict, at, detail }) => (
        <li key={`${kind} ${detail}`}>
          <State mood={verdict === 'works' ? 'good' : verdict === 'fails' ? 'critical' : 'unknown'}>
            {texts.logins[verdict]}
          </State>
          <span>
            {FINDINGS[language][detail]}{' '}
            <span class="quiet">
              (<Distance iso={at} />)
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
