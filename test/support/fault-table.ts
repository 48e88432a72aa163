// Every call to the outside × everything that can go wrong with it × how pressing the rotation is: what the program makes
// of it, as a row of a table. Each cell is a daemon that starts, meets the fault once, and goes on for two hours without.
import { mkdirSync, rmSync } from 'node:fs';
import { errorView } from '../../src/core/errors.ts';
import { MINUTE } from '../../src/core/time.ts';
import type { PassResult } from '../../src/pass/pass.ts';
import type { ActiveFault, Fault } from '../../src/sandbox/faults.ts';
import type { RequestRecord } from '../../src/sandbox/requests.ts';
import { SANDBOX_AWS_CREDENTIALS } from '../../src/sandbox/server.ts';
import { fingerprint } from './histories/laws.ts';
import { Life } from './histories/life.ts';
import { CREDENTIALS, envOf, type Place, type Setting } from './histories/place.ts';
import { fullProvider, IDS } from './pass-rig.ts';

/** How pressing the rotation is, by the days that are left of the deployed secret. */
export const SITUATIONS = { due: 50, urgent: 5, expired: -3 } as const;
export type Situation = keyof typeof SITUATIONS;

type Reply = Omit<Fault, 'service' | 'action' | 'times'>;

const HTTP: Readonly<Record<string, Reply>> = {
  'HTTP 403': { kind: 'status', status: 403 },
  'HTTP 429': { kind: 'status', status: 429 },
  'HTTP 503': { kind: 'status', status: 503 },
  'a page': { kind: 'body' },
  'a redirect': { kind: 'redirect', location: 'http://127.0.0.1:9/' },
  'a huge answer': { kind: 'huge' },
  'a reset before': { kind: 'reset-before' },
  'a reset after': { kind: 'reset-after' },
};

const HANG: Readonly<Record<string, Reply>> = { 'no answer': { kind: 'hang' } };

const codes = (...names: readonly string[]): Readonly<Record<string, Reply>> =>
  Object.fromEntries(names.map((code) => [code, { kind: 'error', code }]));

const TENCENT = {
  ...codes(
    'RequestLimitExceeded',
    'InternalError',
    'ServiceUnavailable',
    'FailedOperation.Timeout',
    'FailedOperation.OperationConflict',
    'ResourceInUse',
    'AuthFailure.SignatureFailure',
    'AuthFailure.TokenFailure',
    'AuthFailure.SignatureExpire',
    'UnauthorizedOperation',
    'InvalidParameter',
    'ResourceNotFound',
    'ResourceUnavailable.ResourceOverdue',
    'IpNotInWhitelist',
    'NoSuchCode',
  ),
  UnknownParameter: {
    kind: 'error',
    code: 'UnknownParameter',
    message: 'The parameter `Config.Proxy` is not recognized.',
  },
  'half an answer': { kind: 'body', body: '{"Response":{' },
  ...HTTP,
  ...HANG,
} as const satisfies Readonly<Record<string, Reply>>;

const APPLE: Readonly<Record<string, Reply>> = {
  ...codes('invalid_client', 'invalid_grant', 'invalid_request', 'unauthorized_client', 'no_such_code'),
  // Its limit is fixed, and longer than a table of this size can wait for.
  ...HTTP,
};

const AWS: Readonly<Record<string, Reply>> = {
  ...codes(
    'ThrottlingException',
    'InternalServiceError',
    'AccessDeniedException',
    'ResourceNotFoundException',
    'InvalidRequestException',
    'DecryptionFailure',
    'UnrecognizedClientException',
    'ExpiredTokenException',
  ),
  ...HTTP,
  ...HANG,
};

const LOGIN: Readonly<Record<string, Reply>> = {
  'a rejection by Apple': { kind: 'body', body: '{"error":"invalid_client"}' },
  'an opaque error': { kind: 'body', body: '{"error":"login_failed"}' },
  'HTTP 401': { kind: 'status', status: 401 },
  ...HTTP,
};

