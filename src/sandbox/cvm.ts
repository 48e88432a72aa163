// The metadata service of a Tencent Cloud machine, for its role: the role's name, and credentials for it.
import { expiration } from './credentials.ts';
import { type Answer, type Call, type Incoming, json } from './exchange.ts';
import type { World } from './world.ts';

const PATH = '/latest/meta-data/cam/security-credentials/';

/** The call, if the request is for the metadata service. */
export function cvmCall(incoming: Incoming): Call | undefined {
  if (incoming.method !== 'GET' || !incoming.path.startsWith(PATH)) return undefined;
  const role = decodeURIComponent(incoming.path.slice(PATH.length));
  return {
    service: 'cvm',
    action: role === '' ? 'role' : 'credentials',
    body: null,
    error: (code, _, status) => json(status ?? 200, { Code: code }),
    answer: (world) => (role === '' ? roleName(world) : credentials(world, role)),
  };
}

function roleName({ cvmRole }: World): Answer {
  return cvmRole === undefined ? notFound() : { status: 200, headers: { 'content-type': 'text/plain' }, body: cvmRole };
}

function credentials(world: World, role: string): Answer {
  if (role !== world.cvmRole) return notFound();
  const issued = world.issueCredential();
  const { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token } = issued;
  return json(200, { TmpSecretId, TmpSecretKey, ...expiration(issued), Token, Code: 'Success' });
}

function notFound(): Answer {
  return { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>404 Not Found</h1>' };
}
