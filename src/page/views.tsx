// The smaller views: the calendar of renewals, the history, the channels, and what is wrong while the daemon cannot start.
import { useEffect, useState } from 'preact/hooks';
import { DAY } from '../core/time.ts';
import type { OverviewView, Row } from '../http/page-schemas.ts';
import type { Refusal } from '../http/problem.ts';
import { usePage } from './context.ts';
import { Command, Distance, Go, NextStep, Prose, State, Table } from './parts.tsx';
import { type RotationShown, Rotations } from './rotations.tsx';
import { dayOf, distanceOf, instantOf, monthOf } from './time.ts';

const AHEAD_DAYS = 90;
const HISTORY_PAGE = 50;

interface Planned {
  readonly row: Row;
  readonly at: number;
}

/** Renewals by day, in order; those that are due already come first. Days are those of who looks. */
export function renewalsByDay(rows: readonly Row[], now: number): Map<number, Planned[]> {
  const today = startOfDay(now);
  const planned = rows
    .flatMap((row) => {
      const at = instantOf(row.plannedAt);
      return at === undefined || at >= now + AHEAD_DAYS * DAY ? [] : [{ row, at }];
    })
    .sort((a, b) => a.at - b.at);
  return Map.groupBy(planned, ({ at }) => Math.max(startOfDay(at), today - 1));
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

export function Calendar({ rows }: { readonly rows: readonly Row[] }) {
  const { texts, minute } = usePage();
  const byDay = renewalsByDay(rows, minute);
  const today = startOfDay(minute);
  const unknown = rows.filter(({ plannedAt }) => plannedAt === null).length;
  const most = Math.max(1, ...[...byDay.values()].map(({ length }) => length));
  const days = Array.from({ length: AHEAD_DAYS }, (_, index) => {
    const date = new Date(today);
    return date.setDate(date.getDate() + index);
  });
  return (
    <section aria-labelledby="calendar">
      <h2 id="calendar">{texts.calendar.title}</h2>
      <div class="calendar" aria-hidden="true">
        {Array.from({ length: (new Date(today).getDay() + 6) % 7 }, (_, index) => (
          <i key={`before ${String(index)}`} class="before" />
        ))}
        {days.map((day) => {
          const count = byDay.get(day)?.length ?? 0;
          const title = texts.calendar.day(dayOf(day, texts), count);
          return (
            <span
              key={day}
              class={`day ${isFirst(day) ? 'first' : ''} level-${count === 0 ? 0 : 1 + Math.floor((3 * (count - 1)) / most)}`}
              title={title}
            >
              <span>{isFirst(day) || day === today ? monthOf(day, texts) : new Date(day).getDate()}</span>
              {count > 0 && <b>{count}</b>}
            </span>
          );
        })}
      </div>
      {byDay.size === 0 && <p class="empty">{texts.calendar.none}</p>}
      <ol class="agenda">
        {[...byDay].map(([day, planned]) => (
          <li key={day}>
            <h3>{day < today ? texts.calendar.overdue : dayOf(day, texts)}</h3>
            <ul>
              {planned.map(({ row }) => (
                <li key={row.name}>
                  <Go to={{ kind: 'target', name: row.name }}>{row.name}</Go>
                  <span class="quiet">
                    {texts.calendar.expires(dayOf(instantOf(row.expiresAt) ?? 0, texts))}
                    {row.plannedAt !== row.renewalAt && ` · ${texts.calendar.window}`}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      {unknown > 0 && <p class="quiet">{texts.calendar.unknown(unknown)}</p>}
    </section>
  );
}

function isFirst(day: number): boolean {
  return new Date(day).getDate() === 1;
}

/** `version`: changes when there may be new rotations. */
export function History({ target, version }: { readonly target: string | undefined; readonly version: string }) {
  const { language, texts } = usePage();
  const [shown, setShown] = useState<{ rotations: RotationShown[]; isAll: boolean } | undefined>();
  const [isFailed, setFailed] = useState(false);
  const load = async (older: readonly RotationShown[]) => {
    const last = older.at(-1)?.id;
    const query = new URLSearchParams({
      language,
      limit: String(HISTORY_PAGE),
      ...(target === undefined ? {} : { target }),
    });
    if (last !== undefined) query.set('before', last);
    const answer = await fetch(`/api/v1/rotations?${query}`).catch(() => undefined);
    setFailed(answer?.ok !== true);
    if (answer?.ok !== true) return;
    const { rotations }: { rotations: RotationShown[] } = await answer.json();
    setShown({ rotations: [...older, ...rotations], isAll: rotations.length < HISTORY_PAGE });
  };
  useEffect(() => void load([]), [target, version, language]);
  return (
    <section aria-labelledby="history">
      <h2 id="history">{target === undefined ? texts.history.title : texts.history.only(target)}</h2>
      <p class="actions">
        <a href="/api/v1/rotations.csv" download>
          {texts.history.csv}
        </a>
        <a href="/api/v1/rotations.json" download>
          {texts.history.json}
        </a>
        {target !== undefined && <Go to={{ kind: 'history', target: undefined }}>{texts.history.all}</Go>}
      </p>
      {shown !== undefined && <Rotations rotations={shown.rotations} withTarget />}
      {isFailed && (
        <p class="empty" role="alert">
          {texts.history.failed}{' '}
          <button type="button" onClick={() => void load(shown?.rotations ?? [])}>
            {texts.history.again}
          </button>
        </p>
      )}
      {shown?.isAll === false && (
        <button type="button" class="more" onClick={() => void load(shown.rotations)}>
          {texts.history.more}
        </button>
      )}
    </section>
  );
}

export function Channels({ channels }: { readonly channels: OverviewView['channels'] }) {
  const { texts, program } = usePage();
  const { columns } = texts.channels;
  return (
    <section aria-labelledby="channels">
      <h2 id="channels">{texts.channels.title}</h2>
      {channels.length === 0 && (
        <p class="empty">
          <State mood="warning">{texts.channels.none}</State>
        </p>
      )}
      {channels.length > 0 && (
        <Table kind="channels" labelledBy="channels" columns={columns}>
          {channels.map((channel) => (
            <ChannelRow key={channel.name} channel={channel} />
          ))}
        </Table>
      )}
      <p>{texts.channels.test}</p>
      <Command text={`${program} alerts --test`} />
    </section>
  );
}

function ChannelRow({ channel }: { readonly channel: OverviewView['channels'][number] }) {
  const { texts, minute } = usePage();
  const { name, type, lastDeliveredAt, waiting, failures, nextAttemptAt, error } = channel;
  const { columns } = texts.channels;
  const nextAt = instantOf(nextAttemptAt);
  const isUnused = lastDeliveredAt === null && failures === 0;
  return (
    <tr class="row">
      <td class="name">
        <b>{name}</b>
      </td>
      <td class="type" data-label={columns.type}>
        {type}
      </td>
      <td class="delivered" data-label={columns.delivered}>
        <Distance iso={lastDeliveredAt} />
      </td>
      <td class="waiting" data-label={columns.waiting}>
        {waiting}
      </td>
      <td class="state-cell" data-label={columns.state}>
        {failures > 0 ? (
          <State mood="warning">{texts.channels.failing(failures)}</State>
        ) : (
          <State mood={isUnused ? 'unknown' : 'good'}>{isUnused ? texts.channels.unused : texts.channels.good}</State>
        )}
        {error !== null && failures > 0 && (
          <span class="quiet">
            <Prose text={error.message} /> (<code>{error.code}</code>)
            {nextAt !== undefined && ` · ${texts.channels.retry(distanceOf(nextAt, minute, texts))}`}
          </span>
        )}
      </td>
    </tr>
  );
}

/** What is wrong, with line and caret. A value is shown as far as it may be: it may be a secret. */
export function Refused({ refusal }: { readonly refusal: Refusal }) {
  const { texts } = usePage();
  const { code, message, hint, problems } = refusal;
  return (
    <section aria-labelledby="refused">
      <h2 id="refused">{texts.refused.title}</h2>
      {problems.length === 0 && (
        <p>
          <Prose text={message} /> (<code>{code}</code>)
        </p>
      )}
      {problems.map((problem) => (
        <ProblemFrame key={`${problem.file} ${String(problem.line)} ${problem.key}`} problem={problem} />
      ))}
      <div class="next">
        <span class="label">{texts.refused.next}</span>
        <NextStep text={hint} />
      </div>
      <p class="quiet">{texts.refused.stays}</p>
    </section>
  );
}

/** Where the line is wider than the screen, the fault is in view. */
function showCaret(frame: HTMLPreElement | null): void {
  const caret = frame?.querySelector<HTMLElement>('.caret');
  if (frame && caret) frame.scrollLeft = caret.offsetLeft - frame.clientWidth / 2;
}

function ProblemFrame({ problem }: { readonly problem: Refusal['problems'][number] }) {
  const { texts } = usePage();
  const { file, line, key, found, wanted, next, excerpt } = problem;
  const number = line === null ? '' : String(line);
  const before = key === '' ? '' : `${key}: `;
  const columns = excerpt === null ? before.length : excerpt.before;
  return (
    <div class="problem">
      <p>
        <b>{file}</b>
        {line !== null && `, ${texts.refused.line(line)}`}
      </p>
      <pre class={excerpt === null ? '' : 'excerpt'} tabIndex={excerpt === null ? undefined : 0} ref={showCaret}>
        <span class="quiet">{`${number} | `}</span>
        {excerpt === null ? before : excerpt.text}
        {excerpt === null && <mark>{found}</mark>}
        {'\n'}
        <span class="quiet">{`${' '.repeat(number.length)} | `}</span>
        {' '.repeat(columns)}
        <span class="caret">{excerpt === null ? `^ ${texts.refused.wanted} ${wanted}` : '^'}</span>
      </pre>
      {excerpt !== null && <p>{texts.refused.foundWanted(found, wanted)}</p>}
      {next !== null && (
        <p>
          <Prose text={next} />
        </p>
      )}
    </div>
  );
}
