// Where the daemon serves the runbook, for the links of alerts and of the page.
import type { Language } from './message.ts';

/** Without a language it is English. */
export function runbookPath(language: Language): string {
  return language === 'en' ? '/runbook' : `/runbook?language=${language}`;
}
