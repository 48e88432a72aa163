// Lays a message out as text within a limit. The first line names the instance and always stays. One story is shown
// in full; of many, the first few in full, others in a line each, and then how many more there are. What does not fit
// is cut between characters, before it is escaped, and marked as cut.

import { isShared } from '../../core/alerts/causes.ts';
import { type AlertMessage, type MessageItem, shownItems } from '../../core/alerts/message.ts';
import { minuteOf } from '../../core/texts/quote.ts';
import { cutList, largest, shortened } from './fitting.ts';
import { type Flavour, toneOf } from './flavours.ts';
import { nextStepOf } from './next-step.ts';
import { zoned } from './zone.ts';

export interface LayoutLimits {
  /** Of the whole text, in the flavour's own measure. */
  readonly size: number;
  /** Of each paragraph; default: as the whole. */
  readonly paragraph?: number;
  /** How many items are shown in full at most (default 5): nobody reads a longer wall of text. */
  readonly full?: number;
}

const FULL = 5;
/** How many targets of one story are named: more would push the next step off a phone's screen. */
const TARGETS = 10;

/** The message as paragraphs, which with the flavour's gaps between them keep within `limits.size`. */
export function paragraphsOf(message: AlertMessage, flavour: Flavour, limits: LayoutLimits): string[] {
  const { size: limit, paragraph = limit, full: most = FULL } = limits;
  const { text, strong, heading, newline, gap, size } = flavour;
  const items = shownItems(message.items);
  const parts = partsOf(message, flavour);
  const { title, labels } = message;
  const cut = text(labels.cut);
  const titled = (line: string) => heading(text(line), toneOf(message));
  const first = titled(shortened(title, labels.cut, (line) => size(titled(line)) <= Math.min(limit, paragraph)));
  // Below many items, the title alone would name the instance.
  const closing = items.length > 1 ? [parts.instance] : [];
  const room = limit - size([first, '', ...closing].join(gap));
  const fits = (body: readonly string[]) =>
    size([first, ...body, ...closing].join(gap)) <= limit && body.every((each) => size(each) <= paragraph);
  const grouped = (lines: readonly string[]) => groupsOf(lines, flavour, paragraph);

  /** With all its facts; the text of what happened is cut to `budget`. */
  const inFull = (item: MessageItem, budget: number): string => {
    const within = (lines: readonly string[]) => size(lines.join(newline)) <= Math.min(budget, paragraph);
    const facts = parts.facts(item);
    const [head, tail] =
      items.length === 1 ? [[], [...facts, parts.instance]] : [[strong(parts.headline(item))], facts];
    const written = (what: string) => [...head, ...(what === '' ? [] : [text(what)]), ...tail];
    const whole = written(shortened(item.what, labels.cut, (what) => within(written(what))));
    // If the facts alone are too much, as many lines of them as fit.
    return (within(whole) ? whole : cutList([...head, ...tail], cut, within)).join(newline);
  };

  const lines = items.map(parts.inBrief);
  /** The first in full, then some in a line each, and how many more there are. */
  const arranged = (full: readonly string[], brief: number): string[] => {
    const more = items.length - full.length - brief;
    const briefly = lines.slice(full.length, full.length + brief);
    return [...full, ...grouped(more > 0 ? [...briefly, parts.withPastes(labels.more(more))] : briefly)];
  };

  /** As many in full as leave a line for each of the others; if that does not fit, one in full and a few lines. */
  const told = (): string[] => {
    const whole = items.slice(0, most).map((item) => inFull(item, room));
    for (let count = whole.length; count > 0; count -= 1) {
      const all = arranged(whole.slice(0, count), items.length - count);
      if (fits(all)) return all;
    }
    const one = items.slice(0, 1).map((item) => inFull(item, Math.floor(room / 2)));
    return arranged(
      one,
      largest(items.length - 1, (brief) => fits(arranged(one, brief))),
    );
  };

  /** Of a digest or a test. */
  const listed = (): string[] => {
    const all = message.lines.map(parts.withPastes);
    return grouped(fits(grouped(all)) ? all : cutList(all, cut, (some) => fits(grouped(some))));
  };

  const body = message.items.length === 0 ? listed() : told();
  return fits(body) ? [first, ...body, ...closing] : [first];
}

