// One alert of a program that has no journal: a `run` that cannot start, a `once` whose journal cannot be written. The
// ordinary engine and delivery send it, over a journal in memory: what was sent is forgotten when the process ends.
import { openMemoryJournal } from '../adapters/journal/journal.ts';
import { Alerter } from '../alerts/alerter.ts';
import { Deliverer } from '../alerts/deliverer.ts';
import { type AlertPolicy, advance } from '../alerts/engine/engine.ts';
import { Heartbeat } from '../alerts/heartbeat.ts';
import type { ReadablePart } from '../config/problems.ts';
import { type Finding, SEVERITIES } from '../core/alerts/conditions.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import type { Channel } from '../core/ports.ts';
import type { ServiceTools } from './tools.ts';
import { channelsOf, policyOf, voiceOf } from './wire-alerts.ts';

export interface SingleAlertOptions {
  /** True where the process ends after one attempt: see ChannelTools. */
  readonly isBrief: boolean;
  /** What the heartbeat is told. */
  readonly trouble: string;
}

export class SingleAlert {
  readonly alerter: Alerter;
  private readonly options: SingleAlertOptions;
  private readonly tools: ServiceTools;
  private readonly journal = openMemoryJournal();
  private readonly deliverer: Deliverer;
  private readonly heartbeat: Heartbeat;
  private finding: Finding;
  private part: ReadablePart;

  /** `part`: the channels and the heartbeat, as far as the configuration could be read. */
  constructor(finding: Finding, part: ReadablePart, tools: ServiceTools, options: SingleAlertOptions) {
    this.options = options;
    this.tools = tools;
    this.finding = finding;
    this.part = part;
    const { journal } = this;
    this.deliverer = new Deliverer(this.delivererOptions(), { ...tools, journal, leaseHolder: 'start:' });
    this.heartbeat = new Heartbeat(part.heartbeat, tools);
    const watch = {
      look: () => this.look(),
      wellbeing: () => ({ troubles: [options.trouble], critical: [this.finding.condition] }),
    };
    this.alerter = new Alerter({ ...tools, journal, watch, deliverer: this.deliverer, heartbeat: this.heartbeat });
  }

  /** Goes on with what is found now. A finding that has changed is sent again. */
  async change(finding: Finding, part: ReadablePart): Promise<void> {
    const isSame = same(finding, this.finding);
    if (isSame && same(part, this.part)) return;
    this.finding = finding;
    this.part = part;
    this.deliverer.configure(this.delivererOptions());
    this.heartbeat.configure(part.heartbeat);
    // At the next look the engine repeats what was never told.
    if (!isSame)
      await this.journal.updateAlerts(({ conditions }) => ({
        putConditions: conditions.map((record) => ({ ...record, finding, toldAt: null })),
      }));
    this.alerter.rouse();
  }

  /** What is open and what waits to be sent, for the journal of a service that has started after all. */
  book(): Promise<AlertBook> {
    return this.journal.alertBook();
  }

  private async look(): Promise<void> {
    const { clock, newId } = this.tools;
    const look = { now: clock.now(), findings: [this.finding], undecided: () => false, newId };
    await this.journal.updateAlerts((book) => advance(book, look, this.policy()).update);
  }

  /** A refused start goes to every channel: their filters may be what is wrong. A warning is sent once. */
  private policy(): AlertPolicy {
    const { condition, severity } = this.finding;
    const { routes, repeatEvery } = policyOf(this.part.alerts);
    const all = routes.map(({ name }) => ({ name, severities: SEVERITIES, targets: undefined }));
    return {
      routes: condition === 'StartRefused' && severity === 'critical' ? all : routes,
      repeatEvery: { ...repeatEvery, warningMs: Number.POSITIVE_INFINITY },
    };
  }

  private delivererOptions() {
    const { tools, part, options } = this;
    return {
      channels: part.alerts.channels.flatMap((channel): Channel[] => {
        try {
          return channelsOf([channel], tools, part.instance, options.isBrief);
        } catch {
          // This channel is wrong itself, which the others are told with the rest.
          return [];
        }
      }),
      voice: voiceOf(part, tools.version),
    };
  }
}

/** Both are plain data whose keys stand in the same order. */
function same(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
