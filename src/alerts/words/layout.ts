// Lays a message out as text within a limit. The first line names the instance and always stays. One story is shown
// in full; of many, the first few in full, others in a line each, and then how many more there are. What does not fit
// is cut between characters, before it is escaped, and marked as cut.

import { isShared } from '../../core/alerts/causes.ts';
import { type AlertMessage, type MessageItem, shownItems } from '../../core/alerts/message.ts';
import { minuteOf } from '../../core/texts/quote.ts';
import { largest, shortened } from './fitting.ts';
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
  const page = new Page({ ...message, items: shownItems(message.items) }, flavour, limits);
  page.begin();
  if (message.items.length === 0) page.addLines(message.lines);
  else page.addItems(shownItems(message.items));
  page.end();
  return page.paragraphs;
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

class Page {
  readonly paragraphs: string[] = [];
  private readonly message: AlertMessage;
  private readonly flavour: Flavour;
  private readonly limit: number;
  private readonly paragraph: number;
  private readonly full: number;
  /** `label: value` in the language of the message. */
  private readonly colon: string;
  /** Names the instance where the title alone does, below many items. */
  private readonly closing: readonly string[];

  constructor(message: AlertMessage, flavour: Flavour, limits: LayoutLimits) {
    this.message = message;
    this.flavour = flavour;
    this.limit = limits.size;
    this.paragraph = limits.paragraph ?? limits.size;
    this.full = limits.full ?? FULL;
    this.colon = message.language === 'zh' ? '：' : ': ';
    this.closing = message.items.length > 1 ? [this.instanceFact()] : [];
  }

  begin(): void {
    const { text, heading, size } = this.flavour;
    const { title, labels } = this.message;
    const tone = toneOf(this.message);
    const room = Math.min(this.limit, this.paragraph);
    const fits = (line: string) => size(heading(text(line), tone)) <= room;
    this.paragraphs.push(heading(text(shortened(title, labels.cut, fits)), tone));
  }

  /** Room was left for the last paragraph. */
  end(): void {
    this.pushIfFits(this.closing);
  }

  /** Of a digest or a test. */
  addLines(lines: readonly string[]): void {
    const { text } = this.flavour;
    const safe = lines.map((line) => this.withPastes(line));
    const cut = text(this.message.labels.cut);
    const first = (count: number) => this.grouped(count < safe.length ? [...safe.slice(0, count), cut] : safe);
    this.pushIfFits(
      first(this.fits(first(safe.length)) ? safe.length : largest(safe.length - 1, (count) => this.fits(first(count)))),
    );
  }

  /** As many in full as leave a line for each of the others; if that does not fit, one in full and a few lines. */
  addItems(items: readonly MessageItem[]): void {
    const [first, ...others] = items;
    if (first === undefined) return;
    if (others.length === 0) {
      this.pushIfFits([this.inFull(first, this.room())]);
      return;
    }
    const lines = items.map((item) => this.inBrief(item));
    for (let count = Math.min(this.full, items.length); count > 0; count -= 1) {
      const full = items.slice(0, count).map((item) => this.inFull(item, this.room()));
      const arranged = [...full, ...this.grouped(lines.slice(count))];
      if (this.fits([...arranged, ...this.closing])) {
        this.paragraphs.push(...arranged);
        return;
      }
    }
    const told = this.inFull(first, Math.floor(this.room() / 2));
    const arrange = (shown: number) => {
      const more = others.length - shown;
      const brief = lines.slice(1, 1 + shown);
      const counted = more > 0 ? [this.withPastes(this.message.labels.more(more))] : [];
      return [told, ...this.grouped([...brief, ...counted])];
    };
    this.pushIfFits(arrange(largest(others.length, (shown) => this.fits([...arrange(shown), ...this.closing]))));
  }

  /** One item with all its facts; the text of what happened is cut to `room`. */
  private inFull(item: MessageItem, room: number): string {
    const { text, newline, size } = this.flavour;
    const budget = Math.min(room, this.paragraph);
    const head = this.message.items.length === 1 ? [] : [this.flavour.strong(this.headline(item))];
    const facts = this.facts(item);
    const write = (what: string) => [...head, ...(what === '' ? [] : [text(what)]), ...facts].join(newline);
    const whole = write(shortened(item.what, this.message.labels.cut, (what) => size(write(what)) <= budget));
    if (size(whole) <= budget) return whole;
    // The facts alone are too much: as many lines of them as fit.
    const lines = [...head, ...facts];
    const cut = text(this.message.labels.cut);
    const kept = largest(lines.length, (count) => size([...lines.slice(0, count), cut].join(newline)) <= budget);
    return [...lines.slice(0, kept), cut].join(newline);
  }

