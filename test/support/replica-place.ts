// Several real processes over one database of a real PostgreSQL server, against a sandbox: what a test of replicas starts,
// ends and asks. What is wrong afterwards is judged by what the sandbox stored, not by what the program believes.
import { onTestFinished, vi } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { readPostgresUrl } from '../../src/adapters/journal/place.ts';
import { fingerprint } from '../../src/core/client-secret.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Rotation } from '../../src/core/records.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import { realClock } from './clock.ts';
import { IDS } from './pass-rig.ts';
import type { PostgresServer } from './postgres.ts';
import { envIdOf, type Program, type WorkspaceOptions, workspace } from './program.ts';

export interface ReplicaPlaceOptions extends Omit<WorkspaceOptions, 'settings' | 'targets'> {
  readonly targets: number;
  readonly settings?: JsonObject;
  /** When a digest is sent; default: never. */
  readonly digest?: string;
  /** How often the heartbeat is sent; default: every 5 min. */
  readonly beatEvery?: string;
  /** The entry of a target; its name and environment come by themselves. */
  readonly entry?: (n: number) => JsonObject;
}

/** Ticks are never far, so that what is left over is seen. */
const MINUTELY = { cron: '* * * * *' };
const POLL = { interval: 250 } as const;
/** So that each replica may reach the database by a way of its own. */
const JOURNAL = `\${JOURNAL_URL}`;

