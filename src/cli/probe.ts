// `probe`: measures what CloudBase does not document, and prints the report with the line for the configuration that
// follows from it. It changes no configuration.
import { type ProbeReport, writeFor } from '../core/probe.ts';
import { PROBE_FINDINGS, permissionText } from '../core/texts/en/setup.ts';
import { openProbe } from '../service/probe.ts';
import { strictConfig } from '../service/session.ts';
import { EXIT, type ExitStatus, type Host } from './context.ts';
import { printJson } from './print-json.ts';
import { writeTable } from './table.ts';

export interface ProbeCommandOptions {
  readonly config?: string;
  readonly env: string;
  readonly credentials: string;
  readonly region?: string;
  readonly json: boolean;
}

const COLUMNS = [{ title: 'QUESTION' }, { title: 'FOUND' }];

/** 0: everything was measured, and what was made is gone again. */
export async function probe({ json, ...options }: ProbeCommandOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  const session = openProbe(config, { ...host, emit: () => undefined }, { ...options, stop: host.stopSignal() });
  host.stderr.write(permissionText(session.policy));
  host.stderr.write(`Measuring on provider ${session.providerId} of ${options.env}, which is removed again.\n`);
  const report = await session.measure();
  const line = `cloudbase: { write: ${writeFor(report)} }`;
  if (json) {
    printJson(host.stdout, { envId: options.env, providerId: session.providerId, ...report, line });
    return EXIT.ok;
  }
  const rows = findings(report).map(([question, found]) => ({ cells: [{ text: question }, { text: found }] }));
  writeTable(host.stdout, COLUMNS, rows);
  const why = PROBE_FINDINGS.why[writeFor(report)];
  host.stdout.write(`\nFor the configuration (nothing was changed there):\n    ${line}\n  ${why}\n`);
  if (report.rediscovery === 'every-write') host.stdout.write(`  ${PROBE_FINDINGS.unsafe}\n`);
  return EXIT.ok;
}

function findings(report: ProbeReport): [question: string, found: string][] {
  const { secretShown, secretStored, merge, rediscovery, undocumented, emptyTexts, lists, showsAfterMs, errors } =
    report;
  const words = PROBE_FINDINGS;
  return [
    ['How does a reading show the client secret?', words.shown[secretShown]],
    ['Is that what was sent?', words.stored[secretStored]],
    ['How deep does a write merge?', words.merge[merge]],
    ['Is an unchanged issuer discovered again?', words.rediscovery[rediscovery]],
    ['A key that is not documented', words.undocumented[undocumented.top]],
    ['The same inside a map', words.undocumented[undocumented.nested]],
    ['Are keys that a reading hides lost by a write?', words.hidden[merge]],
    ['An empty text that is sent', words.emptyTexts[emptyTexts]],
    ['A list that is sent again', words.lists[lists]],
    ['How late does a write show?', `after ${Math.ceil(showsAfterMs)} ms at most`],
    ['A second creation', errors.existing ?? 'is not refused'],
    ['A change of a provider that is not there', errors.absentChange ?? 'is not refused'],
    ['A deletion of a provider that is not there', errors.absentDelete ?? 'is not refused'],
  ];
}
