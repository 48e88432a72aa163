// One target at its own address: how its logins are, what was decided last and why, and the story of its client secrets.
import type { ComponentChildren } from 'preact';
import { REASONS as EN } from '../core/texts/en/words.ts';
import { REASONS as ZH } from '../core/texts/zh/words.ts';
import type { OverviewView, TimelineView } from '../http/page-schemas.ts';
import { useAnswer, usePage } from './context.ts';
import { Command, Distance, Go, Logins, NextStep, Prose, TargetState } from './parts.tsx';
import { Rotations } from './rotations.tsx';
import { Stories } from './stories.tsx';
import { DaysLeft, EvidenceList } from './targets.tsx';
import { dayOf, distanceOf, instantOf } from './time.ts';
import { Timeline } from './timeline.tsx';

const WHY = { en: EN, zh: ZH } as const;

export function Target({ name, overview }: { readonly name: string; readonly overview: OverviewView }) {
  const { language, texts } = usePage();
  const row = overview.targets.find((each) => each.name === name);
  const address = `/api/v1/targets/${encodeURIComponent(name)}/timeline?language=${language}`;
  const answer = useAnswer<TimelineView>(row === undefined ? undefined : address, row);
  const back = (
    <p>
      <Go to={{ kind: 'targets', filter: 'all', search: '' }}>← {texts.target.back}</Go>
    </p>
  );
  if (row === undefined)
    return (
      <>
        {back}
        <h2>{name}</h2>
        <p class="empty">{texts.target.unknown}</p>
      </>
    );
  const stories = overview.alerts.filter(({ targets }) => targets.some((each) => each.name === name));
  return (
    <>
      {back}
      <section class="one" aria-labelledby="target">
        <h2 id="target">{row.name}</h2>
        <dl class="facts">
          <Fact label={texts.target.environment}>
            <code>{row.envId}</code>
          </Fact>
          <Fact label={texts.targets.columns.logins}>
            <Logins row={row} />
          </Fact>
          <Fact label={texts.targets.columns.left}>
            <DaysLeft row={row} />
          </Fact>
          <Fact label={texts.targets.columns.key}>
            <code>{row.keyId ?? '—'}</code>
          </Fact>
          <Fact label={texts.targets.columns.check}>
            <Distance iso={row.lastCheckAt} />
          </Fact>
          <Fact label={texts.targets.columns.rotation}>
            <Distance iso={row.lastRotationAt} />
          </Fact>
        </dl>
      </section>
      <Stories stories={stories} />
      {answer.state === 'here' && <Details timeline={answer.value} />}
      {answer.state === 'loading' && <p class="quiet">{texts.loading}</p>}
    </>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Details({ timeline }: { readonly timeline: TimelineView }) {
  const { texts, program } = usePage();
  const { target, evidence, changes, differs, rotations } = timeline;
  return (
    <>
      <section aria-labelledby="decision">
        <h2 id="decision">{texts.target.decision}</h2>
        <p>
          <TargetState row={target} />
        </p>
        <Decision timeline={timeline} />
        <p>{texts.target.check}</p>
        <Command text={`${program} once --target ${target.name}`} />
        <p>{texts.target.rotate}</p>
        <Command text={`${program} once --target ${target.name} --force`} />
      </section>
      <section aria-labelledby="evidence">
        <h2 id="evidence">{texts.target.evidence}</h2>
        <EvidenceList evidence={evidence} />
      </section>
      <section aria-labelledby="timeline">
        <h2 id="timeline">{texts.target.timeline}</h2>
        <Timeline timeline={timeline} />
      </section>
      <section aria-labelledby="rotations">
        <h2 id="rotations">{texts.target.rotations}</h2>
        <Rotations rotations={rotations} withTarget={false} />
      </section>
      <section aria-labelledby="changes">
        <h2 id="changes">{texts.target.changes}</h2>
        {changes.length + differs.length === 0 && <p class="empty">{texts.target.noChanges}</p>}
        <ul>
          {differs.map(({ name, found, wanted }) => (
            <li key={name}>
              <code>{name}</code>: {texts.target.differs(String(found ?? texts.target.nothing), String(wanted))}
            </li>
          ))}
          {changes.map(({ path, by, at }) => (
            <li key={path}>
              <code>{path}</code>: {texts.target.by[by]}, <Distance iso={at} />
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** What the last pass decided, in words. */
function Decision({ timeline: { target, error } }: { readonly timeline: TimelineView }) {
  const { language, texts, minute } = usePage();
  const checkedAt = instantOf(target.lastCheckAt);
  const words = texts.target;
  if (checkedAt === undefined) return <p>{words.never}</p>;
  const ago = distanceOf(Math.min(checkedAt, minute - 1000), minute, texts);
  const why = target.reason === null ? '' : WHY[language][target.reason];
  const [renewalAt, plannedAt, nextAt] = [target.renewalAt, target.plannedAt, target.nextAttemptAt].map(instantOf);
  const isHeld = target.state === 'due' && plannedAt !== undefined && plannedAt > minute;
  const retry =
    nextAt !== undefined && nextAt > minute ? words.retry(distanceOf(nextAt, minute, texts)) : words.retryTick;
  const said = {
    healthy: renewalAt === undefined ? words.goodNoDate(ago) : words.good(ago, dayOf(renewalAt, texts)),
    rotated: words.goodNoDate(ago),
    due: why === '' ? words.dueNoReason(ago) : words.due(ago, why),
    pending: words.pending(ago, why),
    unverified: words.unverified(ago),
    failed: error === null ? words.loginsFail(ago) : words.failed(ago),
    unknown: words.never,
  }[target.state];
  return (
    <>
      <p>
        {said} {isHeld && words.waitsForWindow(distanceOf(plannedAt, minute, texts))}
      </p>
      {error !== null && (
        <div class="next">
          <p>
            <Prose text={error.message} /> (<code>{error.code}</code>)
          </p>
          <NextStep text={error.hint} />
          {target.state !== 'healthy' && <p class="quiet">{retry}</p>}
        </div>
      )}
    </>
  );
}
