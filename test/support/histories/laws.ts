// The laws, judged by what the sandbox knows and by what was told, never by what the program believes:
// (a) a secret that Apple accepts is never replaced by one that it rejects, but by `--no-apple-check`;
// (b) no other field of a provider is lost without a word;
// (c) whenever logins fail for longer than the rules allow, somebody was told critically,
// (d) and no all-clear comes while they fail;
// (e) each intent has one truthful outcome;
// (f) nothing is written and no message sent again and again;
// (g) once the world is well again, so is the target, if need be after one `once --force`.
import { createHash } from 'node:crypto';
import { undocumented } from '../../../src/adapters/provider/documented.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Rotation } from '../../../src/core/records.ts';
import { DAY, HOUR } from '../../../src/core/time.ts';
import { whoOf } from '../alert-place.ts';
import { envOf, type Login, type Place } from './place.ts';

type Provider = JsonObject | undefined;

/** Who may be writing at the moment. */
export interface Actor {
  /** A person asked for it. */
  readonly requested: boolean;
  /** By `--no-apple-check`. */
  readonly waived: boolean;
  readonly isRival: boolean;
}

interface Told {
  readonly severity: string;
  readonly target: string | null;
  /** Those that a message about several named; none: it is about the service itself. */
  readonly targets: readonly { readonly name: string }[];
}

interface Item extends Told {
  readonly id: string;
  readonly cause: string;
  readonly status: string;
}

/** Whether it says something of a target. */
function concerns({ target, targets }: Told, name: string): boolean {
  return target === null ? targets.length === 0 || targets.some((each) => each.name === name) : target === name;
}

/** What is known of one target. */
interface Watched {
  /** What a login meets, and of which secret. */
  episode: string;
  /** Running time since which the program could have found out. */
  since: number;
  /** Fields that a write of the program changed: the path, and the value before. */
  readonly lost: Map<string, string>;
  /** Words that were told about the target since the last write that lost something. */
  said: string;
  /** A pass of it has ended in peace since that write. */
  isRead: boolean;
  /** Fingerprints of all secrets that it ever held. */
  readonly held: Set<string>;
  /** The secret that the program wrote last, while nothing that would hide this has happened. */
  standIn: string | undefined;
  writes: { readonly at: number; readonly requested: boolean }[];
  /** Open rows seen at the end of a step, and whether a pass has ended in peace since. */
  readonly open: Map<string, boolean>;
}

/** A write as it arrived, which may be long before it takes effect. */
interface Sent {
  readonly by: Actor;
  readonly over: Provider;
  readonly at: number;
}

/** A rotation and what restores after it, and once more because something outside is not as it was. */
const MOST_WRITES = 4;
/** The retries of a day by the table in schedule.ts, with what restores after some of them. */
const MOST_WRITES_WHILE_FAILING = 30;

export class Laws {
  readonly broken: string[] = [];
  actor: Actor = { requested: false, waived: false, isRival: false };
  /** The id of the key in the key source. */
  key: () => string = () => '';
  /** The program cannot be expected to find out what is true. */
  blind: () => boolean = () => false;
  /** It has no key that it could work with. */
  keyless: () => boolean = () => false;
  private readonly place: Place;
  private readonly asksApple: boolean;
  private readonly tickMs: number;
  private readonly targets = new Map<string, Watched>();
  private readonly rows = new Map<string, string>();
  private readonly told = new Map<string, Told>();
  private readonly lastGood = new Map<string, number>();
  private heard = 0;
  private liesSince = 0;
  private readonly note: (line: string) => void;

  constructor(
    place: Place,
    names: readonly string[],
    asksApple: boolean,
    tickMs: number,
    note: (line: string) => void,
  ) {
    this.place = place;
    this.asksApple = asksApple;
    this.tickMs = tickMs;
    this.note = note;
    for (const name of names)
      this.targets.set(name, {
        episode: '',
        since: 0,
        lost: new Map(),
        said: '',
        isRead: false,
        held: new Set(),
        standIn: undefined,
        writes: [],
        open: new Map(),
      });
    this.watchWrites();
  }

  /** No pass can be expected to finish what it begins. */
  private disturbed(): boolean {
    return this.blind() || this.keyless();
  }

  private break(law: string, what: string): void {
    const line = `law (${law}): ${what}`;
    if (this.broken.includes(line)) return;
    this.note(line);
    this.broken.push(line);
  }

