// What `check` tells of one target, from what was tried: a line for each part, in the order in which a set-up goes. It
// judges nothing that has a judge: logins, settings, decisions and errors come as they were found.
import type { CallerIdentity } from '../adapters/tencent/credentials/identity.ts';
import type { TencentCredential } from '../adapters/tencent/credentials/source.ts';
import { rotationPolicy, WRITE_CALL } from '../adapters/tencent/error-table.ts';
import type { CloudBaseConfig } from '../config/resolve.ts';
import { siteOf } from '../config/sites.ts';
import type { CheckFact, CheckLine, CheckPart, Mark } from '../core/check.ts';
import { RotatorError } from '../core/errors.ts';
import { IN_DOUBT, isChoice, judgeLogins } from '../core/logins.ts';
import type { Target } from '../core/ports.ts';
import type { ProviderView } from '../core/provider.ts';
import { linking, type SettingTrouble, settingTroubles } from '../core/provider-settings.ts';
import { shown, shownName } from '../core/shown.ts';
import { SETTING_NAMES, settingDifferences } from '../core/stated-settings.ts';
import type { Examined, Tried } from '../pass/examine.ts';
import { skewError } from '../pass/push.ts';

/** What was found out about the credentials of a target. */
export interface TriedCredentials {
  readonly source: string;
  readonly credential: Tried<TencentCredential>;
  /** Not asked where there is no credential. */
  readonly identity: Tried<CallerIdentity | undefined> | undefined;
}

type Line = readonly [part: CheckPart, mark: Mark, fact: CheckFact];

/** The lines of one target. */
export function targetLines(
  target: Target,
  cloudbase: CloudBaseConfig,
  credentials: TriedCredentials,
  examined: Examined,
): CheckLine[] {
  const account = accountOf(credentials);
  const failed = (part: CheckPart, error: RotatorError, site?: string | undefined): Line => [
    part,
    'failed',
    { found: 'error', error: error.stored, ...(account === undefined ? {} : { account }), site },
  ];
  const lines = [
    ...keyLines(examined, failed),
    ...credentialLines(cloudbase, credentials, failed),
    ...readLines(target, cloudbase, credentials, examined, failed),
    ...writeLines(target, cloudbase, examined, account),
    ...providerLines(target, examined, failed),
    ...rotationLines(examined, failed),
    ...appleLines(target, examined, failed),
    loginsLine(target, examined),
    loginCheckLine(target, examined),
  ];
  return lines.flatMap((line) => {
    if (line === undefined) return [];
    const [part, mark, fact] = line;
    return [{ target: target.name, part, mark, fact }];
  });
}

type Failed = (part: CheckPart, error: RotatorError, site?: string | undefined) => Line;

function warned(part: CheckPart, error: RotatorError): Line {
  return [part, 'warning', { found: 'error', error: error.stored }];
}

function accountOf({ identity }: TriedCredentials): string | undefined {
  return identity !== undefined && 'value' in identity ? identity.value?.account : undefined;
}

function keyLines({ key }: Examined, failed: Failed): Line[] {
  if ('error' in key) return [failed('key', key.error)];
  const { material, origin, warnings } = key.value;
  const { teamId, clientId, keyId } = material;
  return [
    ['key', 'ok', { found: 'key', origin, teamId, clientId, keyId }],
    ...warnings.map((warning) => warned('key', warning)),
  ];
}

function credentialLines(
  { endpoint, region }: CloudBaseConfig,
  { source, credential, identity }: TriedCredentials,
  failed: Failed,
): Line[] {
  const site = siteOf(endpoint);
  if ('error' in credential) return [failed('credentials', credential.error)];
  if (identity !== undefined && 'error' in identity && identity.error.code === 'ERR_CREDENTIALS_REJECTED')
    return [failed('credentials', identity.error, site)];
  return [identityLine(), lastingLine(credential.value)];

  function identityLine(): Line {
    const found = identity !== undefined && 'value' in identity ? identity.value : undefined;
    const error = identity !== undefined && 'error' in identity ? identity.error.stored : null;
    if (found === undefined) return ['credentials', 'warning', { found: 'identity-unknown', source, error }];
    const { host } = new URL(endpoint);
    return ['credentials', 'ok', { found: 'identity', source, arn: found.arn, host, region, site }];
  }
}

