// One alert of a program that has no journal: a `run` that cannot start, a `once` whose journal cannot be written. The
// ordinary stories and delivery send it, over a journal in memory: what was sent is forgotten when the process ends.
import { isDeepStrictEqual } from 'node:util';
import { openMemoryJournal } from '../adapters/journal/journal.ts';
import type { Alerter } from '../alerts/alerter.ts';
import { advance } from '../alerts/stories/advance.ts';
import { type AlertPolicy, policyOf } from '../alerts/stories/news.ts';
import type { ReadablePart } from '../config/problems.ts';
import { type Finding, SEVERITIES } from '../core/alerts/conditions.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import type { Journal } from '../core/journal-ports.ts';
import type { ServiceTools } from './tools.ts';
import { channelsOf, createDelivery, type Delivery } from './wire-alerts.ts';

export interface SingleAlertOptions {
  /** True where the process ends after one attempt: see ChannelTools. */
  readonly isBrief: boolean;
  /** What the heartbeat is told. */
  readonly trouble: string;
}

export class SingleAlert {
  private readonly tools: ServiceTools;
  private readonly journal: Journal;
  private readonly delivery: Delivery;
  private finding: Finding;
  private part: ReadablePart;

  /** `part`: the channels and the heartbeat, as far as the configuration could be read. */
  constructor(finding: Finding, part: ReadablePart, tools: ServiceTools, { isBrief, trouble }: SingleAlertOptions) {
    this.tools = tools;
    this.journal = openMemoryJournal(tools.clock);
    this.finding = finding;
    this.part = part;
    const watch = {
      look: () => this.look(),
      wellbeing: () => ({ troubles: [trouble], critical: [this.finding.condition] }),
    };
    const own = { ...tools, leaseHolder: 'start:', journal: this.journal, watch };
    this.delivery = createDelivery(this.usable(part), own, { isBrief, policy: (next) => this.policy(next) });
  }

  get alerter(): Alerter {
    return this.delivery.alerter;
  }

  /** Goes on with what is found now. A finding that has changed is sent again. */
  async change(finding: Finding, part: ReadablePart): Promise<void> {
    const isSame = isDeepStrictEqual(finding, this.finding);
    if (isSame && isDeepStrictEqual(part, this.part)) return;
    this.finding = finding;
    this.part = part;
    // At the next look it is told as new.
    if (!isSame) await this.journal.updateAlerts(({ stories }) => ({ removeStories: stories.map(({ id }) => id) }));
    this.delivery.configure(this.usable(part));
  }

  /** What is open, for the journal of a service that has started after all. */
  book(): Promise<AlertBook> {
    return this.journal.alertBook();
  }

  private async look(): Promise<void> {
    const { clock } = this.tools;
    const nothing = { undecided: () => false, laneOf: () => undefined, isSweeping: false };
    const look = { now: clock.now(), findings: [this.finding], ...nothing };
    await this.journal.updateAlerts((book) => advance(book, look, this.policy(this.usable(this.part))).update);
  }

  /** A refused start goes to every channel: their filters may be what is wrong. A warning is sent once. */
  private policy({ alerts }: Pick<ReadablePart, 'alerts'>): AlertPolicy {
    const { condition, severity } = this.finding;
    const { routes, repeatEvery, leastHoldMs } = policyOf(alerts, true);
    const all = routes.map(({ name }) => ({ name, severities: SEVERITIES }));
    return {
      routes: condition === 'StartRefused' && severity === 'critical' ? all : routes,
      repeatEvery: { ...repeatEvery, warningMs: Number.POSITIVE_INFINITY },
      leastHoldMs,
    };
  }

  /** Without the channels that are wrong themselves, which the others are told with the rest. */
  private usable(part: ReadablePart): ReadablePart {
    const channels = part.alerts.channels.filter((channel) => {
      try {
        return channelsOf({ ...part, alerts: { ...part.alerts, channels: [channel] } }, this.tools, true);
      } catch {
        return false;
      }
    });
    return { ...part, alerts: { ...part.alerts, channels } };
  }
}
