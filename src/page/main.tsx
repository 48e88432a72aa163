// The page: it shows how all targets are, and changes nothing. What there is to do stands on it as a command to copy.
import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Language } from '../core/alerts/message.ts';
import { PAGE_EN } from '../core/texts/en/page.ts';
import { PAGE_ZH } from '../core/texts/zh/page.ts';
import { MINUTE, SECOND } from '../core/time.ts';
import { ageOf, connect, type Known } from './connection.ts';
import { PageContext, type Surroundings, useNow, usePage } from './context.ts';
import { type Mood, verdictOf } from './judge.ts';
import { Icon } from './parts.tsx';
import {
  addressOf,
  applyScheme,
  prefer,
  preferredLanguage,
  preferredScheme,
  type Scheme,
  type View,
  viewAt,
} from './place.ts';
import { Stories } from './stories.tsx';
import { Target } from './target.tsx';
import { Targets } from './targets.tsx';
import { amountOf } from './time.ts';
import { Navigation, Settings, Status } from './top.tsx';
import { Calendar, Channels, History, Refused } from './views.tsx';

const TEXTS = { en: PAGE_EN, zh: PAGE_ZH } as const;

const NOTHING: Known = { overview: undefined, refusal: undefined, link: 'asking', heardAt: Date.now(), aheadMs: 0 };

function Page() {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  const [scheme, setScheme] = useState<Scheme>(preferredScheme);
  const [known, setKnown] = useState<Known>(NOTHING);
  const [view, setView] = useState<View>(() => viewAt(location.href));
  const latest = useRef(known);
  latest.current = known;
  const main = useRef<HTMLElement>(null);
  const texts = TEXTS[language];

  useEffect(() => {
    const connection = connect(language, latest.current, setKnown);
    return connection.close;
  }, [language]);
  useEffect(() => {
    const onBack = () => setView(viewAt(location.href));
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
  }, [language]);

  const minute = useMinute(known.aheadMs);
  const program = known.overview?.service.command ?? '';
  const surroundings = useMemo<Surroundings>(
    () => ({
      language,
      texts,
      program,
      minute,
      go(next, options) {
        if (options?.replaces === true) history.replaceState(null, '', addressOf(next));
        else history.pushState(null, '', addressOf(next));
        setView(next);
        if (options?.replaces === true) return;
        scrollTo(0, 0);
        main.current?.focus();
      },
    }),
    [language, texts, program, minute],
  );
  return (
    <PageContext value={surroundings}>
      <a class="skip" href="#main">
        {texts.skip}
      </a>
      <header class="top">
        <Navigation view={view} instance={known.overview?.service.instance} />
        <Settings
          {...{ language, scheme }}
          onLanguage={(next) => {
            prefer('language', next);
            setLanguage(next);
          }}
          onScheme={(next) => {
            prefer('scheme', next);
            applyScheme(next);
            setScheme(next);
          }}
        />
      </header>
      <Age known={known} />
      <main id="main" ref={main} tabIndex={-1}>
        <Content known={known} view={view} />
      </main>
    </PageContext>
  );
}

/** The daemon's clock to the minute, so that nothing is made anew more often. */
function useMinute(aheadMs: number): number {
  const now = useNow(10 * SECOND) + aheadMs;
  return Math.floor(now / MINUTE) * MINUTE;
}

function Age({ known }: { readonly known: Known }) {
  const { texts } = usePage();
  const age = ageOf(known, useNow(SECOND));
  if (known.link === 'password')
    return (
      <div class="lost" role="alert">
        {texts.lost.refused}
      </div>
    );
  if (age === undefined) return null;
  return (
    <div class="lost" role="alert">
      <Icon name="warning" />
      <span>
        <b>{texts.lost.title(amountOf(age, texts))}</b> {texts.lost.text}
      </span>
    </div>
  );
}

function Content({ known, view }: { readonly known: Known; readonly view: View }) {
  const { texts, minute } = usePage();
  const { overview, refusal } = known;
  const verdict = useMemo(
    () => (overview === undefined ? undefined : verdictOf(overview, minute, texts)),
    [overview, minute, texts],
  );
  if (refusal !== undefined)
    return (
      <>
        <Verdict mood="critical" sentence={texts.verdict.refused} />
        <Refused refusal={refusal} />
      </>
    );
  if (overview === undefined || verdict === undefined) return <p class="quiet loading">{texts.loading}</p>;
  const { targets, alerts, channels } = overview;
  return (
    <>
      <VerdictOf known={known} {...verdict} />
      <Status known={known} />
      {view.kind === 'targets' && (
        <>
          <Stories stories={alerts} />
          <Targets rows={targets} view={view} />
        </>
      )}
      {view.kind === 'target' && <Target key={view.name} name={view.name} overview={overview} />}
      {view.kind === 'calendar' && <Calendar rows={targets} />}
      {view.kind === 'history' && (
        <History key={view.target ?? ''} target={view.target} version={newestRotation(targets)} />
      )}
      {view.kind === 'channels' && <Channels channels={channels} />}
    </>
  );
}

/** Changes when a rotation has ended or failed. */
function newestRotation(rows: readonly { lastRotationAt: string | null; failures: number }[]): string {
  const last =
    rows
      .map(({ lastRotationAt }) => lastRotationAt ?? '')
      .sort()
      .at(-1) ?? '';
  return `${last} ${String(rows.reduce((sum, { failures }) => sum + failures, 0))}`;
}

/** The verdict, as one of the past where nothing answers any more: what was well need not be so now. */
function VerdictOf({
  known,
  mood,
  sentence,
}: {
  readonly known: Known;
  readonly mood: Mood;
  readonly sentence: string;
}) {
  const { texts } = usePage();
  const age = ageOf(known, useNow(SECOND));
  if (age === undefined) return <Verdict {...{ mood, sentence }} />;
  return (
    <Verdict mood={mood === 'good' ? 'unknown' : mood} sentence={texts.lost.was(amountOf(age, texts), sentence)} />
  );
}

function Verdict({ mood, sentence }: { readonly mood: Mood; readonly sentence: string }) {
  useEffect(() => {
    document.title = `${{ good: '✓', warning: '▲', critical: '✖', unknown: '?' }[mood]} ${sentence}`;
  }, [mood, sentence]);
  return (
    <div class={`verdict ${mood}`} role="status">
      <Icon name={mood} />
      <h1>{sentence}</h1>
    </div>
  );
}

const place = document.getElementById('page');
if (place !== null) render(<Page />, place);
