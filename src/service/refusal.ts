// Why the daemon cannot start, as the page shows it: the error, and each problem of the configuration.
import { errorIn } from '../alerts/words/alert-view.ts';
import { ConfigError } from '../config/problems.ts';
import type { Language } from '../core/alerts/message.ts';
import type { RotatorError } from '../core/errors.ts';
import { PROBLEMS_EN } from '../core/texts/en/problems.ts';
import { phrased } from '../core/texts/problems.ts';
import { PROBLEMS_ZH } from '../core/texts/zh/problems.ts';
import type { Refusal } from '../http/problem.ts';

const WORDS = { en: PROBLEMS_EN, zh: PROBLEMS_ZH } as const;

export function refusalOf(error: RotatorError, language: Language): Refusal {
  const words = WORDS[language];
  const problems = error instanceof ConfigError ? error.problems : [];
  return {
    ...errorIn(language, error.stored),
    problems: problems.map(({ file, line, key, found, wanted, next, excerpt }) => ({
      file,
      line,
      key,
      found: phrased(found, words),
      wanted: phrased(wanted, words),
      next: next === undefined ? null : phrased(next, words),
      excerpt: excerpt ?? null,
    })),
  };
}