function lastingLine({ token, expiresAt }: TencentCredential): Line {
  if (token !== undefined && expiresAt === undefined) return ['credentials', 'warning', { found: 'not-renewed' }];
  return ['credentials', 'ok', { found: 'lasts', until: expiresAt ?? null }];
}

/** The clock, and whether the environment could be read. What credentials or clock explain is told once, there. */
function readLines(
  { envId }: Target,
  { endpoint }: CloudBaseConfig,
  { credential, identity }: TriedCredentials,
  { reading }: Examined,
  failed: Failed,
): Line[] {
  if ('value' in reading) return [clockLine(reading.value.skewMs, failed), ['read', 'ok', { found: 'read', envId }]];
  const { error } = reading;
  const told = [credential, identity].some(
    (each) => each !== undefined && 'error' in each && each.error.code === error.code,
  );
  if (told) return [];
  if (error.code === 'ERR_CLOUDBASE_CLOCK') return [failed('clock', error)];
  return error.code === 'ERR_CREDENTIALS_REJECTED'
    ? [failed('credentials', error, siteOf(endpoint))]
    : [failed('read', error)];
}

function clockLine(skewMs: number | undefined, failed: Failed): Line {
  if (skewMs === undefined) return ['clock', 'warning', { found: 'no-clock' }];
  const error = skewError(skewMs);
  return error === undefined ? ['clock', 'ok', { found: 'clock', skewMs }] : failed('clock', error);
}

/** As far as it can be known without writing: whether the last attempt was denied, and whether one ever succeeded. */
function writeLines(
  { envId }: Target,
  { region }: CloudBaseConfig,
  { before, reading }: Examined,
  account: string | undefined,
): Line[] {
  if ('error' in reading) return [];
  const { error, written } = before;
  if (error !== null && 'params' in error && error.code === 'ERR_CLOUDBASE_DENIED' && error.params.call === WRITE_CALL)
    return [['write', 'failed', { found: 'error', error, ...(account === undefined ? {} : { account }) }]];
  if (written !== null) return [['write', 'ok', { found: 'written', at: written.at }]];
  const policy = rotationPolicy({ region, envId }, account);
  return [['write', 'warning', { found: 'write-unknown', policy }]];
}

/** The provider and its settings, whether or not the key could be read. */
function providerLines(target: Target, { key, reading, decision, snapshot }: Examined, failed: Failed): Line[] {
  if ('error' in reading) return [];
  const { provider } = reading.value;
  if (provider === undefined) {
    const { envId, providerId } = target;
    return [failed('provider', new RotatorError('ERR_PROVIDER_NOT_FOUND', { problem: 'absent', envId, providerId }))];
  }
  const settings = provider.fields.settings();
  const { redirectUri, names, undocumented, type, scope } = settings;
  const troubles = settingTroubles(settings, target.isAllowedHost);
  const ofSettings = troubles.filter(({ setting }) => setting !== 'redirectUri');
  const ofCallback = troubles.filter(({ setting }) => setting === 'redirectUri');
  const told = (part: CheckPart, found: readonly SettingTrouble[]): Line[] =>
    found.map((trouble) => [part, trouble.breaks ? 'failed' : 'warning', { found: 'setting', trouble }]);
  return [
    switchLine(target, provider),
    ...('value' in key ? [clientIdLine(key.value.material.clientId, decision, failed)] : []),
    ...(ofSettings.length > 0
      ? told('settings', ofSettings)
      : [['settings', 'ok', { found: 'settings', type, scope }] as const]),
    ...statedLines(target, provider),
    ...told('callback', ofCallback),
    ...(redirectUri !== undefined && ofCallback.length === 0
      ? [['callback', 'ok', { found: 'callback', url: shown(redirectUri, 300) }] as const]
      : []),
    ['linking', 'ok', { found: 'linking', links: linking(settings) }],
    ['fields', 'ok', { found: 'fields', names: names.map(shownName), undocumented: undocumented.map(shownName) }],
    secretLine(provider, snapshot),
  ];
}

/** What the configuration states. Whether it is switched on has a line of its own. */
function statedLines({ stated }: Target, provider: ProviderView): Line[] {
  const wanted = { ...stated, enabled: undefined };
  const differences = settingDifferences(wanted, provider);
  if (differences.length > 0)
    return differences.map((difference) => ['stated', 'warning', { found: 'differs', difference }]);
  const names = SETTING_NAMES.filter((name) => wanted[name] !== undefined);
  return names.length === 0 ? [] : [['stated', 'ok', { found: 'as-stated', names }]];
}

