// Which hosts a URL of the configuration may name. A request to an endpoint carries a signature or a client secret, so
// a slip of the pen must not send it elsewhere: https to the vendor's own hosts, anything on loopback, and whatever
// allowHosts names.

/** What an endpoint is used for; the first label of a Tencent host is part of the signature. */
export type HostUse = 'apple' | 'tcb' | 'ssm' | 'sts' | 'aws' | 'metadata';

interface HostRule {
  readonly allowed: RegExp;
  readonly wanted: string;
  /** Only the metadata service of a machine speaks plain HTTP; it is not reached over a network. */
  readonly plainHttp?: boolean;
}

const HOST_RULES: Readonly<Record<HostUse, HostRule>> = {
  apple: { allowed: /^appleid\.apple\.com$/, wanted: 'https://appleid.apple.com/auth/token' },
  tcb: { allowed: /^tcb\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://tcb.tencentcloudapi.com' },
  ssm: { allowed: /^ssm\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://ssm.tencentcloudapi.com' },
  sts: { allowed: /^sts\.([a-z0-9-]+\.)*tencentcloudapi\.com$/, wanted: 'https://sts.tencentcloudapi.com' },
  aws: {
    allowed: /(^|\.)secretsmanager(-fips)?\.[a-z0-9-]+\.((vpce\.)?amazonaws\.com(\.cn)?|api\.aws)$/,
    wanted: 'https://secretsmanager.<region>.amazonaws.com',
  },
  metadata: {
    allowed: /^metadata\.tencentyun\.com$/,
    wanted: 'http://metadata.tencentyun.com',
    plainHttp: true,
  },
};

/** The hosts that mean this machine: localhost, 127.0.0.0/8, ::1. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

/** What is wanted instead of `url` (which parses), or undefined if it may be used. `allowHosts` are lower case. */
export function hostObjection(url: string, use: HostUse, allowHosts: readonly string[]): string | undefined {
  const { hostname, protocol, pathname, search, hash } = new URL(url);
  const { allowed, wanted, plainHttp = false } = HOST_RULES[use];
  if (use !== 'apple' && (search !== '' || hash !== '' || (use !== 'metadata' && pathname !== '/')))
    return 'an endpoint without path and query';
  if (isLoopback(hostname)) return undefined;
  if (!allowed.test(hostname) && !allowHosts.includes(hostname))
    return `${wanted}, a host that allowHosts names, or one on loopback`;
  return protocol === 'https:' || plainHttp ? undefined : 'https:// (plain http:// is for loopback alone)';
}

/** What is wanted instead of the URL of a channel, or undefined. */
export function channelObjection(url: string, insecure: boolean): string | undefined {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'https:' || insecure || isLoopback(hostname)) return undefined;
  return 'https:// (http:// to loopback alone, or with insecure: true)';
}

/** Scheme, host and port of an endpoint, lower case, without a slash at the end: part of a target's identity. */
export function originOf(url: string): string {
  return new URL(url).origin;
}
