// Which proxy a call goes through: HTTPS_PROXY for https, HTTP_PROXY for http, and NO_PROXY for hosts to leave out, in
// lower case or else in capitals, as most programs read them. Calls to loopback use no proxy: its loopback is another
// machine. A proxy that Node cannot use is an error; Node itself would silently go around it.
import { RotatorError } from '../core/errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The `proxyEnv` option of Node's agents. */
export interface ProxyEnv {
  readonly [name: string]: string | undefined;
}

const VARIABLES = {
  'https:': ['https_proxy', 'HTTPS_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY'],
} as const;

/** True for `localhost` and the addresses of the loopback networks, with or without brackets; never for other names. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * The `proxyEnv` of an agent for a call to `url`; undefined for no proxy. A proxy without a scheme (`proxy:3128`) means
 * http, as with curl. Throws ERR_CONFIG for one that is not http or https; the message names the variable, never its
 * value, which may hold a password.
 */
export function proxyEnvFor(url: URL, env: Env): ProxyEnv | undefined {
  if (isLoopback(url.hostname)) return undefined;
  const names = url.protocol === 'https:' ? VARIABLES['https:'] : VARIABLES['http:'];
  const name = names.find((candidate) => (env[candidate] ?? '') !== '');
  if (name === undefined) return undefined;
  const noProxy = env['no_proxy'] || env['NO_PROXY'] || undefined;
  return { [name.toLowerCase()]: usableProxy(name, env[name] ?? ''), no_proxy: noProxy };
}

function usableProxy(name: string, value: string): string {
  const text = value.trim();
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')) {
    throw new RotatorError('ERR_CONFIG', { problem: 'proxy', variable: name, scheme: proxy?.protocol ?? null });
  }
  return proxy.href;
}
