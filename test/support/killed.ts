// The real process is killed in the middle of a rotation and started again. Whatever the instant: each row ends with one
// truthful outcome, nothing is written twice for one reason, and the provider holds a good secret and is whole.
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { fingerprint } from '../../src/core/client-secret.ts';
import { canonical } from '../../src/core/json.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import type { RequestRecord } from '../../src/sandbox/requests.ts';
import { realClock } from './clock.ts';
import { IDS } from './pass-rig.ts';
import { type Program, type Workspace, workspace } from './program.ts';

export type Mode = 'run' | 'once';

/** When the process dies. */
export type Moment =
  /** While its `nth` call is under way, counted from 1: before or after the call has arrived. */
  | { readonly nth: number; readonly arrives: boolean }
  /** So long after its first call. */
  | { readonly afterMs: number };

/** Ticks are never far, so that a daemon goes on soon. */
const SECONDLY = { schedule: { cron: '* * * * * *' } };

/** The calls of one rotation, in order. */
export async function callsOfARotation(): Promise<string[]> {
  const place = await workspace();
  try {
    await place.run(['once']);
    return place.world.requests.log.map(({ action }) => action);
  } finally {
    await place.dispose();
  }
}

/** Kills a process at this moment of a rotation and starts it again; what is wrong then, a line each. */
export async function killed(mode: Mode, moment: Moment): Promise<string[]> {
  const place = await workspace({ settings: SECONDLY });
  try {
    const before = place.provider();
    const stored = new Set<string>();
    const { providers } = place.world;
    const write = providers.write.bind(providers);
    let writes = 0;
    providers.write = (envId, id, change, lateMs) => {
      write(envId, id, change, lateMs);
      writes += 1;
      stored.add(fingerprint(String(place.secret())));
    };
    const first = place.start([mode]);
    await killAt(place, first, moment);
    await goOn(place, mode);

    const secret = String(place.secret());
    const print = fingerprint(secret);
    const rows = await rowsOf(place);
    const truths = rows.map((row) => {
      const isTrue = (row.outcome === 'succeeded') === stored.has(row.fingerprint ?? '');
      return isTrue && row.outcome !== null
        ? []
        : [
            `a row ended ${row.outcome}, and its candidate was ${stored.has(row.fingerprint ?? '') ? '' : 'not '}stored`,
          ];
    });
    const fault = secretFault(place.world, IDS.clientId, secret);
    const wanted = canonical({ ...before, Config: { ...before?.Config, ClientSecret: secret } });
    return [
      ...truths.flat(),
      ...(rows.filter((row) => row.fingerprint === print).length === 1
        ? []
        : ['no row, or more than one, is about the deployed secret']),
      ...(writes === 1 ? [] : [`${writes} writes`]),
      ...(fault === undefined ? [] : [`the deployed secret is bad: ${fault}`]),
      ...(canonical(place.provider() ?? null) === wanted ? [] : ['another field has changed']),
    ];
  } finally {
    await place.dispose();
  }
}

async function killAt(place: Workspace, program: Program, moment: Moment): Promise<void> {
  const { requests, faults } = place.world;
  const kill = async () => {
    program.signal('SIGKILL');
    await program.exited;
  };
  let seen = 0;
  const reached = Promise.withResolvers<void>();
  const meet = async ({ service, action }: RequestRecord) => {
    seen += 1;
    if (!('nth' in moment) || seen !== moment.nth) return;
    await kill();
    if (!moment.arrives) faults.add({ service, action, kind: 'reset-before', times: 1 });
    reached.resolve();
  };
  const ends = [
    requests.before('tcb', 'GetProviders', meet),
    requests.before('tcb', 'ModifyProvider', meet),
    requests.before('apple', 'token', meet),
    requests.onRequest(() => {
      if ('afterMs' in moment) setTimeout(() => void kill().then(reached.resolve), moment.afterMs);
    }),
  ];
  await Promise.race([reached.promise, program.exited]);
  for (const end of ends) end();
}

/** Starts the program again and lets it finish what it finds. */
async function goOn(place: Workspace, mode: Mode): Promise<void> {
  if (mode === 'once') {
    await place.run(['once']);
    return;
  }
  const second = place.start(['run']);
  await second.waitFor((program) => program.log().some(({ event }) => event === 'pass.healthy'));
  second.signal('SIGTERM');
  await second.exited;
}

async function rowsOf({ journalFile: path }: Workspace) {
  const journal = await openJournal({ path }, { mode: 'read', clock: realClock });
  try {
    return await journal.rotations({ limit: 100 });
  } finally {
    await journal.close();
  }
}
