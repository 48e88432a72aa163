// English for what `check` finds: what it is, the next step where there is one, and what can be pasted.
import type { CheckFact } from '../../check.ts';
import type { LinkInForce, SettingTrouble } from '../../provider-settings.ts';
import type { Shape } from '../../reasons.ts';
import { textsIn } from '../catalogue.ts';
import { command } from '../command.ts';
import { callTrouble } from './calls.ts';
import { difference } from './conditions.ts';
import { ERRORS_EN } from './errors.ts';
import { LOGIN_FINDINGS } from './logins.ts';
import { whyText } from './why.ts';
import { counted, duration, listed, when } from './words.ts';

export interface CheckTexts {
  readonly message: string;
  readonly next: string | null;
  readonly copy: string | null;
}

type Found = CheckFact['found'];
type FactOf<F extends Found> = Extract<CheckFact, { readonly found: F }>;
type Say<F extends Found> = (
  fact: FactOf<F>,
  now: number,
) => readonly [message: string, next?: string | undefined, copy?: string];

const CONSOLE = 'in the CloudBase console (Authentication, Login Methods, Apple)';

const provisionIt = () =>
  `Run ${command('provision --target NAME')}, which shows the difference and asks, or correct \`provider\` of the target.`;

const FACTS: { readonly [F in Exclude<Found, 'error'>]: Say<F> } = {
  configuration: ({ file, targets }) => [`${file ?? 'the environment'} is right: ${counted(targets, 'target')}`],
  recipients: ({ channels }) => [`every warning and critical alert reaches one of ${counted(channels, 'channel')}`],
  nobody: () => [
    'nobody is notified of anything: the configuration says `alerts: { none: accepted }`',
    'Put a channel under `alerts.channels`.',
  ],
  listens: ({ host, port }) => [`\`run\` can listen at ${host}:${port}`],
  daemon: ({ instance, pid, host }) => [`the daemon ${instance} (process ${pid} on ${host}) listens there already`],
  journal: ({ path, exists }) => [exists ? `${path} can be written` : `${path} does not exist yet and can be made`],
  space: ({ bytes, path }) => [`${size(bytes)} are free beside ${path}`],
  'little-space': ({ bytes, path }) => [
    `only ${size(bytes)} are free beside ${path}`,
    'Free space there: a journal that cannot be written loses history, and rotates only what is urgent.',
  ],
  reached: ({ name, type }) => [`${name} (${type}) can be reached; nothing was sent`],
  sent: ({ name, type, detail }) => [`${name} (${type}) accepted a test message (${detail})`],
  key: ({ origin, teamId, clientId, keyId }) => [
    `${origin}: Key ID ${keyId} of team ${teamId}, for the client id ${clientId}`,
  ],
  identity: ({ source, arn, host, region, site }) => [
    `${source}: ${arn} at ${host}${site === undefined ? '' : `, the ${site} site`}, ${region}`,
  ],
  'identity-unknown': ({ source, error }) => [
    `${source}: whose they are is not known${error === null ? '' : `: ${textsIn(ERRORS_EN, error).message}`}`,
    'Nothing, if the next lines are fine: only `check` asks this.',
  ],
  lasts: ({ until }, now) => [
    until === null
      ? 'they do not expire by themselves'
      : `they are temporary, last until ${when(until, now)}, and are renewed before that`,
  ],
  'not-renewed': () => [
    'they are temporary (they come with a token), and nothing renews them: nobody knows until when they last',
    'Let the program fetch its own (`from: cvm-role`, `tke-oidc`, or `assumeRole`), or use the keys of a sub-account.',
  ],
  clock: ({ skewMs }) => [
    Math.abs(skewMs) < 2_000
      ? "this machine's clock agrees with CloudBase's"
      : `this machine's clock is ${duration2(skewMs)} CloudBase's`,
  ],
  'no-clock': () => [
    "this machine's clock cannot be compared: CloudBase's answer has no Date header",
    'Check the proxy on the way, which may remove it, and compare the clock by hand.',
  ],
  read: ({ envId }) => [`CAM permits to read the login methods of ${envId}`],
  written: ({ at }, now) => [
    `this program last wrote the client secret ${when(at, now)}; whether CAM still permits that shows at the next rotation`,
  ],
  'write-unknown': ({ policy }) => [
    'whether CAM permits to write cannot be known without writing; nothing was written yet',
    `Rotate once with ${command('once --target NAME --force')}, or compare the policy in CAM with this one:`,
    policy,
  ],
  provider: ({ providerId, enabled }) => [
    `${providerId} is there${enabled === undefined ? '; CloudBase does not say whether it is switched on' : ', and switched on'}`,
  ],
  'switched-off': ({ providerId, wanted }) => [
    `${providerId} is there, and switched off${wanted ? ', although the configuration says `provider.enabled: true`' : ''}`,
    wanted ? provisionIt() : `Switch it on ${CONSOLE} when people are to log in with it.`,
  ],
  'client-id': ({ clientId }) => [`the login method has the client id of the key: ${clientId}`],
  settings: ({ type, scope }) => [
    `${type ?? 'a type that is not shown'}, scope ${scope === undefined ? 'empty' : `"${scope}"`}: endpoints and the rest are as Apple wants them`,
  ],
  setting: ({ trouble }) => settingSentences(trouble),
  differs: ({ difference: found }) => [difference(found), provisionIt()],
  'as-stated': ({ names }) => [`${listed(names)}: as the configuration says`],
  callback: ({ url }) => [`compare this with the Return URLs of the Services ID at Apple, letter by letter: ${url}`],
  linking: ({ links: { email, phone } }) => [sentencesOf([link('e-mail address', email), link('phone number', phone)])],
  fields: ({ names, undocumented }) => [
    `${counted(names.length, 'setting')}: ${names.join(', ')}; ${undocumented.length === 0 ? 'all are documented' : `not documented: ${undocumented.join(', ')}`}`,
  ],
  secret: ({ shape, expiresAt, standsIn }, now) => [
    [
      SHAPES[shape],
      ...(standsIn ? ['the last one that this program wrote stands in for it'] : []),
      ...(expiresAt === null ? [] : [`expires ${when(expiresAt, now)}`]),
    ].join('; '),
  ],
  'nothing-due': ({ renewalAt }, now) => [
    renewalAt === null ? 'nothing is due' : `nothing is due; renewal ${when(renewalAt, now)}`,
  ],
  'would-rotate': ({ why }) => [`\`once\` would rotate: ${whyText(why)}`],
  'would-wait': ({ why }) => [`a rotation waits for its window: ${whyText(why)}`],
  accepted: ({ keyId }) => [`accepts a new client secret of key ${keyId}, and rejects a false one`],
  uncounted: () => [
    'accepts a new client secret, but false ones too: its answers mean nothing',
    'Check `apple.tokenUrl` and what answers there in place of Apple.',
  ],
  'apple-unclear': ({ detail }) => [
    `gave no clear answer about a new client secret: ${callTrouble(detail)}`,
    'Check `apple.tokenUrl` and the way there (https, DNS, firewall, HTTPS_PROXY), and try again.',
  ],
  'apple-off': () => ['was not asked: the configuration says `apple.check: off`'],
  'apple-unasked': () => [
    'was not asked about this key: one question a second, so that `check` asks about the first keys alone',
    `Name the target: ${command('check --target NAME')}.`,
  ],
  logins: ({ state, until, evidence }, now) => [
    `${LOGINS[state]}${until === null ? '' : ` until ${when(until, now)}`}${evidence.length === 0 ? '' : `: ${evidence.map((each) => LOGIN_FINDINGS[each]).join('; ')}`}`,
    state === 'fails'
      ? `Follow the runbook: docs/runbook.md#loginsfail; ${command('plan --target NAME')} shows what would be done.`
      : undefined,
  ],
  'login-check-off': () => ['not asked: the configuration says `cloudbase.loginCheck: off`'],
  'login-check-unasked': () => [
    'not asked: one question a second, so that `check` asks about the first targets alone',
    `Name the target: ${command('check --target NAME')}.`,
  ],
  'login-check-unclear': ({ detail }) => [
    `asked once; the answer says nothing about the secret${detail === null ? '' : ` (${callTrouble(detail)})`}, which is usual`,
  ],
  'login-check-rejected': () => [
    "asked once: CloudBase passed on Apple's `invalid_client`",
    `If the line about Apple is ok, write a new client secret with ${command('once --target NAME --force')}; otherwise do first what that line says.`,
  ],
};

