// What breaks, and what an operator does about it who reads nothing but the alert.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import type { JsonObject } from '../../../src/core/json.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import type { Policy } from '../../../src/sandbox/cam.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/server.ts';
import type { MovedDaemon, MovedOptions, MovedPlace } from '../../support/moved-program.ts';
import { fullProvider, IDS } from '../../support/pass-rig.ts';
import { envIdOf } from '../../support/program.ts';

export interface Walk {
  readonly targets?: MovedOptions['targets'];
  readonly settings?: MovedOptions['settings'];
  /** Days that are left of each secret at the start. */
  readonly daysLeft?: number;
  /** Five minutes after the start. */
  readonly breaks: (place: MovedPlace, daemon: MovedDaemon) => unknown;
  /** What is broken from the start. */
  readonly broken?: (place: MovedPlace) => unknown;
  /** How long nobody does anything. */
  readonly lastsMs: number;
  /** The minute after `breaks` in which the first message comes; null: there is none. */
  readonly first: number | null;
  /** What the next steps of the last message give to paste, in order. Commands of this program are run as they stand. */
  readonly pastes?: readonly (RegExp | string)[];
  /** What the operator does where this program has no part in it, such as in a console; it stands in the walk. */
  readonly applies?: string;
  /** … and what that does; `paste` is what there was to paste. Then the commands are run. */
  readonly mends?: (place: MovedPlace, paste: string, daemon: MovedDaemon) => unknown;
  /** How long it takes until it is over, at most. By default until the tick after the next. */
  readonly healsMs?: number;
}

const THREE = [{ name: 'shop' }, { name: 'club' }, { name: 'news' }];
const SHOP = envIdOf('shop');
/** The tick of the default schedule is two minutes after what breaks. */
const TICK = 2;

function setProvider(place: MovedPlace, change: JsonObject): void {
  const provider = place.world.providers.get(SHOP, 'apple');
  if (provider === undefined) throw new TypeError('there is no provider');
  place.world.providers.put(SHOP, { ...provider, ...change });
}

/** CAM allows the key of this service no more than this. */
function permit({ world }: MovedPlace, policy: Policy): void {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  world.credentials.set(secretId, { secretKey, policy });
}

/** CAM allows nothing any more but reading. */
const READ_ALONE: Policy = {
  version: '2.0',
  statement: [{ effect: 'allow', action: ['tcb:GetProviders'], resource: ['*'] }],
};
const NOTHING: Policy = { version: '2.0', statement: [] };

/** A key that Apple does not know. */
function strangeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

let keptKey = '';

