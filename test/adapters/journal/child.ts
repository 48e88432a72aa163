// A process of its own on a journal: prints `ready`, waits for a line, does one thing and says what came of it.
// Run by test/support/journal.ts as `child.ts ACTION PATH …`; what it needs is imported before it gives up any rights.
import { once } from 'node:events';
import { appendFileSync, statSync, writeSync } from 'node:fs';
import { backupJournal, openJournal } from '../../../src/adapters/journal/journal.ts';
import { acquireDaemonLock } from '../../../src/adapters/journal/lock.ts';
import { isPostgres, readPostgresUrl } from '../../../src/adapters/journal/place.ts';
import type { Story } from '../../../src/core/alerts/records.ts';
import { asRotatorError } from '../../../src/core/errors.ts';
import type { Rotation, TargetState } from '../../../src/core/records.ts';
import { realClock } from '../../support/clock.ts';
import { oneMore } from '../../support/fleet.ts';

const [action = '', path = '', ...args] = process.argv.slice(2);
const clock = realClock;
const who = { instance: 'first', pid: process.pid, host: 'here' };
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The file or the database at `path`. */
function place() {
  const database = isPostgres(path) ? readPostgresUrl(path) : { path };
  if (typeof database === 'string') throw new TypeError(`${path}: ${database}`);
  return database;
}

const open = (mode: 'read' | 'write' = 'write') => openJournal(place(), { mode, clock });

function dropRights(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
}

/** Returns in every process at about the same instant: each adds a byte and spins until all have. */
function meetOthers(file: string, parties: number): void {
  appendFileSync(file, '.');
  while (statSync(file).size < parties);
}

const ACTIONS: Readonly<Record<string, () => Promise<void>>> = {
  async leases() {
    const [token = '', count] = args;
    const journal = await open();
    const won: number[] = [];
    for (let i = 0; i < Number(count); i += 1) {
      if (await journal.acquireLease(`key-${i}`, token)) won.push(i);
    }
    say(JSON.stringify(won));
    await journal.close();
  },
  /** Takes its turn in a lane again and again, and notes when each begins and ends. */
  async turns() {
    const [token = '', times, log = ''] = args;
    const rank = { failedAt: null, urgent: false, requested: false, neededBy: 0 };
    const journal = await open();
    for (let i = 0; i < Number(times); i += 1) {
      while (!(await journal.takeTurn('lane', token, rank))) await new Promise((resolve) => setTimeout(resolve, 1));
      appendFileSync(log, `begin ${token}\n`);
      await new Promise((resolve) => setImmediate(resolve));
      appendFileSync(log, `end ${token}\n`);
      await journal.endTurn('lane', token);
    }
    await journal.close();
  },
  async count() {
    const [times] = args;
    const journal = await open();
    for (let i = 0; i < Number(times); i += 1) {
      await journal.updateFleet(oneMore);
    }
    await journal.close();
  },
  async alerts() {
    const [token = '', times, row = ''] = args;
    const like = JSON.parse(row) as Story;
    const journal = await open();
    for (let i = 0; i < Number(times); i += 1) {
      await journal.updateAlerts(({ memo }) => ({
        putStories: [{ ...like, id: `${token}-${i}` }],
        memo: { watchedSince: { count: (memo.watchedSince['count'] ?? 0) + 1 } },
      }));
    }
    await journal.close();
  },
  /** Commits until it is killed, and says the number of each commit: of the target's pass, and of its new rotation. */
  async commits() {
    const [target, rotation, first] = args.map((text) => JSON.parse(text)) as [TargetState, Rotation, number];
    const journal = await open();
    for (let i = first; ; i += 1) {
      const id = `${rotation.id.slice(0, -6)}${String(i).padStart(6, '0')}`;
      await journal.commit({ target: { ...target, lastPassAt: i }, rotation: { ...rotation, id } });
      say(String(i));
    }
  },
  async writeUntilTold() {
    const [target = ''] = args;
    const journal = await open();
    let told = false;
    process.stdin.once('data', () => {
      told = true;
    });
    for (let i = 0; !told; i += 1) {
      await journal.commit({ target: { ...(JSON.parse(target) as TargetState), lastPassAt: i } });
      await journal.updateFleet(oneMore);
      if (i === 0) say('writing');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.close();
  },
  /** Stops the whole process for 7 s while a transaction is open. */
  async standStill() {
    const journal = await open();
    await journal.updateFleet((fleet) => {
      writeSync(1, 'inside\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000);
      return oneMore(fleet);
    });
  },
  async lock() {
    acquireDaemonLock(path, who, clock.now());
    say('locked');
    await once(process, 'SIGTERM');
  },
  async lockAsNobody() {
    dropRights();
    acquireDaemonLock(path, who, clock.now());
  },
  async openAsNobody() {
    dropRights();
    const journal = await open();
    await journal.close();
  },
  async readAsNobody() {
    dropRights();
    const journal = await open('read');
    say(JSON.stringify((await journal.targets()).map(({ name }) => name)));
  },
  async backupAsNobody() {
    dropRights();
    await backupJournal({ path }, args[0] ?? '');
  },
  async openMany() {
    const [count, parties] = args.map(Number);
    for (let i = 0; i < (count ?? 0); i += 1) {
      meetOthers(`${path}.${i}.meeting`, parties ?? 0);
      const journal = await openJournal({ path: `${path}.${i}` }, { mode: 'write', clock });
      await journal.close();
    }
  },
};

say('ready');
await once(process.stdin, 'data');
try {
  await ACTIONS[action]?.();
  say('done');
} catch (error) {
  const { code, message, hint } = asRotatorError(error);
  say(JSON.stringify({ code, message, hint, uid: process.getuid?.() }));
}
process.exit();
