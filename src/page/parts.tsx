// Small parts that every view uses: icons, states, times, links, commands. A state is always a colour, an icon and a word.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { nextStepOf } from '../alerts/words/next-step.ts';
import type { Row } from '../http/page-schemas.ts';
import { usePage } from './context.ts';
import { type Mood, moodOf } from './judge.ts';
import { addressOf, type View } from './place.ts';
import { dayOf, distanceOf, instantOf, momentOf } from './time.ts';

const ICONS = {
  good: <path d="M4 12.5l5 5L20 6.5" />,
  warning: <path d="M12 3.5L22 20.5H2zM12 10v5M12 17.6v.4" />,
  critical: <path d="M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8zM8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4" />,
  unknown: <path d="M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.1-1.5 2.3M12 18v.4" />,
  key: <path d="M14 10a4.5 4.5 0 1 0-2.6 4l1.6 1.5h2v2h2v2h3.5v-3.2L13.6 11" />,
  clock: <path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2" />,
  swap: <path d="M4 8h14l-4-4M20 16H6l4 4" />,
  person: <path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5" />,
  window: <path d="M4 4h16v16H4zM4 12h16M12 4v16" />,
  end: <path d="M5 3v18M5 4h13l-3 4 3 4H5" />,
} as const;
export type IconName = keyof typeof ICONS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      {ICONS[name]}
    </svg>
  );
}

/** A table of rows; `columns`: the headings by the class of their cells. `labelledBy`: the id of its heading. */
export function Table(props: {
  readonly kind: string;
  readonly labelledBy?: string | undefined;
  readonly columns: Readonly<Record<string, string>>;
  readonly children: ComponentChildren;
}) {
  return (
    <table class={`table ${props.kind}`} aria-labelledby={props.labelledBy}>
      <thead>
        <tr class="row head">
          {Object.entries(props.columns).map(([name, title]) => (
            <th scope="col" key={name} class={name}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}

export function State({ mood, children }: { readonly mood: Mood; readonly children: ComponentChildren }) {
  return (
    <span class={`state ${mood}`}>
      <Icon name={mood} />
      <span>{children}</span>
    </span>
  );
}

/** Whether people can log in. */
export function Logins({ row: { logins } }: { readonly row: Row }) {
  const { texts } = usePage();
  const mood = { works: 'good', fails: logins.chosen ? 'warning' : 'critical', unknown: 'unknown' } as const;
  return <State mood={mood[logins.state]}>{logins.chosen ? texts.off : texts.logins[logins.state]}</State>;
}

/** What the last check left the target as. */
export function TargetState({ row }: { readonly row: Row }) {
  const { texts } = usePage();
  const word = texts.states[row.state];
  return <State mood={moodOf(row)}>{row.urgent ? `${texts.urgent}, ${word}` : word}</State>;
}

/** How long ago or ahead, with the moment on demand. */
export function Distance({ iso }: { readonly iso: string | null }) {
  const { texts, minute } = usePage();
  const at = instantOf(iso);
  if (at === undefined) return <span class="quiet">{texts.time.unknown}</span>;
  return (
    <time dateTime={iso ?? ''} title={momentOf(at, texts)}>
      {Math.abs(at - minute) < 60_000 ? texts.time.now : distanceOf(at, minute, texts)}
    </time>
  );
}

/** A calendar day, with the moment on demand. */
export function Day({ iso }: { readonly iso: string | null }) {
  const { texts } = usePage();
  const at = instantOf(iso);
  if (at === undefined) return <span class="quiet">—</span>;
  return (
    <time dateTime={iso ?? ''} title={momentOf(at, texts)}>
      {dayOf(at, texts)}
    </time>
  );
}

/** A link within the page. */
export function Go({
  to,
  children,
  ...rest
}: {
  readonly to: View;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly 'aria-current'?: 'page' | undefined;
}) {
  const { go } = usePage();
  return (
    <a
      {...rest}
      href={addressOf(to)}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

/** A command or a policy, to be copied. */
export function Command({ text }: { readonly text: string }) {
  const { texts } = usePage();
  const code = useRef<HTMLElement>(null);
  const [said, setSaid] = useState<string>(texts.copy.copy);
  const copy = async () => {
    const range = document.createRange();
    if (code.current !== null) range.selectNodeContents(code.current);
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    // Over plain HTTP a browser has no clipboard for us; then the text is selected.
    const isCopied = await (navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    ) ?? false);
    setSaid(isCopied ? texts.copy.copied : texts.copy.selected);
  };
  return (
    <div class="command">
      <code ref={code}>{text}</code>
      <button type="button" onClick={() => void copy()} aria-label={texts.copy.what(text)}>
        <span role="status">{said}</span>
      </button>
    </div>
  );
}

/** A next step: its sentence, and what it asks to paste, each to be copied. */
export function NextStep({ text }: { readonly text: string }) {
  const { sentence, pastes } = nextStepOf(text);
  return (
    <>
      <p>
        <Prose text={sentence} />
      </p>
      {pastes.map((paste) => (
        <Command key={paste} text={paste} />
      ))}
    </>
  );
}

/** A sentence, with what stands between backticks as code. */
export function Prose({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}