/** A call that a fault of the sandbox meets: the `nth` of its kind since the start, or the one about this secret. */
interface Remote {
  readonly service: Fault['service'];
  readonly action: string;
  readonly which: number | 'candidate' | 'deployed' | 'control';
  readonly faults: Readonly<Record<string, Reply>>;
}

const REMOTE = {
  'GetProviders before': { service: 'tcb', action: 'GetProviders', which: 1, faults: TENCENT },
  'GetProviders at push': { service: 'tcb', action: 'GetProviders', which: 2, faults: TENCENT },
  'GetProviders at read-back': { service: 'tcb', action: 'GetProviders', which: 3, faults: TENCENT },
  ModifyProvider: { service: 'tcb', action: 'ModifyProvider', which: 1, faults: TENCENT },
  'Apple about the control': { service: 'apple', action: 'token', which: 'control', faults: APPLE },
  'Apple about the candidate': { service: 'apple', action: 'token', which: 'candidate', faults: APPLE },
  'Apple about the deployed': { service: 'apple', action: 'token', which: 'deployed', faults: APPLE },
  'login check': { service: 'login', action: 'token', which: 1, faults: LOGIN },
  STS: { service: 'sts', action: 'AssumeRole', which: 1, faults: TENCENT },
  'key in SSM': { service: 'ssm', action: 'GetSecretValue', which: 1, faults: TENCENT },
  'key in AWS': { service: 'aws', action: 'GetSecretValue', which: 1, faults: AWS },
} as const satisfies Readonly<Record<string, Remote>>;

type RemoteCall = keyof typeof REMOTE;

/** Something of the machine that is wrong, and is put right after the first pass. */
type Mishap = (place: Place, right: string) => void;

const LOCAL: Readonly<Record<string, Readonly<Record<string, Mishap>>>> = {
  'key file': {
    missing: (place) => rmSync(place.keyFile),
    'a folder': (place) => {
      rmSync(place.keyFile);
      mkdirSync(place.keyFile);
    },
    empty: (place) => place.putKeyText(''),
    'no key': (place) => place.putKeyText('not a key'),
    'half a file': (place, right) => place.putKeyText(right.slice(0, right.length / 2)),
    'without ids': (place, right) => place.putKeyText((JSON.parse(right) as { privateKey: string }).privateKey),
    'with a key id that was mistyped': (place, right) => place.putKeyText(right.replace(IDS.keyId, 'KEYTYPO001')),
    'with a team id that was mistyped': (place, right) => place.putKeyText(right.replace(IDS.teamId, 'TEAMTYPO01')),
    'with the id of another app': (place, right) => place.putKeyText(right.replace(IDS.clientId, 'com.example.other')),
  },
  'key in a variable': {
    missing: (place) => {
      place.env = {};
    },
    empty: (place) => {
      place.env = { APPLE_KEY: '' };
    },
    'no key': (place) => {
      place.env = { APPLE_KEY: 'not a key' };
    },
    'half a key': (place, right) => {
      place.env = { APPLE_KEY: right.slice(0, right.length / 2) };
    },
  },
  'credentials file': {
    missing: (place) => rmSync(place.credentialsFile),
    'a folder': (place) => {
      rmSync(place.credentialsFile);
      mkdirSync(place.credentialsFile);
    },
    empty: (place) => place.putCredentials(''),
    'another profile': (place) => place.putCredentials(CREDENTIALS.replace('default', 'other')),
    'half of the pair': (place) => place.putCredentials(CREDENTIALS.split('secret_key')[0] ?? ''),
    'a wrong secret': (place) => place.putCredentials(CREDENTIALS.replace(/secret_key = .*/, 'secret_key = wrong')),
  },
};

export interface Cell {
  readonly situation: Situation;
  readonly call: string;
  readonly fault: string;
}

