// What is wrong now, worst first: since when, for whom, how long logins work, what to do, and who was told.
import { runbookPath } from '../core/alerts/runbook-path.ts';
import { usePage } from './context.ts';
import type { Story } from './judge.ts';
import { Day, Distance, Go, NextStep, Prose, State } from './parts.tsx';
import { distanceOf, instantOf } from './time.ts';

/** More names are a list that nobody reads. */
const MOST_TARGETS = 8;

export function Stories({ stories }: { readonly stories: readonly Story[] }) {
  const { texts } = usePage();
  if (stories.length === 0) return null;
  return (
    <section aria-labelledby="stories">
      <h2 id="stories">
        {texts.stories.title} <span class="count">{stories.length}</span>
      </h2>
      <ul class="stories">
        {stories.map((story) => (
          <StoryCard key={story.id} story={story} />
        ))}
      </ul>
    </section>
  );
}

function StoryCard({ story }: { readonly story: Story }) {
  const { texts, language } = usePage();
  const { severity, title, what, next, since, loginsUntil, targets, runbook, channels } = story;
  const more = targets.length - MOST_TARGETS;
  return (
    <li class={`story ${severity}`}>
      <header>
        <State mood={severity}>{texts.severity[severity]}</State>
        <h3>
          <Prose text={`${title.slice(0, 1).toUpperCase()}${title.slice(1)}`} />
        </h3>
        <span class="quiet">
          {texts.stories.since} <Distance iso={since} />
        </span>
      </header>
      <p>
        <Prose text={what} />
      </p>
      {targets.length > 0 && (
        <p class="chips">
          <span class="label">{texts.stories.targets}</span>
          {targets.slice(0, MOST_TARGETS).map(({ name }) => (
            <Go key={name} class="chip" to={{ kind: 'target', name }}>
              {name}
            </Go>
          ))}
          {more > 0 && <span class="quiet">{texts.stories.more(more)}</span>}
        </p>
      )}
      {loginsUntil !== null && (
        <p>
          <span class="label">{texts.stories.until}</span> <Day iso={loginsUntil} /> (<Distance iso={loginsUntil} />)
        </p>
      )}
      <div class="next">
        <span class="label">{texts.stories.next}</span>
        <NextStep text={next} />
      </div>
      <footer>
        <a href={`${runbookPath(language)}${runbook.slice(runbook.indexOf('#'))}`}>{texts.stories.runbook}</a>
        <Told channels={channels} />
      </footer>
    </li>
  );
}

function Told({ channels }: Pick<Story, 'channels'>) {
  const { texts, minute } = usePage();
  const said = channels.map(({ name, toldAt, delivered }) => {
    const at = instantOf(toldAt);
    if (at === undefined || !delivered) return texts.stories.waits(name);
    return texts.stories.toldAt(name, distanceOf(Math.min(at, minute - 1000), minute, texts));
  });
  return (
    <span class="quiet">
      {texts.stories.told}: {said.length === 0 ? texts.stories.toNobody : said.join(' · ')}
    </span>
  );
}
