// Which hosts a URL of the configuration may name. A request to an endpoint carries a signature or a client secret, and
// a typing mistake must not send it elsewhere. Allowed are https to the vendor's own hosts, anything on loopback, and
// the hosts of allowHosts.
import type { ChannelOptions } from '../adapters/channels/registry.ts';
import type { KeySourceOptions } from '../adapters/keys/registry.ts';
import { loginUrlOf } from '../adapters/login/public-interface.ts';
import type { CredentialsOptions } from '../adapters/tencent/credentials/registry.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Phrase } from '../core/texts/problems.ts';
import { isLoopback } from '../net/proxy.ts';
import type { Sections, TargetEntry } from './schema.ts';
import { type MapNode, nameAt, nodeAt, type Path, type Report } from './tree.ts';

/** What an endpoint is used for; the first label of a Tencent host is part of the signature. */
export type HostUse = 'apple' | 'tcb' | 'login' | 'ssm' | 'sts' | 'aws' | 'metadata';

interface HostRule {
  readonly allowed: RegExp;
  readonly wanted: string;
  /** True for the metadata service of a machine alone: it speaks plain HTTP, but over no network. */
  readonly plainHttp?: boolean;
}

/**
 * Secrets Manager by region, over IPv4 alone, over both protocols (`api.aws`) and through an endpoint of a VPC. The
 * region must look like one: `secretsmanager.s3.amazonaws.com` is a bucket that anybody may create.
 */
const AWS_HOST = new RegExp(
  [
    /^secretsmanager(?:-fips)?\.REGION\.(?:amazonaws\.com|api\.aws)$/,
    /^vpce-[a-z0-9-]+\.secretsmanager(?:-fips)?\.REGION\.vpce\.amazonaws\.com$/,
    /^secretsmanager\.CHINA\.(?:amazonaws\.com|api\.amazonwebservices\.com)\.cn$/,
    /^vpce-[a-z0-9-]+\.secretsmanager\.CHINA\.vpce\.amazonaws\.com\.cn$/,
  ]
    .map(({ source }) => source.replace('REGION', '(?!cn-)[a-z]{2,4}(?:-[a-z]+){1,2}-[0-9]{1,2}'))
    .map((source) => source.replace('CHINA', 'cn-[a-z]+-[0-9]{1,2}'))
    .join('|'),
);

