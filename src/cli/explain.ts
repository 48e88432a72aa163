// `explain`: what an error code, the reason of a rotation or an alert means, what is in danger, and what to do next, in the
// words of the messages themselves. Needs neither a configuration nor a journal.
import { readLanguage } from '../config/language.ts';
import type { Language } from '../core/alerts/message.ts';
import { TEXTS } from '../core/texts/languages.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { type Explanation, explanationOf, listNames } from './explanations.ts';
import { printJson } from './print-json.ts';
import { type Cell, writeTable } from './table.ts';

export interface ExplainOptions {
  readonly config?: string;
  /** Default: that of the alerts, as far as the configuration can be read. */
  readonly language?: Language;
  readonly json: boolean;
}

/** Explains `name`, or lists what can be explained. Throws ERR_USAGE for a name that nothing has. */
export async function explain(
  name: string | undefined,
  options: ExplainOptions,
  { stdout, env }: CliContext,
): Promise<ExitStatus> {
  const language = options.language ?? (await readLanguage(options.config, env));
  if (name === undefined) {
    const listed = listNames(language);
    if (options.json) printJson(stdout, { names: listed });
    else {
      const rows = listed.map(({ kind, name: each, means }) => ({
        cells: [{ text: TEXTS[language].explain.kinds[kind] }, { text: each }, { text: means }],
      }));
      writeTable(stdout, [{ title: 'KIND' }, { title: 'NAME' }, { title: 'MEANS' }], rows);
    }
    return EXIT.ok;
  }
  const found = explanationOf(name, language);
  if (options.json) printJson(stdout, found);
  else print(found, language, stdout);
  return EXIT.ok;
}

function print(
  { name, kind, alert, means, examples, see }: Explanation,
  language: Language,
  stdout: CliContext['stdout'],
) {
  const { explain: words, labels } = TEXTS[language];
  const colon = language === 'zh' ? '：' : ': ';
  const notes: Cell[] = [
    ...means.map((text) => ({ text })),
    ...examples.flatMap(({ message, next }): Cell[] => [
      { text: `${words.example}${colon}${message}`, color: 'yellow' },
      { text: `${labels.next}${colon}${next}` },
    ]),
    { text: `${words.see}${colon}${see.join(', ')}`, color: 'dim' },
  ];
  const cells = [{ text: name }, { text: words.kinds[kind] }, { text: alert ?? '-' }];
  writeTable(stdout, [{ title: 'NAME' }, { title: 'KIND' }, { title: 'ALERT' }], [{ cells, notes }]);
}