  private inBrief(item: MessageItem): string {
    const { since } = this.message.labels;
    return `${this.headline(item)} · ${this.flavour.text(`${since} ${this.instant(item.since)}`)}`;
  }

  private headline({ severity, status, target, title }: MessageItem): string {
    const { labels } = this.message;
    const about = target === null ? title : `${target}${this.colon}${title}`;
    return this.flavour.text(`${labels.severity[severity]} · ${labels.status[status]} · ${about}`);
  }

  private facts(item: MessageItem): string[] {
    const { labels } = this.message;
    const { text, code } = this.flavour;
    const ids = idsOfNamed(item);
    const listed = ids === undefined && item.until === null && item.targets.length > 0;
    const rows: readonly (readonly [label: string, value: string | null])[] = [
      [labels.next, item.next === null ? null : this.withPastes(item.next)],
      [labels.loginsUntil, item.loginsUntil === null ? null : text(this.deadline(item.loginsUntil))],
      [labels.since, item.status === 'happened' ? null : text(this.instant(item.since))],
      [labels.until, item.until === null ? null : text(this.instant(item.until))],
      [labels.ids, ids ? text(ids) : null],
      [labels.targets(item.targets.length), listed ? text(this.targets(item.targets)) : null],
      [labels.code, item.code === null || item.until !== null ? null : code(item.code)],
      [labels.condition, code(item.id)],
      [labels.runbook, this.runbook(item.runbook)],
    ];
    const facts = rows.flatMap(([label, value]) => (value === null ? [] : [this.fact(label, value)]));
    return this.message.items.length === 1 ? [...facts, this.instanceFact()] : facts;
  }

  /** As many as are read at a glance, and how many more there are. */
  private targets(targets: MessageItem['targets']): string {
    const shown = targets
      .slice(0, TARGETS)
      .map(({ name, loginsUntil }) => (loginsUntil === null ? name : `${name} (${this.instant(loginsUntil)})`));
    const more = targets.length - shown.length;
    return [...shown, ...(more > 0 ? [this.message.labels.more(more)] : [])].join(', ');
  }

  /** A sentence, and below it what it asks to paste. */
  private withPastes(raw: string): string {
    const { text, paste, newline } = this.flavour;
    const { sentence, pastes } = nextStepOf(raw);
    return [text(sentence), ...pastes.map(paste)].join(newline);
  }

  private instant(iso: string): string {
    return this.zoned(minuteOf(Date.parse(iso)) ?? iso);
  }

  private deadline(iso: string): string {
    const { labels, at } = this.message;
    return this.zoned(labels.when(Date.parse(iso), Date.parse(at)));
  }

  private zoned(text: string): string {
    const { timezone = 'UTC', language } = this.message;
    return zoned(text, timezone, language);
  }

  private instanceFact(): string {
    const { message, flavour } = this;
    return this.fact(message.labels.instance, flavour.text(message.instance));
  }

  private runbook(runbook: string): string {
    const url = linkOf(runbook);
    if (url === undefined) return this.flavour.text(runbook);
    const { hash, host } = new URL(url);
    return this.flavour.link(url, this.flavour.text(hash.length > 1 ? hash.slice(1) : host));
  }

  private fact(label: string, value: string): string {
    return `${this.flavour.strong(this.flavour.text(label))}${this.colon}${value}`;
  }

  /**
   * Lines joined to paragraphs, each as long as allowed. Sizes are added up, not measured anew for each line: the text
   * of 500 alerts would take seconds, in which a channel's answer counts as late, and is sent again.
   */
  private grouped(lines: readonly string[]): string[] {
    const { newline, size } = this.flavour;
    const empty = size('');
    const groups: string[][] = [];
    let taken = Number.POSITIVE_INFINITY;
    for (const line of lines) {
      taken += size(newline) - empty + size(line) - empty;
      if (taken <= this.paragraph) groups.at(-1)?.push(line);
      else {
        groups.push([line]);
        taken = size(line);
      }
    }
    return groups.map((group) => group.join(newline));
  }

  /** The room for one more paragraph before the closing one. */
  private room(): number {
    const { gap, size } = this.flavour;
    return this.limit - size([...this.paragraphs, '', ...this.closing].join(gap));
  }

  private fits(more: readonly string[]): boolean {
    const { gap, size } = this.flavour;
    return (
      size([...this.paragraphs, ...more].join(gap)) <= this.limit &&
      more.every((paragraph) => size(paragraph) <= this.paragraph)
    );
  }

  private pushIfFits(paragraphs: readonly string[]): void {
    if (this.fits(paragraphs)) this.paragraphs.push(...paragraphs);
  }
}
