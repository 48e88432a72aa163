// The frame of every view: where one can go, language and colours, and how the daemon itself is.
import type { ComponentChildren } from 'preact';
import { LANGUAGES, type Language } from '../core/alerts/message.ts';
import { runbookPath } from '../core/alerts/runbook-path.ts';
import { SECOND } from '../core/time.ts';
import { ageOf, type Known } from './connection.ts';
import { useNow, usePage } from './context.ts';
import type { Mood } from './judge.ts';
import { Distance, Go, State } from './parts.tsx';
import { SCHEMES, type Scheme, type View } from './place.ts';
import { amountOf, distanceOf, instantOf, momentOf } from './time.ts';

const NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
/** Less than this is what two right clocks differ by. */
const SKEW_TO_SAY_MS = 60 * SECOND;

const VIEWS = {
  targets: { kind: 'targets', filter: 'all', search: '' },
  calendar: { kind: 'calendar' },
  history: { kind: 'history', target: undefined },
  channels: { kind: 'channels' },
} as const satisfies Record<string, View>;

export function Navigation({ view, instance }: { readonly view: View; readonly instance: string | undefined }) {
  const { texts, language } = usePage();
  const here = view.kind === 'target' ? 'targets' : view.kind;
  return (
    <>
      <span class="instance">{instance ?? 'apple-secret-rotator'}</span>
      <nav aria-label={texts.navigation}>
        {Object.entries(VIEWS).map(([name, to]) => (
          <Go key={name} to={to} aria-current={to.kind === here ? 'page' : undefined}>
            {texts.views[to.kind]}
          </Go>
        ))}
        <a href={runbookPath(language)}>{texts.views.runbook}</a>
      </nav>
    </>
  );
}

export function Settings({
  language,
  scheme,
  onLanguage,
  onScheme,
}: {
  readonly language: Language;
  readonly scheme: Scheme;
  readonly onLanguage: (language: Language) => void;
  readonly onScheme: (scheme: Scheme) => void;
}) {
  const { texts } = usePage();
  return (
    <fieldset class="settings">
      <legend class="hidden">{texts.settings}</legend>
      <select
        aria-label={texts.language}
        value={language}
        onChange={({ currentTarget: { value } }) => onLanguage(LANGUAGES.find((each) => each === value) ?? 'en')}
      >
        {LANGUAGES.map((each) => (
          <option key={each} value={each} lang={each}>
            {NAMES[each]}
          </option>
        ))}
      </select>
      <select
        aria-label={texts.scheme.label}
        value={scheme}
        onChange={({ currentTarget: { value } }) => onScheme(SCHEMES.find((each) => each === value) ?? 'auto')}
      >
        {SCHEMES.map((each) => (
          <option key={each} value={each}>
            {texts.scheme[each]}
          </option>
        ))}
      </select>
    </fieldset>
  );
}

/** Whether the daemon turns, its journal, its clock, and when Apple answered last. */
export function Status({ known }: { readonly known: Known }) {
  const { texts } = usePage();
  const { overview, link, aheadMs } = known;
  const now = useNow(SECOND);
  if (overview === undefined) return null;
  const { daemon, live } = texts;
  const { turns, lastTurnAt, journal, clock, apple, version, mode, nextTickAt, replicas } = overview.service;
  const age = ageOf(known, now);
  const turnedAt = instantOf(lastTurnAt) ?? now;
  const skew = clock.skewMs;
  const isSkewed = skew !== null && Math.abs(skew) >= SKEW_TO_SAY_MS;
  const since = instantOf(journal.degradedSince);
  return (
    <dl class="status">
      <Item label={daemon.label} mood={age !== undefined ? 'unknown' : turns ? 'good' : 'critical'}>
        {age !== undefined
          ? daemon.noAnswer
          : turns
            ? daemon.turns(distanceOf(Math.min(turnedAt, now + aheadMs - SECOND), now + aheadMs, texts))
            : `${daemon.stopped}, ${daemon.turns(distanceOf(turnedAt, now + aheadMs, texts))}`}
      </Item>
      <Item label={daemon.journal} mood={since === undefined ? 'good' : 'warning'}>
        {since === undefined ? daemon.journalGood : daemon.journalBad(momentOf(since, texts))}
      </Item>
      <Item label={daemon.clock} mood={skew === null ? 'unknown' : isSkewed ? 'warning' : 'good'}>
        {skew === null
          ? daemon.clockUnknown
          : isSkewed
            ? daemon.clockOff((skew / SECOND).toFixed(0))
            : daemon.clockGood}
      </Item>
      <Item label={daemon.apple} mood={apple.answeredAt === null ? 'unknown' : 'good'}>
        {apple.answeredAt === null ? daemon.never : <Distance iso={apple.answeredAt} />}
      </Item>
      <Item label={daemon.next}>
        <Distance iso={nextTickAt} />
      </Item>
      <Item label={daemon.version}>
        {version} · {daemon.mode[mode]}
      </Item>
      {replicas.length > 0 && (
        <Item label={daemon.replicas} mood={replicas.some(({ silent }) => silent) ? 'warning' : 'good'}>
          {replicas
            .map(({ name, leads, silent }) => (leads ? daemon.leads(name) : silent ? daemon.silent(name) : name))
            .join(', ')}
        </Item>
      )}
      <Item mood={age !== undefined ? 'warning' : link === 'live' ? 'good' : 'unknown'}>
        {age !== undefined ? live.old(amountOf(age, texts)) : link === 'live' ? live.live : live.asking}
      </Item>
    </dl>
  );
}

function Item({
  label,
  mood,
  children,
}: {
  readonly label?: string;
  readonly mood?: Mood;
  readonly children: ComponentChildren;
}) {
  const { texts } = usePage();
  return (
    <div>
      <dt class={label === undefined ? 'hidden' : ''}>{label ?? texts.daemon.label}</dt>
      <dd>{mood === undefined ? children : <State mood={mood}>{children}</State>}</dd>
    </div>
  );
}
