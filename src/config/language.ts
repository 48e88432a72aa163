// The language of the alerts, from the part of a configuration that says so.
import { LANGUAGES, type Language } from '../core/alerts/message.ts';
import type { Environment } from './interpolate.ts';
import { configTextOf, valueAt } from './one-value.ts';
import { readYaml } from './yaml.ts';

/** `alerts.language`; English where it cannot be read. Never throws for the configuration. */
export async function readLanguage(named: string | undefined, env: Environment): Promise<Language> {
  const { root } = await readYaml((await configTextOf(named, env)) ?? '', '');
  const found = root === undefined ? undefined : await valueAt(root, ['alerts', 'language'], env);
  return LANGUAGES.find((language) => language === found) ?? 'en';
}