export const WALKS = {
  'permission removed': {
    targets: THREE,
    breaks: (place) => permit(place, NOTHING),
    lastsMs: 20 * MINUTE,
    first: TICK,
    pastes: [/^\{"version":"2\.0"/],
    applies: 'attaches the policy in CAM',
    mends: (place, policy) => {
      permit(place, JSON.parse(policy) as Policy);
    },
  },
  'credential deleted': {
    targets: THREE,
    breaks: ({ world }) => world.credentials.delete(SANDBOX_CREDENTIALS.secretId),
    lastsMs: 20 * MINUTE,
    first: TICK,
    applies: 'makes a new access key in CAM, and puts it into the credentials file',
    mends: async (place) => {
      const renewed = { secretId: 'AKIDsandbox1111111111111111111111111', secretKey: 'another-secret-key' };
      place.world.credentials.set(renewed.secretId, renewed);
      place.useCredentials(renewed);
    },
  },
  'environment deleted': {
    breaks: ({ world }) => world.providers.deleteEnvironment(SHOP),
    lastsMs: 20 * MINUTE,
    first: TICK,
    applies: 'makes the environment and its login method again in the console',
    mends: (place) => {
      place.world.providers.put(SHOP, fullProvider(place.mint(100)));
    },
  },
  'login method deleted': {
    breaks: ({ world }) => world.providers.delete(SHOP, 'apple'),
    lastsMs: 20 * MINUTE,
    first: TICK,
    pastes: ['apple-secret-rotator provision --target shop'],
  },
  'login method switched off': {
    breaks: (place) => setProvider(place, { On: 'FALSE' }),
    lastsMs: 20 * MINUTE,
    first: TICK,
    applies: 'switches it on in the console',
    mends: async (place) => {
      setProvider(place, { On: 'TRUE' });
    },
  },
  'key revoked': {
    targets: THREE,
    breaks: ({ world }) => world.appleKeys.revoke(IDS.keyId),
    lastsMs: 5 * HOUR,
    // Apple is asked about each key every four hours, and again after five minutes.
    first: 247,
    applies: 'makes a key in Apple’s portal, and names it in the configuration',
    mends: (place, _, daemon) => {
      const keyId = 'KEYNEW0001';
      const { privateKeyPem } = place.world.appleKeys.generate({ ...IDS, keyId, clientIds: [IDS.clientId] });
      const path = `${place.folder}/AuthKey_${keyId}.p8`;
      writeFileSync(path, privateKeyPem, { mode: 0o600 });
      const key = { from: 'file', path };
      place.configure({ targets: THREE.map(({ name }) => ({ name, envId: envIdOf(name), ...IDS, keyId, key })) });
      daemon.hangup();
    },
  },
  'wrong key file': {
    breaks: ({ keyFile }) => {
      keptKey = readFileSync(keyFile, 'utf8');
      writeFileSync(keyFile, strangeKey());
    },
    lastsMs: 20 * MINUTE,
    first: TICK,
    applies: 'puts the right .p8 in its place',
    mends: async (place) => {
      writeFileSync(place.keyFile, keptKey);
    },
  },
  'key file gone': {
    targets: THREE,
    breaks: ({ keyFile }) => renameSync(keyFile, `${keyFile}.away`),
    lastsMs: 20 * MINUTE,
    first: TICK,
    applies: 'puts the .p8 back',
    mends: async (place) => {
      renameSync(`${place.keyFile}.away`, place.keyFile);
    },
  },
  'clock wrong': {
    targets: THREE,
    breaks: (place) => place.setClock(10 * MINUTE),
    lastsMs: 20 * MINUTE,
    first: 0,
    applies: 'sets the clock',
    mends: (place) => place.setClock(-10 * MINUTE),
  },
  'Apple away': {
    targets: THREE,
    settings: { schedule: { cron: '7 */6 * * *' } },
    breaks: ({ world }) => world.faults.add({ service: 'apple', kind: 'reset-before' }),
    lastsMs: 2 * DAY + HOUR,
    // Two days after Apple answered last, which was at the start.
    first: 2_876,
    applies: 'opens the firewall',
    mends: async (place) => {
      place.world.faults.clear();
    },
    healsMs: 7 * HOUR,
  },
  'journal unwritable': {
    settings: { schedule: { cron: '7 */6 * * *' } },
    breaks: ({ journalFile }) => {
      renameSync(journalFile, `${journalFile}.away`);
      mkdirSync(journalFile);
    },
    lastsMs: 25 * HOUR,
    first: 0,
    applies: 'takes the folder away that stands where the journal was',
    mends: ({ journalFile }) => {
      rmdirSync(journalFile);
      renameSync(`${journalFile}.away`, journalFile);
    },
  },
  'channel broken': {
    targets: THREE,
    breaks: (place) => {
      const body = JSON.stringify({ code: 19001, msg: 'param invalid: incoming webhook access token invalid' });
      place.world.faults.add({ service: 'inbox', action: 'feishu', kind: 'body', body });
      permit(place, NOTHING);
    },
    lastsMs: 20 * MINUTE,
    first: TICK,
    pastes: [/^\{"version":"2\.0"/, 'apple-secret-rotator alerts --test --channel feishu'],
    applies: 'mends the robot, and attaches the policy in CAM',
    mends: async (place, policy) => {
      place.world.faults.clear();
      permit(place, JSON.parse(policy) as Policy);
    },
    healsMs: HOUR,
  },
  'secret pasted by hand': {
    daysLeft: 30,
    breaks: (place) => {
      place.world.appleKeys.generate({ ...IDS, keyId: 'KEYOTHER01', clientIds: [IDS.clientId] });
      place.world.providers.put(SHOP, fullProvider(place.mint(120, 'KEYOTHER01')));
    },
    lastsMs: 20 * MINUTE,
    first: TICK,
    pastes: ['apple-secret-rotator once --force --target shop'],
    applies: 'agrees with the others that this service is to write it',
    healsMs: 25 * HOUR,
  },
  'two rotators': {
    daysLeft: 30,
    breaks: (place) => place.world.providers.put(SHOP, fullProvider(place.mint(120))),
    lastsMs: 20 * MINUTE,
    first: TICK,
    pastes: ['apple-secret-rotator once --force --target shop'],
    applies: 'agrees with the others that this service is to write it',
    healsMs: 25 * HOUR,
  },
  'second daemon': {
    breaks: (place) => void place.start(),
    lastsMs: 20 * MINUTE,
    first: 0,
    applies: 'stops the other daemon',
    mends: (_place, _paste, daemon) => daemon.stop(),
  },
  'start refused': {
    breaks: async (place, daemon) => {
      await daemon.stop();
      const wrong = readFileSync(place.configFile, 'utf8').replace('cloudbase:', 'cloudbasse:');
      writeFileSync(place.configFile, wrong);
      place.start();
    },
    lastsMs: 20 * MINUTE,
    first: 0,
    applies: 'corrects the configuration',
    mends: (place) => place.configure(),
  },
  'a month asleep': {
    breaks: (place) => place.sleep(30 * DAY),
    lastsMs: 2 * HOUR,
    first: null,
  },
  'asleep past the expiry': {
    breaks: (place) => place.sleep(130 * DAY),
    lastsMs: 20 * MINUTE,
    first: 130 * 24 * 60 + 1,
  },
  expired: {
    daysLeft: 0.1,
    broken: (place) => permit(place, READ_ALONE),
    breaks: () => undefined,
    lastsMs: 3 * HOUR,
    first: 0,
    pastes: [/^\{"version":"2\.0"/],
    applies: 'attaches the policy in CAM',
    mends: (place, policy) => {
      permit(place, JSON.parse(policy) as Policy);
    },
    healsMs: 2 * HOUR,
  },
} satisfies Readonly<Record<string, Walk>>;