/** Every cell, in the order of the table. */
export function allCells(): Cell[] {
  return (Object.keys(SITUATIONS) as Situation[]).flatMap((situation) => [
    ...Object.entries(REMOTE).flatMap(([call, { which, faults }]) =>
      // Nobody is asked about a secret that has expired.
      which === 'deployed' && situation === 'expired'
        ? []
        : Object.keys(faults).map((fault) => ({ situation, call, fault })),
    ),
    ...Object.entries(LOCAL).flatMap(([call, mishaps]) =>
      Object.keys(mishaps).map((fault) => ({ situation, call, fault })),
    ),
  ]);
}

const NAME = 'shop';

/** Only where a cell has no answer is the limit this short; it is spent in real time. */
const HANGS_MS = 1_500;
const NORMAL_MS = 5_000;

function settingOf(place: Place, { call, fault }: Cell): Setting {
  const timeoutMs = fault === 'no answer' ? HANGS_MS : NORMAL_MS;
  const base = { targets: 1, check: 'compare', cron: '7 */6 * * *', timeoutMs } as const;
  if (call === 'key in SSM')
    return { ...base, key: { from: 'tencent-ssm', secretName: 'apple', region: 'ap-shanghai', endpoint: place.url } };
  if (call === 'key in AWS')
    return {
      ...base,
      key: { from: 'aws-secrets-manager', secretId: 'apple', region: 'ap-southeast-1', endpoint: place.url },
    };
  if (call === 'key in a variable') return { ...base, key: { from: 'env', variable: 'APPLE_KEY' } };
  if (call === 'login check')
    return { ...base, cloudbase: { loginCheck: 'observe', loginEndpoint: `${place.url}/login/{envId}` } };
  if (call !== 'STS') return base;
  const assumeRole = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator', endpoint: place.url };
  return { ...base, cloudbase: { credentials: { from: 'profile', path: place.credentialsFile, assumeRole } } };
}

/** What the columns are; the first lines of the table. */
const LEGEND = [
  '# What the program makes of a fault of each outside call: first pass | what is told | last pass of the two hours after |',
  '# what is told | the truth. Told: + raised, ^ escalated, ~ changed, = repeated, - over. Written by test/campaigns/fault-table.test.ts.',
];