/** The sentences of a finding; `target` fills the place of NAME in commands. */
export function checkTexts(fact: CheckFact, now: number, target: string | null): CheckTexts {
  if (fact.found === 'error') return errorTexts(fact, target);
  // The row of a kind takes facts of that kind, which the compiler cannot follow through the union.
  const say = FACTS[fact.found] as (fact: CheckFact, now: number) => ReturnType<Say<Found>>;
  const [message, next = null, copy = null] = say(fact, now);
  return { message, next: next?.replace(/\bNAME\b/, () => target ?? 'NAME') ?? null, copy };
}

function errorTexts({ error, account, site }: FactOf<'error'>, target: string | null): CheckTexts {
  const { message, next, copy } = textsIn(ERRORS_EN, error, target ?? undefined);
  const ofSite =
    site === undefined ? '' : ` They must be of the ${site} site, whose accounts the other one does not know.`;
  const filled = account === undefined ? copy : (copy?.replaceAll('<main account uin>', () => account) ?? null);
  return { message, next: `${next}${ofSite}`, copy: filled };
}

const LOGINS = { works: 'work', fails: 'fail', unknown: 'not known' } as const;

const SHAPES: Readonly<Record<Shape, string>> = {
  clear: 'CloudBase shows the client secret in clear',
  digest: 'CloudBase shows a digest of the client secret',
  masked: 'CloudBase hides the client secret behind a mask, or shows something that is none',
  empty: 'CloudBase shows an empty client secret: it hides it, or there is none',
  null: 'CloudBase shows no client secret (null): it hides it, or there is none',
  missing: 'CloudBase shows no client secret: it hides it, or there is none',
};

