// Tencent Cloud has two sites, the domestic and the international one. No account and no environment exists on both, so
// all endpoints of a target are of one site: a stated mix is refused, and what is not stated follows the endpoint of
// CloudBase.
import type { CredentialsOptions } from '../adapters/tencent/credentials/registry.ts';
import type { Service } from '../adapters/tencent/error-table.ts';
import type { Parsed } from './parsed.ts';
import type { TargetEntry } from './schema.ts';
import { dotted, type Path, type Report } from './tree.ts';

export const CLOUDBASE_ENDPOINT = 'https://tcb.tencentcloudapi.com';

export type Site = 'domestic' | 'international';

/** The domains of Tencent Cloud's API and of the public login interface, which both sites have. */
const SITED = /\.(?:tencentcloudapi|tcloudbasegateway)\.com$/;

/** The site of an endpoint; undefined for hosts on loopback and of allowHosts, which may stand for either. */
export function siteOf(url: string): Site | undefined {
  const { hostname } = new URL(url);
  if (!SITED.test(hostname)) return undefined;
  return hostname.split('.').includes('intl') ? 'international' : 'domestic';
}

/** The endpoint of `service` beside that of CloudBase. */
export function endpointBeside(cloudbaseEndpoint: string, service: Service): string {
  return `https://${service}.${siteOf(cloudbaseEndpoint) === 'international' ? 'intl.' : ''}tencentcloudapi.com`;
}

/** Where STS is asked whose credentials these are: where they come from, else beside CloudBase, or at the same stand-in. */
export function stsEndpointOf(cloudbaseEndpoint: string, credentials: CredentialsOptions): string {
  const stated =
    credentials.assumeRole?.endpoint ?? (credentials.from === 'tke-oidc' ? credentials.endpoint : undefined);
  return (
    stated ?? (siteOf(cloudbaseEndpoint) === undefined ? cloudbaseEndpoint : endpointBeside(cloudbaseEndpoint, 'sts'))
  );
}

/** The public login interface of the site of CloudBase. */
export function loginEndpointBeside(cloudbaseEndpoint: string): string {
  const site = siteOf(cloudbaseEndpoint) === 'international' ? 'intl.' : '';
  return `https://{envId}.api.${site}tcloudbasegateway.com`;
}

/** Credentials whose calls to STS go to the site of CloudBase, unless they say otherwise. */
export function credentialsBeside(cloudbaseEndpoint: string, credentials: CredentialsOptions): CredentialsOptions {
  const endpoint = endpointBeside(cloudbaseEndpoint, 'sts');
  const own =
    credentials.from === 'tke-oidc' ? { ...credentials, endpoint: credentials.endpoint ?? endpoint } : credentials;
  const { assumeRole } = own;
  return assumeRole === undefined
    ? own
    : { ...own, assumeRole: { ...assumeRole, endpoint: assumeRole.endpoint ?? endpoint } };
}

interface Stated {
  readonly path: Path;
  readonly url: string | undefined;
}

type Sections = Parsed['sections'];
type IsSound = Parsed['isSound'];

/** Refuses endpoints of two sites in what all targets share. */
export function checkSharedSites(sections: Sections, isSound: IsSound, report: Report): void {
  if (!isSound(['cloudbase'])) return;
  const { endpoint, sts, login } = shared(sections);
  compare(endpoint, [...sts, login], report);
}

/** Refuses endpoints of two sites in a target as it results. */
export function checkTargetSites(
  index: number,
  { cloudbase, key }: TargetEntry,
  sections: Sections,
  isSound: IsSound,
  report: Report,
): void {
  const at = ['targets', index];
  if (!isSound(['cloudbase']) || !isSound(at)) return;
  const own = { path: [...at, 'cloudbase', 'endpoint'], url: cloudbase?.endpoint };
  const beside = [
    { path: [...at, 'cloudbase', 'loginEndpoint'], url: cloudbase?.loginEndpoint },
    ...stsEndpoints([...at, 'cloudbase', 'credentials'], cloudbase?.credentials),
    ...(key.from === 'tencent-ssm'
      ? [
          { path: [...at, 'key', 'endpoint'], url: key.endpoint },
          ...stsEndpoints([...at, 'key', 'credentials'], key.credentials),
        ]
      : []),
  ];
  const { endpoint, sts, login } = shared(sections);
  compare(own.url === undefined ? endpoint : own, beside, report);
  if (own.url === undefined) return;
  // What all share stands where this target did not write it: its endpoint is what can be changed.
  const inherited = [
    ...(cloudbase?.credentials === undefined ? sts : []),
    ...(cloudbase?.loginEndpoint === undefined ? [login] : []),
  ];
  for (const { path, url } of inherited) compare({ path, url }, url === undefined ? [] : [own], report);
}

function shared({ cloudbase }: Sections) {
  return {
    endpoint: { path: ['cloudbase', 'endpoint'], url: cloudbase.endpoint },
    sts: stsEndpoints(['cloudbase', 'credentials'], cloudbase.credentials),
    login: { path: ['cloudbase', 'loginEndpoint'], url: cloudbase.loginEndpoint },
  };
}

function stsEndpoints(path: Path, credentials: CredentialsOptions | undefined): Stated[] {
  if (credentials === undefined) return [];
  const role = { path: [...path, 'assumeRole', 'endpoint'], url: credentials.assumeRole?.endpoint };
  return credentials.from === 'tke-oidc' ? [role, { path: [...path, 'endpoint'], url: credentials.endpoint }] : [role];
}

function compare({ path: first, url = CLOUDBASE_ENDPOINT }: Stated, others: readonly Stated[], report: Report): void {
  for (const { path, url: other } of others) {
    if (other === undefined) continue;
    const [site, found] = [siteOf(url), siteOf(other)];
    if (site === undefined || found === undefined || found === site) continue;
    report(path, {
      wanted: ['same-site', site, dotted(first), new URL(url).hostname],
      next: ['one-site'],
    });
  }
}
