// An example of what is wanted at a key of the configuration, as it would be typed there: `port: 8080`. The same in every
// language.
import type { IdName } from '../error-troubles.ts';
import type { WantedName } from './en/problems.ts';
import type { KeyProblem, Phrase, PlainPhrase } from './problems.ts';

/** `value` after a key, or a whole line in its place. */
type Example = { readonly value: string } | { readonly line: string };
/** Null: no line of a configuration could show it, and the next step says what to do. */
type Show = ((...filling: never[]) => Example | null) | null;

const value = (text: string) => () => ({ value: text });
const line = (text: string) => () => ({ line: text });
const first = (text: string) => ({ value: text });
const shownWithin = (inner: PlainPhrase) => exampleOfPhrase(inner);

const ONE_TARGET = 'targets: [{ name: shop-prod, envId: shop-prod-1g2h3j, … }]';
const IDS: Readonly<Record<IdName, string>> = {
  teamId: 'A1B2C3D4E5',
  clientId: 'com.example.shop.web',
  keyId: 'K1L2M3N4O5',
};

const EXAMPLES: Readonly<Record<WantedName, Show>> = {
  configuration: null,
  kind: null,
  'text-value': value('"some text"'),
  words: first,
  'no-such-key': null,
  keys: null,
  'nearest-key': (name: string) => ({ line: `${name}: …` }),
  printable: shownWithin,
  'at-most': shownWithin,
  'no-placeholder': shownWithin,
  'no-user': shownWithin,
  'yaml-file': null,
  'yaml-path': null,
  'small-yaml-file': null,
  'small-yaml-files': null,
  'include-pattern': line('include: [targets.d/*.yaml]'),
  'written-by-few': null,
  'utf8-file': null,
  'text-file': null,
  'filled-file': null,
  'file-or-variables': null,
  'targets-mapping': line(ONE_TARGET),
  unset: null,
  'private-key': line('APPLE_PRIVATE_KEY_FILE=/run/secrets/AuthKey_K1L2M3N4O5.p8'),
  levels: null,
  aliased: null,
  anchor: line('first: &name 60d'),
  'sound-anchor': line('first: &name 60d'),
  'no-tag': value('"12"'),
  'plain-key': line('name: shop-prod'),
  'keys-in-full': line('renewBefore: 60d'),
  'key-once': null,
  yaml: line(ONE_TARGET),
  spaces: line('  - name: shop-prod'),
  'one-document': null,
  'one-key-a-line': line('name: "shop: the first"'),
  'value-in-quotes': line('name: "@shop"'),
  'single-quotes': line("name: 'C:\\shop'"),
  'quotes-if-sign': line('cron: "*/5 * * * *"'),
  'quotes-around': line(`channels: [{ name: ops, type: slack, url: "\${ALERT_URL}" }]`),
  colon: line('name: shop-prod'),
  'plain-space': line('  - name: shop-prod'),
  reference: value(`"\${ALERT_URL}"`),
  variable: value('APPLE_KEY'),
  'variable-or-file': (name: string) => ({ line: `${name}_FILE=/run/secrets/${name.toLowerCase()}` }),
  'other-name': value('shop-prod-2'),
  'provider-once': null,
  'renewal-rest': value('60d'),
  'renewal-below': value('60d'),
  'short-gaps': value('"7 * * * *"'),
  'open-window': value('"0 2 * * *"'),
  'thresholds-below': line('expiry: { warning: 45d, critical: 20d }'),
  'bare-endpoint': value('https://tcb.tencentcloudapi.com'),
  host: first,
  https: value('https://tcb.tencentcloudapi.com'),
  'https-or-insecure': value('https://hooks.example.com/rotator'),
  'target-name': value('[shop-prod]'),
  'same-site': null,
  'some-targets': line(ONE_TARGET),
  'some-severities': value('[warning, critical]'),
  'some-target-names': value('[shop-prod]'),
  'some-addresses': value('[ops@example.com]'),
  label: value('shop-prod'),
  'a-target': value('shop-prod'),
  region: first,
  id: (id: IdName) => ({ value: IDS[id] }),
  environment: value('shop-prod-1g2h3j'),
  provider: value('apple'),
  flag: value('true'),
  integer: (from: number) => ({ value: String(from) }),
  number: value('1'),
  duration: first,
  timezone: value('Asia/Shanghai'),
  'no-abbreviation': shownWithin,
  cron: value('"7 * * * *"'),
  'cron-or-off': value('"0 9 * * 1"'),
  'cron-field': value('"7 * * * *"'),
  'cron-that-matches': value('"7 * * * *"'),
  'host-name': value('rotator.example.com'),
  token: null,
  journal: value('sqlite:./data/journal.db'),
  'postgres-url': value('postgres://rotator@db.example.com/rotator?sslmode=verify-full'),
  url: first,
  'post-url': value('https://hooks.example.com/rotator'),
  'public-url': value('https://rotator.example.com'),
  scope: value('openid email name'),
  'call-url': value('https://hc-ping.com/0123-4567'),
  'url-or-path': value('https://example.com/runbook'),
  name: value('prod-rotator'),
  'listening-host': value('127.0.0.1'),
  'routing-key': value(`"\${PAGERDUTY_KEY}"`),
  'mail-host': value('smtp.example.com'),
  sender: value('rotator@example.com'),
  address: value('ops@example.com'),
  role: first,
  path: value('./secrets/credentials'),
  'signing-secret': value(`"\${CHANNEL_SECRET}"`),
  'mention-list': value('[everybody]'),
  'few-people': value('[everybody]'),
  'mention-slack': value('[U012AB3CD]'),
  'mention-wecom': value('["13800138000"]'),
  'mention-dingtalk': value('["13800138000"]'),
  'mention-feishu': value('[everybody]'),
  auth: value(`{ bearer: "\${CHANNEL_TOKEN}" }`),
  bearer: value(`"\${CHANNEL_TOKEN}"`),
  'auth-user': value('rotator'),
  'header-name': line('headers: { X-Team: ops }'),
  'header-value': line('headers: { X-Team: ops }'),
  'other-header': line('headers: { X-Team: ops }'),
  arn: value('prod/apple'),
  'key-path': value('/run/secrets/AuthKey_K1L2M3N4O5.p8'),
};