  private watchWrites(): void {
    const { providers } = this.place.world;
    const write = providers.write.bind(providers);
    providers.write = (envId, id, change, lateMs) => {
      const sent: Sent = { by: this.actor, over: providers.get(envId, id), at: this.place.truth.now() };
      const name = [...this.targets.keys()].find((each) => envOf(each) === envId);
      const noted = (old: ReturnType<typeof providers.get>) => {
        const next = change(old);
        if (name !== undefined && next !== undefined) this.wrote(name, sent, old, next);
        return next;
      };
      if (name !== undefined) this.mayWrite(name);
      write(envId, id, noted, lateMs);
    };
  }

  /** (f) A write that is refused is none. */
  private mayWrite(name: string): void {
    const { writes } = this.watched(name);
    const now = this.place.truth.now();
    if (!this.actor.isRival) writes.push({ at: now, requested: this.actor.requested });
    const recent = writes.filter(({ at, requested }) => !requested && now - at < DAY);
    const isWell = this.place.login(name) === 'works';
    if (recent.length > (isWell ? MOST_WRITES : MOST_WRITES_WHILE_FAILING))
      this.break('f', `${name} was written again and again within a day though nobody asked for it`);
  }

  /** (a), and what (b) needs. */
  private wrote(name: string, sent: Sent, before: Provider, after: Provider): void {
    const actor = sent.by;
    const watched = this.watched(name);
    const { hiddenKeys, storeSecret } = this.place.world.behaviour;
    const [old, now] = [configOf(sent.over), configOf(after)];
    const [oldSecret, newSecret] = [textOf(old['ClientSecret']), textOf(now['ClientSecret'])];
    const clientId = textOf(old['ClientId']);
    watched.held.add(fingerprint(newSecret));
    const was = this.place.judge(oldSecret, clientId);
    const is = this.place.judge(newSecret, clientId);
    this.note(`        ${name} is written: ${shortened(oldSecret)} (${was}) becomes ${shortened(newSecret)} (${is})`);
    // What CloudBase damages when it stores it was good when it was sent.
    const isFault = was === 'works' && is !== 'works' && storeSecret === 'as-sent' && !actor.waived;
    if (isFault && !this.mayBelieve(newSecret, sent.at))
      this.break('a', `a good secret of ${name} was replaced by one that Apple rejects`);
    if (!actor.isRival) watched.standIn = newSecret;
    else watched.standIn = undefined;
    const changes = differences(before ?? {}, after ?? {});
    // What somebody changed after a write was sent, and before it took effect, nobody could have spared.
    for (const path of differences(sent.over ?? {}, before ?? {}).keys()) changes.delete(path);
    // What no read shows can be lost without anybody knowing.
    for (const hidden of undocumented(configOf(before), hiddenKeys))
      for (const path of changes.keys()) if (`${path}.`.startsWith(`Config.${hidden}.`)) changes.delete(path);
    // A rival tells its own people.
    if (actor.isRival) return;
    for (const [path, value] of changes) if (!watched.lost.has(path)) watched.lost.set(path, value);
    if (changes.size === 0) return;
    watched.said = '';
    watched.isRead = false;
  }

  /**
   * The rules let this secret be taken for a good one: Apple accepts everything since so lately that the last control need
   * not show it, or the identity was good so lately that its proof is not too old, and Apple does not say now that it is not.
   */
  private mayBelieve(secret: string, sentAt: number): boolean {
    if (this.place.world.behaviour.apple === 'invalid_grant' && this.liesForMs() < DAY) return true;
    const goodAt = this.lastGood.get(identityOf(secret));
    if (goodAt === undefined) return false;
    const since = sentAt - goodAt;
    return since < HOUR || (since < 7 * DAY && this.disturbed());
  }

  /** The history could not go on. */
  threw(error: unknown): void {
    this.break('f', error instanceof Error ? error.message : String(error));
  }

  /** From now on Apple accepts whatever it is shown. */
  lies(): void {
    this.liesSince = this.place.truth.now();
  }

  private liesForMs(): number {
    return this.place.truth.now() - this.liesSince;
  }

  /** What a revoked key was good for until now. */
  revoked(keyId: string): void {
    this.lastGood.set(keyId, this.place.truth.now());
  }

  /** Somebody else gives the provider this state. */
  intervened(name: string): void {
    const watched = this.watched(name);
    watched.lost.clear();
    watched.standIn = undefined;
    watched.writes = [];
    const secret = this.place.secret(name);
    if (secret !== undefined) watched.held.add(fingerprint(secret));
  }