/** The message as one text of at most `limits.size`. */
export function layOut(message: AlertMessage, flavour: Flavour, limits: LayoutLimits): string {
  return paragraphsOf(message, flavour, limits).join(flavour.gap);
}

/** The normalised URL of a runbook that can be a link; undefined: a path. */
export function linkOf(runbook: string): string | undefined {
  const url = URL.canParse(runbook) ? new URL(runbook) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}

/**
 * The one target that the headline names, by the ids under which a console shows it (`shop-prod-1g2h3j/apple`); undefined
 * where it names none, or counts several.
 */
function idsOfNamed(item: MessageItem): string | undefined {
  const isOne = item.targets.length === 1 && isShared(item.condition);
  const named = item.target !== null ? item : isOne ? item.targets[0] : undefined;
  return named === undefined ? undefined : [named.envId, named.providerId].filter((id) => id !== null).join('/');
}

/** The parts of a message, in its language and zone and with the markup of a flavour. */
function partsOf({ labels, language, timezone, at, instance }: AlertMessage, flavour: Flavour) {
  const { text, code, paste, strong, link, newline } = flavour;
  const colon = language === 'zh' ? '：' : ': ';
  const local = (shown: string) => zoned(shown, timezone, language);
  const instant = (iso: string) => local(minuteOf(Date.parse(iso)) ?? iso);
  const deadline = (iso: string) => local(labels.when(Date.parse(iso), Date.parse(at)));
  const fact = (label: string, value: string) => `${strong(text(label))}${colon}${value}`;

  /** A sentence, and below it what it asks to paste. */
  const withPastes = (raw: string): string => {
    const { sentence, pastes } = nextStepOf(raw);
    return [text(sentence), ...pastes.map(paste)].join(newline);
  };

  const headline = ({ severity, status, target, title }: MessageItem): string => {
    const about = target === null ? title : `${target}${colon}${title}`;
    return text(`${labels.severity[severity]} · ${labels.status[status]} · ${about}`);
  };

  const inBrief = (item: MessageItem): string =>
    `${headline(item)} · ${text(`${labels.since} ${instant(item.since)}`)}`;

  /** As many as are read at a glance, and how many more there are. */
  const targetsOf = (targets: MessageItem['targets']): string => {
    const named = targets
      .slice(0, TARGETS)
      .map(({ name, loginsUntil }) => (loginsUntil === null ? name : `${name} (${instant(loginsUntil)})`));
    const more = targets.length - named.length;
    return text([...named, ...(more > 0 ? [labels.more(more)] : [])].join(', '));
  };

  const runbookOf = (runbook: string): string => {
    const url = linkOf(runbook);
    if (url === undefined) return text(runbook);
    const { hash, host } = new URL(url);
    return link(url, text(hash.length > 1 ? hash.slice(1) : host));
  };

  const facts = (item: MessageItem): string[] => {
    const { next, loginsUntil, since, until, targets } = item;
    const ids = idsOfNamed(item);
    const rows: readonly (readonly [label: string, value: string | null])[] = [
      [labels.next, next === null ? null : withPastes(next)],
      [labels.loginsUntil, loginsUntil === null ? null : text(deadline(loginsUntil))],
      [labels.since, item.status === 'happened' ? null : text(instant(since))],
      [labels.until, until === null ? null : text(instant(until))],
      [labels.ids, ids ? text(ids) : null],
      [labels.targets(targets.length), ids === undefined && until === null && targets[0] ? targetsOf(targets) : null],
      [labels.code, item.code === null || until !== null ? null : code(item.code)],
      [labels.condition, code(item.id)],
      [labels.runbook, runbookOf(item.runbook)],
    ];
    return rows.flatMap(([label, value]) => (value === null ? [] : [fact(label, value)]));
  };

  return { withPastes, headline, inBrief, facts, instance: fact(labels.instance, text(instance)) };
}

/**
 * Lines joined to paragraphs, each as long as allowed. Sizes are added up, not measured anew for each line: the text
 * of 500 alerts would take seconds, in which a channel's answer counts as late, and is sent again.
 */
function groupsOf(lines: readonly string[], { newline, size }: Flavour, limit: number): string[] {
  const empty = size('');
  const groups: string[][] = [];
  let taken = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    taken += size(newline) - empty + size(line) - empty;
    if (taken <= limit) groups.at(-1)?.push(line);
    else {
      groups.push([line]);
      taken = size(line);
    }
  }
  return groups.map((group) => group.join(newline));
}