/** The lines of cells, under a heading for each call in each situation. */
export async function tableOf(place: Place, cells: readonly Cell[]): Promise<string> {
  const lines = [...LEGEND];
  let heading = '';
  for (const cell of cells) {
    const next = `${cell.call}, ${cell.situation}`;
    if (next !== heading) lines.push('', next);
    heading = next;
    lines.push(`  ${cell.fault}: ${await meet(place, cell)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The lines of a table that belong to cells, under their headings. */
export function rowsOf(table: string, cells: readonly Cell[]): string {
  const wanted = cells.map(({ call, situation, fault }) => {
    const part = table.split(`\n${call}, ${situation}\n`)[1]?.split('\n\n')[0] ?? '';
    return part.split('\n').find((line) => line.startsWith(`  ${fault}: `));
  });
  return wanted.join('\n');
}

/** Plays a cell; its row without the cell's own names. */
export async function meet(place: Place, cell: Cell): Promise<string> {
  place.clear();
  const { world, truth } = place;
  const privateKey = place.makeKey(IDS.keyId);
  const right = JSON.stringify({ ...IDS, privateKey });
  const putRight = () => {
    place.putKeyText(right);
    place.putCredentials(CREDENTIALS);
    place.env = { APPLE_KEY: right };
  };
  putRight();
  world.ssmSecrets.put({ name: 'apple', text: right });
  world.awsSecrets.put({ name: 'apple', text: right });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: SANDBOX_AWS_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: SANDBOX_AWS_CREDENTIALS.secretAccessKey,
  });
  const deployed = place.mint(IDS.keyId, SITUATIONS[cell.situation]);
  place.put(NAME, deployed);

  if (Object.hasOwn(REMOTE, cell.call))
    injure(place, REMOTE[cell.call as RemoteCall], cell.fault, fingerprint(deployed));
  else LOCAL[cell.call]?.[cell.fault]?.(place, right);

  const passes: PassResult[] = [];
  const ends: number[] = [];
  const config = await place.config(settingOf(place, cell), 'ours', 0);
  const life = await Life.start(place, config, {
    onEvent: () => undefined,
    onPass: (_name, result) => {
      passes.push(result);
      ends.push(truth.now());
    },
    onSettled: async () => undefined,
  });
  try {
    await life.look();
    const first = passes[0];
    if (first === undefined) throw new TypeError('no pass');
    const early = told(place, 0);
    const heard = world.inbox.length;
    const at = ends[0] ?? 0;
    putRight();
    await life.wait(2 * 60 * MINUTE);
    await life.look();
    const last = passes.at(-1) ?? first;
    const [row] = await life.journal.rotations({ limit: 1 });
    const writes = world.requests.log.filter(({ action }) => action === 'ModifyProvider').length;
    const later = passes.length - 1;
    return [
      described(first, at),
      early,
      later === 0 ? 'no pass' : `${described(last, null)} after ${later}`,
      told(place, heard),
      `${place.login(NAME)}, ${place.secret(NAME) === deployed ? 'old' : 'new'} secret, ${wholeness(place)}, ${writes} writes, ${row?.outcome ?? 'no row'}`,
    ].join(' | ');
  } finally {
    await life.kill(false);
    for (const ending of ['', '-wal', '-shm', '.lock', '.lock.json'])
      rmSync(`${config.journal.path}${ending}`, { force: true });
  }
}

/** Has the fault meet its call, once. */
function injure(place: Place, { service, action, which }: Remote, name: string, deployed: string): void {
  const { world } = place;
  const fault = { service, action, times: 1, ...faultOf(service, name) } as Fault;
  let seen = 0;
  let isDone = false;
  world.requests.before(service, action, (request) => {
    seen += 1;
    if (isDone || !isMeant(request, which, seen, deployed)) return;
    isDone = true;
    world.faults.add(fault);
  });
}

function faultOf(service: Remote['service'], name: string): Partial<ActiveFault> {
  const { faults } = Object.values(REMOTE).find((call) => call.service === service) ?? {};
  return (faults as Readonly<Record<string, Reply>>)[name] ?? {};
}

/** The control goes out before anything is asked about our key, and the candidate before the deployed secret. */
function isMeant({ body }: RequestRecord, which: Remote['which'], seen: number, deployed: string): boolean {
  if (typeof which === 'number') return seen === which;
  const { client_secret: asked } = body as { client_secret?: string };
  if (asked === deployed) return which === 'deployed';
  return which === (seen === 1 ? 'control' : 'candidate');
}

/** How a pass ended, and when the next one comes. `at`: when that was; null: it is not said when the next one comes. */
function described({ state, outcome, waitsFor, wakeAt }: PassResult, at: number | null): string {
  const code = state.error === null ? waitsFor?.code : errorView(state.error).code;
  const next = waitsFor === null ? state.retry.nextAttemptAt : wakeAt;
  const when = at === null ? '' : next === null ? 'at the next tick' : `after ${Math.round((next - at) / MINUTE)} min`;
  return [state.state, state.reason, outcome, code, when].filter(Boolean).join(' ');
}

const SIGNS: Readonly<Record<string, string>> = {
  raised: '+',
  escalated: '^',
  changed: '~',
  repeated: '=',
  cleared: '-',
  ended: '-',
  happened: '',
};

function told({ world: { inbox } }: Place, from: number): string {
  const items = inbox
    .slice(from)
    .flatMap(({ body }) => (body as unknown as { items: readonly Readonly<Record<string, string>>[] }).items)
    .map(({ status = '', severity, cause }) => `${SIGNS[status] ?? status}${severity} ${cause}`);
  return items.length === 0 ? 'silence' : items.join(' ');
}

function wholeness(place: Place): string {
  const secret = place.secret(NAME);
  const found = JSON.stringify(sorted(place.world.providers.get(envOf(NAME), 'apple')));
  return found === JSON.stringify(sorted(fullProvider(secret))) ? 'whole' : 'CHANGED';
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