  /** Something outside has changed: what was written before does not count, and what stood in does not any more. */
  unsettled(hidesSecrets: boolean): void {
    for (const watched of this.targets.values()) {
      watched.writes = [];
      if (hidesSecrets) watched.standIn = undefined;
    }
  }

  /** A process died with what only it knew to be open. */
  forgotAlerts(): void {
    this.told.clear();
  }

  /** The journal is lost, and with it what is open. */
  forgot(): void {
    this.forgotAlerts();
    this.rows.clear();
    for (const watched of this.targets.values()) {
      watched.open.clear();
      // What takes two readings to be known takes them anew.
      watched.since = this.place.truth.mono;
    }
    this.unsettled(true);
  }

  /** A pass of a target has ended. */
  passed(name: string, state: unknown): void {
    const watched = this.watched(name);
    watched.said += JSON.stringify(state);
    if (this.disturbed()) return;
    watched.isRead = true;
    for (const id of watched.open.keys()) watched.open.set(id, true);
  }

  /** Something was told over the log. */
  logged(event: unknown): void {
    for (const watched of this.targets.values()) watched.said += JSON.stringify(event);
  }

  /** Passes have ended and what they found was told: (c) and (d). */
  look(state: (name: string) => string | undefined): void {
    this.hear();
    for (const [name, watched] of this.targets) {
      const login = this.place.login(name);
      const episode = `${login} ${this.place.secret(name)}`;
      const now = this.place.truth.mono;
      if (episode !== watched.episode || this.blind() || !this.isKnowable(name, login)) watched.since = now;
      watched.episode = episode;
      this.fields(name, watched);
      if (login === 'works' || login === 'off') continue;
      const age = now - watched.since;
      if (age <= this.boundOf(name, login)) continue;
      const isTold = [...this.told.values()].some((told) => told.severity === 'critical' && concerns(told, name));
      const hours = Math.round(age / HOUR);
      if (!isTold)
        this.break('c, d', `logins of ${name} have failed (${login}) for ${hours} h and nothing critical is open`);
      if (state(name) === 'healthy') this.break('c', `${name} is said to be healthy while its logins fail (${login})`);
    }
  }

  /** (b) after a pass in peace. */
  private fields(name: string, watched: Watched): void {
    // A write that takes effect late is seen by the next pass alone.
    if (this.disturbed() || !watched.isRead) return;
    const differ = [...watched.lost].filter(
      ([path, value]) => valueAt(this.place.provider(name) ?? {}, path) !== value,
    );
    const now = new Map(differ);
    for (const path of [...watched.lost.keys()]) if (!now.has(path)) watched.lost.delete(path);
    for (const path of now.keys()) {
      const leaf = path.split('.').at(-1) ?? path;
      if (!watched.said.includes(leaf))
        this.break('b', `${path} of ${name} was changed by a write, and nobody was told`);
    }
  }

  /** (e) At the end of a step: every row that the journal has. */
  judgeRows(rows: readonly Rotation[]): void {
    for (const row of rows) {
      const watched = this.watched(row.target);
      const known = this.rows.get(row.id);
      if (known !== undefined && known !== row.outcome)
        this.break('e', `a row of ${row.target} changed from ${known} to ${row.outcome}`);
      if (row.outcome === null) {
        if (watched.open.get(row.id) === true)
          this.break('e', `a row of ${row.target} is still open after a pass in peace`);
        if (!watched.open.has(row.id)) watched.open.set(row.id, false);
        continue;
      }
      watched.open.delete(row.id);
      this.rows.set(row.id, row.outcome);
      if (row.outcome === 'succeeded' && !watched.held.has(row.fingerprint ?? ''))
        this.break('e', `a row of ${row.target} says that it succeeded, and its candidate was never stored`);
    }
  }

  /** (e) and (g) at the end, when the world has been well for a while. */
  judgeEnd(rows: readonly Rotation[], state: (name: string) => string | undefined): void {
    for (const name of this.targets.keys()) {
      const login = this.place.login(name);
      if (login !== 'works') this.break('g', `logins of ${name} still fail (${login}) in a world that is well again`);
      const found = state(name);
      if (found !== 'healthy') this.break('g', `${name} is ${found} in a world that is well again`);
      for (const [id, told] of this.told)
        if (told.severity === 'critical' && concerns(told, name))
          this.break('g', `${id} is still open in a world that is well again`);
      const print = fingerprint(this.place.secret(name) ?? '');
      const own = rows.filter((row) => row.fingerprint === print);
      if (own.length > 0 && !own.some(({ outcome }) => outcome === 'succeeded' || outcome === 'unverified'))
        this.break('e', `${name} holds the candidate of a row that ended ${own[0]?.outcome}, and no row settles it`);
    }
  }

