// Where the link of an alert leads: to the section of the runbook that the daemon serves, where people can reach it; but
// what is wrong with the daemon itself may be why it serves nothing. The daemon has the runbook in both languages.
import type { ConditionName } from '../../core/alerts/conditions.ts';
import type { Language } from '../../core/alerts/message.ts';
import { runbookPath } from '../../core/alerts/runbook-path.ts';

export interface Links {
  /** Where else the runbook is: a path or URL, to which `#<section>` is added. */
  readonly runbook: string;
  /** `http.publicUrl`, without a slash at its end; undefined: people reach no daemon. */
  readonly publicUrl?: string | undefined;
}

/** What is wrong with the daemon, its machine, its files or its channels. */
const ABOUT_THE_DAEMON: ReadonlySet<ConditionName> = new Set<ConditionName>([
  'ClockSkewed',
  'JournalUnwritable',
  'JournalExposed',
  'ChannelFailing',
  'ConfigurationRejected',
  'StartRefused',
  'SchedulerStalled',
]);

/** The link to a condition's section: the heading is the condition's name, and this is its fragment. */
export function runbookLink(
  { runbook, publicUrl, language }: Links & { readonly language: Language },
  condition: ConditionName,
): string {
  const isServed = publicUrl !== undefined && !ABOUT_THE_DAEMON.has(condition);
  return `${isServed ? `${publicUrl}${runbookPath(language)}` : runbook}#${condition.toLowerCase()}`;
}