function exampleOfPhrase([name, ...filling]: Phrase): Example | null {
  const show = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name as WantedName] : null;
  return show === null ? null : show(...(filling as never[]));
}

interface Stepped extends KeyProblem {
  readonly next?: Phrase | undefined | null;
}

/** Whether the example belongs below the next step: one that names the word that was meant, or none of its own. */
export function takesExample(next: Phrase | null): boolean {
  return next === null || next[0] === 'mean-word' || next[0] === 'mean-key';
}

/** A line that would be right at the place of the problem; null where no line could show it. */
export function exampleFor({ key, wanted, next }: Omit<Stepped, 'found'>): string | null {
  const example = next?.[0] === 'mean-word' ? { value: String(next[1]) } : exampleOfPhrase(wanted);
  if (example === null) return null;
  if ('line' in example) return example.line;
  const last = key.split('.').at(-1) ?? '';
  if (/^[A-Z][A-Z0-9_]*$/.test(last)) return `${last}=${example.value.replaceAll('"', '')}`;
  if (last.endsWith(']')) return `- ${example.value}`;
  return last === '' ? null : `${last}: ${example.value}`;
}

/** The next step; where the problem has none of its own, what follows from its kind. */
export function nextFor({ found, wanted, next }: Stepped, example: string | null): Phrase {
  if (next) return next;
  if (wanted[0] === 'words') return ['choose-word'];
  if (example === null) return ['correct-it'];
  return [found[0] === 'nothing' ? 'add-so' : 'write-so'];
}