  private isKnowable(name: string, login: Login): boolean {
    const { showSecret } = this.place.world.behaviour;
    if (login === 'gone') return true;
    // Whose secret it is does not matter to what can be read of it, and nobody asks Apple without a key.
    if (login === 'rejected' && this.keyless()) return false;
    // It may be a mask that shows the beginning: deployed.ts takes it for one.
    if (/^[\w-]+\.[\w-]+$/.test(this.place.secret(name) ?? '')) return false;
    // Where even what was put back does not show, CloudBase has begun to hide secrets for all that can be known.
    if (login === 'missing' && this.watched(name).standIn === (this.place.secret(name) ?? '')) return false;
    const stands = this.watched(name).standIn === this.place.secret(name);
    if (showSecret !== 'clear') return stands && (login === 'expired' || (login === 'rejected' && this.asksApple));
    return login !== 'rejected' || this.asksApple;
  }

  /** How long logins may fail before it is told, in running time. */
  private boundOf(name: string, login: Login): number {
    // Found at the next tick: an expiry can be read, and an absence twice.
    if (login === 'expired' || login === 'gone') return 2 * this.tickMs + HOUR;
    // Apple is asked about each key every 4 hours, and again 5 minutes after a first rejection.
    if (login === 'rejected' && identityOf(this.place.secret(name) ?? '') === this.key())
      return 2 * this.tickMs + 5 * HOUR;
    // It is asked about each deployed secret once a day; a due rotation that waits where nobody knows until when logins
    // work is critical after a day.
    return 2 * this.tickMs + 26 * HOUR;
  }

  private watched(name: string): Watched {
    const watched = this.targets.get(name);
    if (watched === undefined) throw new TypeError(`no target ${name}`);
    return watched;
  }

  /** Takes in the messages that have arrived. */
  private hear(): void {
    const { inbox } = this.place.world;
    for (const { name, body, refused } of inbox.slice(this.heard)) {
      if (name !== 'webhook-ops' || refused !== undefined) continue;
      for (const item of (body as unknown as { items: readonly Item[] }).items) {
        this.note(`        told: ${item.status} ${item.severity} ${item.cause} ${whoOf(item)}`);
        for (const [target, watched] of this.targets) if (concerns(item, target)) watched.said += JSON.stringify(item);
        if (item.status === 'cleared' || item.status === 'ended') this.told.delete(item.id);
        else if (item.status !== 'happened') this.told.set(item.id, item);
      }
    }
    this.heard = inbox.length;
  }
}

function configOf(provider: JsonObject | undefined): JsonObject {
  return (provider?.['Config'] ?? {}) as JsonObject;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function shortened(secret: string): string {
  return secret === '' ? 'nothing' : `${identityOf(secret) || 'a text'} ${fingerprint(secret).slice(0, 6)}`;
}

/** The key id that a secret names. */
export function identityOf(secret: string): string {
  try {
    const { kid } = JSON.parse(Buffer.from(secret.split('.')[0] ?? '', 'base64url').toString()) as { kid?: string };
    return kid ?? '';
  } catch {
    return '';
  }
}

/** Paths whose value differs, with the value before; the client secret is none. */
function differences(before: JsonObject, after: JsonObject): Map<string, string> {
  const [old, now] = [flat(before), flat(after)];
  const changed = new Map<string, string>();
  for (const path of new Set([...old.keys(), ...now.keys()]))
    if (path !== 'Config.ClientSecret' && old.get(path) !== now.get(path)) changed.set(path, old.get(path) ?? '');
  return changed;
}

function valueAt(provider: JsonObject, path: string): string {
  return flat(provider).get(path) ?? '';
}

/** Null is absent. */
function flat(value: JsonObject, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    const path = `${prefix}${key}`;
    if (typeof inner === 'object' && !Array.isArray(inner))
      for (const [deeper, text] of flat(inner as JsonObject, `${path}.`)) found.set(deeper, text);
    else found.set(path, JSON.stringify(inner));
  }
  return found;
}
