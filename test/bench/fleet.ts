// A folder with everything that the program needs for a number of targets: a key, credentials and a configuration. The
// targets are ordinary ones, each with an environment of its own, and their secrets have 150 days left.
import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appleProvider } from '../../src/sandbox/demo.ts';

export const IDS = { teamId: 'TEAM123456', clientId: 'com.example.shop.web', keyId: 'KEYAAAAAAA' } as const;
export const KEY_FILE = 'key.p8';
export const CREDENTIALS = { TENCENTCLOUD_SECRET_ID: 'AKIDbench', TENCENTCLOUD_SECRET_KEY: 'bench' } as const;

const DAY_SECONDS = 86_400;
const DAYS_LEFT = 150;

/** One key for every fleet, and what the providers hold. */
export function madeKey(): { readonly pem: string; readonly publicJwk: JsonWebKey; readonly provider: object } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = clientSecret(privateKey);
  return {
    pem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicJwk: publicKey.export({ format: 'jwk' }),
    provider: appleProvider('OIDC', { envId: 'bench', clientId: IDS.clientId, secret }),
  };
}

function clientSecret(key: KeyObject): string {
  const { teamId, clientId, keyId } = IDS;
  const exp = Math.floor(Date.now() / 1000) + DAYS_LEFT * DAY_SECONDS;
  const iat = exp - 180 * DAY_SECONDS;
  const claims = { iss: teamId, iat, exp, aud: 'https://appleid.apple.com', sub: clientId };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', kid: keyId })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

export interface Fleet {
  readonly targets: number;
  /** Over how many regions they are spread. Each is a lane of its own, with 20 requests a second. */
  readonly lanes: number;
  /** When all of them are checked: a cron expression. */
  readonly cron: string;
  /** True: only the first target is ever checked; the others wait for their lane, which has next to no requests. */
  readonly isHeld?: boolean;
}

/** How many requests a second the program may send for a lane. */
export const ALLOWED_PER_SECOND = 20;

/** Writes the fleet's files into `folder`. As compact as can be: an older program may refuse a large file. */
export function writeFleet(
  folder: string,
  { targets, lanes, cron, isHeld = false }: Fleet,
  { url, pem, prefix }: { readonly url: string; readonly pem: string; readonly prefix: string },
): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, KEY_FILE), pem, { mode: 0o600 });
  const ids = `teamId: ${IDS.teamId},clientId: ${IDS.clientId},keyId: ${IDS.keyId}`;
  const free = `,cloudbase: {region: ap-free,requestsPerSecond: ${ALLOWED_PER_SECOND}}`;
  const entries = Array.from({ length: targets }, (_, i) => {
    const region = lanes === 1 ? '' : `,cloudbase: {region: ap-${i % lanes}}`;
    const own = isHeld && i === 0 ? free : region;
    return `- {name: t${i},envId: ${prefix}-${i},${ids},key: {from: file,path: ${KEY_FILE}}${own}}\n`;
  });
  const head = `journal: "sqlite:./journal.db"
log: {format: json}
http: {port: 0}
schedule: {cron: "${cron}"}
apple: {tokenUrl: "${url}/auth/token"}
cloudbase: {endpoint: "${url}",requestsPerSecond: ${isHeld ? 0.001 : ALLOWED_PER_SECOND}}
alerts: {none: accepted}
targets:
`;
  writeFileSync(join(folder, 'rotator.yaml'), head + entries.join(''));
}