function switchLine({ providerId, stated }: Target, { enabled }: ProviderView): Line {
  if (enabled !== false) return ['provider', 'ok', { found: 'provider', providerId, enabled }];
  const wanted = stated.enabled === true;
  return ['provider', wanted ? 'failed' : 'warning', { found: 'switched-off', providerId, wanted }];
}

function clientIdLine(clientId: string, decision: Examined['decision'], failed: Failed): Line {
  if (decision?.action === 'refuse' && decision.error.code === 'ERR_CLIENT_ID_MISMATCH')
    return failed('client id', decision.error);
  return ['client id', 'ok', { found: 'client-id', clientId }];
}

function secretLine({ secret: { shape } }: ProviderView, snapshot: Examined['snapshot']): Line {
  const expiresAt = snapshot?.deployed.expiresAt ?? null;
  const standsIn = snapshot?.deployed.from === 'record';
  return ['secret', 'ok', { found: 'secret', shape, expiresAt, standsIn }];
}

/** What a rotation would come to. What has a line of its own is not told again. */
function rotationLines({ decision, objections, conflict, state }: Examined, failed: Failed): Line[] {
  const spoken = objections.map(({ error, refuses }) =>
    refuses ? failed('rotation', error) : warned('rotation', error),
  );
  const of = (): Line[] => {
    switch (decision?.action) {
      case undefined:
        return [];
      case 'none':
        return [['rotation', 'ok', { found: 'nothing-due', renewalAt: state.renewalAt }]];
      case 'rotate':
        return [['rotation', 'ok', { found: 'would-rotate', why: decision.why }]];
      case 'defer':
        return [['rotation', 'ok', { found: 'would-wait', why: decision.why }]];
      case 'pend':
        return [warned('rotation', decision.error)];
      case 'refuse':
        return TOLD_ELSEWHERE.includes(decision.error.code) ? [] : [failed('rotation', decision.error)];
    }
  };
  return [...of(), ...spoken, ...(conflict === undefined ? [] : [failed('key', conflict)])];
}

const TOLD_ELSEWHERE: readonly string[] = ['ERR_PROVIDER_NOT_FOUND', 'ERR_CLIENT_ID_MISMATCH'];

function appleLines({ appleCheck }: Target, { apple, key, state }: Examined, failed: Failed): Line[] {
  if (apple === undefined || 'error' in key) return [];
  const { verdict, detail } = apple;
  switch (verdict) {
    case 'accepted':
      return [['apple', 'ok', { found: 'accepted', keyId: key.value.material.keyId }]];
    case 'rejected':
    case 'rejected-once':
    case 'rejected-uncounted':
      return [failed('apple', new RotatorError('ERR_APPLE_REJECTED', { of: 'candidate', detail }))];
    case 'not-asked':
      return [['apple', appleCheck === 'off' ? 'ok' : 'warning', { found: 'apple-off' }]];
    case 'unasked':
      return [['apple', 'warning', { found: 'apple-unasked' }]];
    case 'unknown':
      if (state.apple.candidate.answer?.verdict === 'accepted' || detail === null)
        return [['apple', 'warning', { found: 'uncounted' }]];
      return [['apple', 'failed', { found: 'apple-unclear', detail }]];
  }
}

function loginsLine({ stated }: Target, { state, clock }: Examined): Line {
  const logins = judgeLogins(state, clock);
  const { evidence, until } = logins;
  const details = evidence.map(({ detail }) => detail);
  const fact = { found: 'logins', state: logins.state, until, evidence: details } as const;
  if (logins.state === 'fails') {
    return ['logins', isChoice(logins, stated) ? 'warning' : 'failed', fact];
  }
  return ['logins', details.some((detail) => IN_DOUBT.has(detail)) ? 'warning' : 'ok', fact];
}

function loginCheckLine({ loginCheck }: Target, { loginCheck: { verdict, detail } }: Examined): Line {
  if (loginCheck === 'off') return ['login check', 'ok', { found: 'login-check-off' }];
  if (verdict === 'unasked') return ['login check', 'warning', { found: 'login-check-unasked' }];
  if (verdict === 'rejected') return ['login check', 'failed', { found: 'login-check-rejected' }];
  return ['login check', 'ok', { found: 'login-check-unclear', detail }];
}