export async function replicaPlace(server: PostgresServer, options: ReplicaPlaceOptions) {
  const { settings = {}, targets, entry = () => ({}), digest = 'off', beatEvery = '5m', ...rest } = options;
  const url = await server.database();
  const database = url.slice(url.lastIndexOf('/') + 1);
  const names = Array.from({ length: targets }, (_, n) => `app-${n}`);
  const place = await workspace({
    // Due, and not urgent: without its journal nobody renews it.
    daysLeft: 30,
    ...rest,
    targets: names.map((name, n) => ({ ...entry(n), name })),
    settings: { schedule: MINUTELY, ...settings, journal: JOURNAL },
  });
  place.configure({
    heartbeat: { url: `${place.sandbox.url}/inbox/heartbeat`, every: beatEvery },
    alerts: {
      none: '',
      digest,
      channels: [{ name: 'ops', type: 'webhook', url: `${place.sandbox.url}/inbox/ops` }],
    },
  });
  let disposed: Promise<void> | undefined;
  const dispose = () => {
    disposed ??= place.dispose();
    return disposed;
  };
  onTestFinished(dispose);
  /** By name: the fingerprints that the provider stored, in their order. */
  const stored = new Map<string, string[]>(names.map((name) => [name, []]));
  const { providers } = place.world;
  const write = providers.write.bind(providers);
  providers.write = (envId, id, change, lateMs) => {
    write(envId, id, change, lateMs);
    const name = names.find((each) => envIdOf(each) === envId) ?? '';
    stored.get(name)?.push(fingerprint(String(place.secret(name))));
  };
  const rows = async (): Promise<readonly Rotation[]> => {
    const at = readPostgresUrl(url);
    if (typeof at === 'string') throw new TypeError(at);
    const journal = await openJournal(at, { mode: 'read', clock: realClock });
    try {
      return await journal.rotations({ limit: 10_000 });
    } finally {
      await journal.close();
    }
  };
  const sql = (text: string) => server.sql(text, database);
  /** The process that leads, by what the journal's lease and its own report say; undefined: none does. */
  const leader = async (): Promise<number | undefined> => {
    const known = await sql(
      `SELECT document FROM rotator.replicas JOIN rotator.leases ON key = 'leader'
       WHERE document::json->>'leads' = 'true' AND until > extract(epoch FROM clock_timestamp()) * 1000
       ORDER BY seen_at DESC LIMIT 1`,
    ).catch(() => []);
    const name = known.map(({ document }) => (JSON.parse(String(document)) as { name: string }).name).at(0);
    return name === undefined ? undefined : Number(name.split(':').at(-1));
  };
  const said = (what: 'raised' | 'cleared'): Map<string, number> => {
    const items = place.world.inbox.flatMap(
      ({ body }) => (body as { items?: { id: string; status: string }[] }).items ?? [],
    );
    const ids = items.filter(({ status }) => status === what).map(({ id }) => id);
    return new Map([...Map.groupBy(ids, (id) => id)].map(([id, each]) => [id, each.length]));
  };
  const programs: Program[] = [];
  /** One was killed while it could not reach the database: what it wrote then is in no row. */
  let lostRows = false;
  const lastWords = () =>
    programs.map((program) => `${program.pid}: ${program.stdout().split('\n').at(-2)}`).join('; ');
  const self = {
    ...place,
    dispose,
    names,
    stored,
    rows,
    sql,
    leader,
    url,
    /** Starts a replica, of another program if one is named, and resolves when it has said so. */
    async replica(env: Readonly<Record<string, string>> = {}, main?: string): Promise<Program> {
      const program = place.start(['run'], { env: { JOURNAL_URL: url, ...env }, ...(main && { main }) });
      programs.push(program);
      await program.waitFor(/"daemon.started"/);
      return program;
    },
    replicas: (count: number): Promise<Program[]> => Promise.all(Array.from({ length: count }, () => self.replica())),
    /** How many calls of passes have arrived. */
    calls: () => place.world.requests.log.filter(({ service }) => service !== 'inbox').length,
    /** How often the heartbeat was sent. */
    beats: () => place.world.inbox.filter(({ name }) => name === 'heartbeat').length,
    /** The alerts that were sent, and those that are over: their ids, each once, and how often it was said. */
    raised: () => said('raised'),
    cleared: () => said('cleared'),
    /** Whether the last pass of a target left it in this state. */
    async isState(name: string, state: string): Promise<boolean> {
      const known = await sql(
        `SELECT 1 FROM rotator.targets WHERE name = '${name}' AND document::json->>'state' = '${state}'`,
      );
      return known.length > 0;
    },
    /** Ends it as kill -9 does; resolves when it is gone. */
    async kill(program: Program): Promise<void> {
      program.signal('SIGKILL');
      await program.exited;
      lostRows ||= program.log().findLast(({ event }) => event === 'journal.degraded')?.['degraded'] === true;
    },
    /** How long it takes until the condition holds, in ms. */
    async until(what: string, holds: () => boolean | Promise<boolean>, timeout = 300_000): Promise<number> {
      const began = performance.now();
      await vi.waitFor(
        async () => {
          if (!(await holds()))
            throw new Error(
              `not yet: ${what} (of ${programs.map(({ pid }) => pid)}, ${await leader()} leads; ${self.writesByTarget()}); ${lastWords()}`,
            );
        },
        { ...POLL, timeout },
      );
      return Math.round(performance.now() - began);
    },
    /** How long it takes until one of these leads. */
    async ledBy(programs: readonly Program[]): Promise<{ readonly ms: number; readonly program: Program }> {
      let found: Program | undefined;
      const ms = await self.until('one leads', async () => {
        const pid = await leader();
        found = programs.find((program) => program.pid === pid);
        return found !== undefined;
      });
      if (found === undefined) throw new Error('none leads');
      return { ms, program: found };
    },
    /** Every target was written once at least, and no row is open. */
    async isAllDone(): Promise<boolean> {
      if ([...stored.values()].some((writes) => writes.length === 0)) return false;
      return (await rows()).every(({ outcome }) => outcome !== null);
    },
    /**
     * What is wrong with the providers and the rows, a line each; `mostWrites`: how many writes one reason may have had.
     */
    async faults({ mostWrites = 1 } = {}): Promise<string[]> {
      const all = await rows();
      const found: string[] = [];
      for (const [name, prints] of stored) {
        const secret = String(place.secret(name));
        const fault = secretFault(place.world, IDS.clientId, secret);
        if (fault !== undefined) found.push(`${name}: the deployed secret is bad: ${fault}`);
        if (prints.length > mostWrites) found.push(`${name}: ${prints.length} writes`);
        const own = all.filter(({ target }) => target === name);
        if (!lostRows && prints.length > 0 && !own.some((row) => row.fingerprint === fingerprint(secret)))
          found.push(`${name}: no row is about the deployed secret`);
        for (const { outcome, fingerprint: print, id } of own) {
          if (outcome === null) found.push(`${name}: row ${id} is open`);
          // A write that showed later has a row of its own.
          else if (outcome === 'failed' && own.some(({ settles }) => settles === id)) continue;
          else if ((outcome === 'succeeded') !== prints.includes(print ?? ''))
            found.push(
              `${name}: row ${id} ended ${outcome}, and its secret was ${prints.includes(print ?? '') ? '' : 'not '}stored`,
            );
        }
      }
      return found;
    },
    /** As `faults`, of what does not pass: where a write showed late, the next pass says so. */
    async lastingFaults(options: { readonly mostWrites?: number } = {}): Promise<string[]> {
      let found = await self.faults(options);
      await self
        .until('nothing is wrong', async () => {
          found = await self.faults(options);
          return found.length === 0;
        })
        .catch(() => undefined);
      return found;
    },
    /** Writes by target, how many targets had so many: `1×20`. */
    writesByTarget(): string {
      const counts = Map.groupBy([...stored.values()], (prints) => prints.length);
      return [...counts]
        .sort(([a], [b]) => a - b)
        .map(([writes, each]) => `${writes}×${each.length}`)
        .join(' ');
    },
  };
  return self;
}

export type ReplicaPlace = Awaited<ReturnType<typeof replicaPlace>>;