const HOST_RULES: Readonly<Record<HostUse, HostRule>> = {
  apple: { allowed: /^appleid\.apple\.com$/, wanted: 'https://appleid.apple.com/auth/token' },
  tcb: { allowed: /^tcb\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://tcb.tencentcloudapi.com' },
  login: {
    allowed: /^[a-z0-9._-]+\.api\.(?:intl\.)?tcloudbasegateway\.com$/,
    wanted: 'https://{envId}.api.tcloudbasegateway.com',
  },
  ssm: { allowed: /^ssm\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://ssm.tencentcloudapi.com' },
  sts: { allowed: /^sts\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://sts.tencentcloudapi.com' },
  aws: { allowed: AWS_HOST, wanted: 'https://secretsmanager.<region>.amazonaws.com' },
  metadata: {
    allowed: /^metadata\.tencentyun\.com$/,
    wanted: 'http://metadata.tencentyun.com',
    plainHttp: true,
  },
};

/** What is wanted instead of `url` (which parses), or undefined if it may be used. `allowHosts` are lower case. */
function hostObjection(url: string, use: HostUse, allowHosts: readonly string[]): Phrase | undefined {
  const { hostname, protocol, pathname, search, hash } = new URL(url);
  const { allowed, wanted, plainHttp = false } = HOST_RULES[use];
  const hasPath = pathname !== '/' && use !== 'metadata' && use !== 'login';
  if (use !== 'apple' && (search !== '' || hash !== '' || hasPath)) return ['bare-endpoint'];
  if (isLoopback(hostname)) return undefined;
  if (!allowed.test(hostname) && !allowHosts.includes(hostname)) return ['host', wanted];
  return protocol === 'https:' || (plainHttp && allowed.test(hostname)) ? undefined : ['https'];
}

/** True for the hosts that a provider may send its logins to. */
export function isLoginHost(host: string, allowHosts: readonly string[]): boolean {
  return /(?:^|\.)apple\.com$/.test(host) || allowHosts.includes(host);
}

/** What is wanted instead of the URL of a channel, or undefined. */
function channelObjection(url: string, insecure: boolean): Phrase | undefined {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'https:' || insecure || isLoopback(hostname)) return undefined;
  return ['https-or-insecure'];
}

/** tokenUrl, and the endpoints that all targets share. */
export function checkSharedHosts({ apple, cloudbase, allowHosts }: Omit<Sections, 'targets'>, report: Report): void {
  const check = hostCheck(allowHosts, report);
  check(['apple', 'tokenUrl'], apple.tokenUrl, 'apple');
  check(['cloudbase', 'endpoint'], cloudbase.endpoint, 'tcb');
  check(['cloudbase', 'loginEndpoint'], loginUrl(cloudbase.loginEndpoint, 'env'), 'login');
  checkCredentials(['cloudbase', 'credentials'], cloudbase.credentials, check);
}

/** The endpoints of one entry of `targets`. */
export function checkTargetHosts(
  index: number,
  entry: TargetEntry,
  allowHosts: readonly string[],
  report: Report,
): void {
  const check = hostCheck(allowHosts, report);
  const { key, cloudbase } = entry;
  check(['targets', index, 'cloudbase', 'endpoint'], cloudbase?.endpoint, 'tcb');
  check(['targets', index, 'cloudbase', 'loginEndpoint'], loginUrl(cloudbase?.loginEndpoint, entry.envId), 'login');
  checkCredentials(['targets', index, 'cloudbase', 'credentials'], cloudbase?.credentials, check);
  const use = KEY_ENDPOINTS[key.from];
  if (use !== undefined && 'endpoint' in key) check(['targets', index, 'key', 'endpoint'], key.endpoint, use);
  if ('credentials' in key) checkCredentials(['targets', index, 'key', 'credentials'], key.credentials, check);
}

/** Whose host the `endpoint` of a key source is. A new source does not compile without a line here. */
const KEY_ENDPOINTS: Readonly<Record<KeySourceOptions['from'], HostUse | undefined>> = {
  file: undefined,
  env: undefined,
  'aws-secrets-manager': 'aws',
  'tencent-ssm': 'ssm',
};
const CREDENTIAL_ENDPOINTS: Readonly<Record<CredentialsOptions['from'], HostUse | undefined>> = {
  env: undefined,
  profile: undefined,
  'cvm-role': 'metadata',
  'tke-oidc': 'sts',
};

function loginUrl(endpoint: string | undefined, envId: string): string | undefined {
  return endpoint === undefined ? undefined : loginUrlOf(endpoint, envId);
}

type HostCheck = (path: Path, url: string | undefined, use: HostUse) => void;

function checkCredentials(path: Path, credentials: CredentialsOptions | undefined, check: HostCheck): void {
  if (credentials === undefined) return;
  check([...path, 'assumeRole', 'endpoint'], credentials.assumeRole?.endpoint, 'sts');
  const use = CREDENTIAL_ENDPOINTS[credentials.from];
  if (use !== undefined && 'endpoint' in credentials) check([...path, 'endpoint'], credentials.endpoint, use);
}

function hostCheck(allowHosts: readonly string[], report: Report): HostCheck {
  return (path, url, use) => {
    const wanted = url === undefined ? undefined : hostObjection(url, use, allowHosts);
    if (wanted !== undefined) report(path, { wanted });
  };
}

/** Names of targets that a next step lists: a fleet has thousands. */
const MOST_NAMES = 10;

/** Names and URLs of the channels, and the targets that they list. */
export function checkChannels(root: MapNode, channels: ReadonlyMap<number, ChannelOptions>, report: Report): void {
  const listed = nodeAt(root, ['targets']);
  const names = new Set(listed?.kind === 'list' ? listed.items.map((_, index) => nameAt(root, index)) : []);
  const seen = new Map<string, number>();
  for (const [index, channel] of channels) {
    const path: Path = ['alerts', 'channels', index];
    const earlier = seen.get(channel.name);
    if (earlier !== undefined) report([...path, 'name'], { wanted: ['other-name', `alerts.channels[${earlier}]`] });
    else seen.set(channel.name, index);
    const wanted = 'url' in channel ? channelObjection(channel.url, channel.insecure) : undefined;
    if (wanted !== undefined) report([...path, 'url'], { wanted });
    for (const [at, name] of (channel.targets ?? []).entries()) {
      if (names.has(name)) continue;
      const nearest = nearestOf(name, [...names]);
      const next: Phrase =
        nearest === undefined ? ['name-of', ...[...names].slice(0, MOST_NAMES)] : ['mean-word', nearest];
      report([...path, 'targets', at], { wanted: ['target-name'], next });
    }
  }
}