const SETTINGS: Readonly<Record<SettingTrouble['setting'], string>> = {
  type: 'the type (ProviderType)',
  issuer: 'Issuer',
  jwksUri: 'JwksUri',
  authorizationEndpoint: 'AuthorizationEndpoint',
  tokenEndpoint: 'TokenEndpoint',
  scope: 'Scope',
  responseType: 'ResponseType',
  authMethod: 'TokenEndpointAuthMethod',
  redirectUri: 'the callback URL (RedirectUri)',
};

function settingSentences({ setting, why, found, wanted }: SettingTrouble): readonly [string, string, string?] {
  const name = SETTINGS[setting];
  if (setting === 'redirectUri')
    return why === 'absent'
      ? [
          `${name} is not set`,
          `Copy the callback URL that the console shows into the Return URLs at Apple; look ${CONSOLE}.`,
        ]
      : [`${name} is no https URL, and Apple sends nobody there: ${found}`, `Correct it ${CONSOLE}, and at Apple.`];
  const set = `Set it ${CONSOLE} to:`;
  const copy = wanted ?? undefined;
  const said: Readonly<Record<SettingTrouble['why'], string>> = {
    absent: `${name} is not shown; Apple needs ${wanted}`,
    other: `${name} is ${found}, and Apple needs ${wanted}`,
    'form-post': `${name} lacks response_mode=form_post, without which Apple sends neither name nor e-mail address: ${found}`,
    'not-https': `${name} is no https URL: ${found}`,
  };
  return copy === undefined ? [said[why], set] : [said[why], set, copy];
}

function link(by: string, { linked, isDefault }: LinkInForce): string {
  const unset = isDefault ? ", which is CloudBase's default" : '';
  return linked
    ? `whoever holds the same ${by} at Apple gets into an existing account with it${unset}`
    : `an existing account with the same ${by} is left alone${unset}`;
}

function sentencesOf(clauses: readonly string[]): string {
  return listed(clauses).replace(' and ', '; ');
}

/** `12 seconds behind`, `3 minutes ahead of`. */
function duration2(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const far = seconds < 120 ? counted(seconds, 'second') : duration(Math.abs(skewMs));
  return `${far} ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}

/** `12 MB`, `3.4 GB`. */
function size(bytes: number): string {
  const megabytes = bytes / 1_000_000;
  return megabytes < 1000 ? `${Math.floor(megabytes)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
}
