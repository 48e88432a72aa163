// Plays a history against the real program, and says which laws it broke.
import { rmSync } from 'node:fs';
import type { Config } from '../../../src/config/resolve.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { TargetState } from '../../../src/core/records.ts';
import { targetKey } from '../../../src/core/records.ts';
import { HOUR, MINUTE } from '../../../src/core/time.ts';
import { defaultBehaviour } from '../../../src/sandbox/behaviour.ts';
import { fullProvider, IDS } from '../pass-rig.ts';
import { Laws, shortened } from './laws.ts';
import { holdJournal, Life, type Listener, runOnce, TICK_MS } from './life.ts';
import { envOf, NAMES, type Place } from './place.ts';
import { CALLS, describe, type History, type Step, TROUBLES } from './steps.ts';

export interface Verdict {
  /** The laws that were broken; none: all is well. */
  readonly broken: readonly string[];
  /** What happened, a line each. */
  readonly lines: readonly string[];
}

/** A hanging call costs real time: only where a history has one is the limit this short. */
const HANGS_MS = 600;
const NORMAL_MS = 5_000;

export async function play(place: Place, history: History): Promise<Verdict> {
  const player = new Player(place, history);
  try {
    await player.play();
  } catch (error) {
    player.laws.threw(error);
  } finally {
    await player.close();
  }
  return { broken: player.laws.broken, lines: player.lines };
}

class Player {
  readonly lines: string[] = [];
  readonly laws: Laws;
  private readonly place: Place;
  private readonly history: History;
  private readonly names: readonly string[];
  private readonly states = new Map<string, TargetState>();
  private readonly listener: Listener;
  private config: Config | undefined;
  private life: Life | undefined;
  private release: (() => void) | undefined;
  /** Drops what an administrator was about to do. */
  private forget: () => void = () => undefined;
  private journals = 0;
  private keys = 0;
  /** The key in the key source, if it is a right one. */
  private rightKey = { keyId: IDS.keyId, privateKey: '' };
  private isReadable = true;
  /** What the key source says the id of its key is. */
  private keyId: string = IDS.keyId;

  constructor(place: Place, history: History) {
    const { beginning } = history;
    place.clear();
    this.place = place;
    this.history = history;
    this.names = NAMES.slice(0, beginning.targets);
    const note = (line: string) => void this.lines.push(line);
    this.laws = new Laws(place, this.names, beginning.check !== 'off', TICK_MS[beginning.cron], note);
    this.laws.blind = () => this.isBlind();
    this.laws.keyless = () => !this.isReadable;
    this.laws.key = () => this.keyId;
    this.listener = {
      onEvent: (event) => {
        if (event.event === 'rotation.step') return;
        if (process.env['CAMPAIGN_LOG'] !== undefined) note(`          ${JSON.stringify(event).slice(0, 300)}`);
        this.laws.logged(event);
      },
      onPass: (name, result) => {
        const { state, outcome, waitsFor } = result;
        this.states.set(name, state);
        const why = state.error?.code ?? waitsFor?.code ?? '';
        note(
          `      ${this.time()} pass of ${name}: ${[state.state, state.reason, outcome, why].filter(Boolean).join(' ')}`,
        );
        this.laws.passed(name, state);
      },
      onSettled: async () => this.look(),
    };
  }

  async play(): Promise<void> {
    await this.begin();
    for (const [index, step] of this.history.steps.entries()) {
      this.lines.push(`${String(index + 1).padStart(4)} ${this.time()} ${describe(step)}`);
      await this.carryOut(step);
      await this.life?.look();
      await this.judgeRows();
      if (this.laws.broken.length > 0) return;
    }
    await this.end();
  }

  async close(): Promise<void> {
    await this.kill();
    this.release?.();
    for (const ending of ['', '-wal', '-shm', '.lock', '.lock.json'])
      if (this.config !== undefined) rmSync(`${this.config.journal.path}${ending}`, { force: true });
  }

  /** Where Apple is not asked, whoever asks for a rotation answers for the key. */
  private get asksNobody(): boolean {
    return this.history.beginning.check === 'off';
  }

  private time(): string {
    return new Date(this.place.truth.now()).toISOString().slice(0, 16);
  }

  private async begin(): Promise<void> {
    const { place, laws } = this;
    const { daysLeft, secret, cloudbase } = this.history.beginning;
    this.useRightKey(IDS.keyId);
    const other = this.newKeyId();
    place.makeKey(other);
    for (const name of this.names) {
      place.put(
        name,
        secret === 'none' ? undefined : place.mint(secret === 'of our key' ? IDS.keyId : other, daysLeft),
      );
      laws.intervened(name);
    }
    Object.assign(place.world.behaviour, cloudbase);
    this.lines.push(`     beginning: ${JSON.stringify(this.history.beginning)}`);
    await this.start();
  }

  private async start(): Promise<void> {
    const { targets, check, cron, write, loginCheck } = this.history.beginning;
    const hangs = this.history.steps.some((step) => step.do === 'trouble' && step.how === 'hangs');
    const setting = { targets, check, cron, timeoutMs: hangs ? HANGS_MS : NORMAL_MS, cloudbase: { write, loginCheck } };
    this.config = await this.place.config(setting, 'ours', this.journals);
    this.life = await Life.start(this.place, this.config, this.listener);
    await this.life.settle();
  }

  private async kill(): Promise<void> {
    if (this.life?.journal.degraded !== undefined) this.laws.forgotAlerts();
    await this.life?.kill(this.release !== undefined);
  }

  private async restart(downMs: number): Promise<void> {
    await this.kill();
    this.place.truth.wall += downMs;
    // A journal that is still held at a start is held by another process for a moment only.
    await this.start();
  }

  private async carryOut(step: Step): Promise<void> {
    const { place, laws } = this;
    const { world } = place;
    if (step.do !== 'wait') laws.unsettled(false);
    switch (step.do) {
      case 'wait':
        return this.wait(step.ms);
      case 'off':
        return this.restart(step.ms);
      case 'once':
        return this.once({ force: step.force, waive: step.waive });
      case 'request':
        return this.request();
      case 'rival':
        return this.rival(step.force);
      case 'kill':
        this.life?.armKill(step.at);
        await (step.during === 'request' ? this.request() : this.wait(7 * HOUR));
        if (this.life?.dead === true) await this.restart(MINUTE);
        this.life?.disarm();
        return;
      case 'trouble': {
        const call = CALLS[step.call];
        // Only the limit of calls to CloudBase's API can be set; the others are too long to wait for.
        const how = call.service !== 'tcb' && step.how === 'hangs' ? 'is cut off before it arrives' : step.how;
        const times = how === 'hangs' ? Math.min(step.times, 2) : step.times;
        world.faults.add({ ...call, times, ...TROUBLES[how] });
        return;
      }
      case 'calm':
        return world.faults.clear();
      case 'cloudbase':
        Object.assign(world.behaviour, step.becomes);
        return laws.unsettled(true);
      case 'apple':
        if (step.becomes === 'invalid_grant' && world.behaviour.apple !== 'invalid_grant') laws.lies();
        world.behaviour.apple = step.becomes;
        return;
      case 'revoke':
        world.appleKeys.revoke(this.rightKey.keyId);
        return laws.revoked(this.rightKey.keyId);
      case 'key':
        return this.putKey(step.how);
      case 'admin':
        return this.administer(this.names[step.target % this.names.length] ?? 'shop', step.deed);
      case 'meanwhile': {
        let left = step.reads;
        this.forget();
        this.forget = world.requests.before('tcb', 'GetProviders', () => {
          left -= 1;
          if (left > 0) return;
          this.forget();
          this.lines.push(`        meanwhile an administrator ${step.deed}`);
          this.administer(this.names[0] ?? 'shop', step.deed);
        });
        return;
      }
      case 'clock':
        place.clock.offMs = step.offMs;
        return;
      case 'journal':
        return this.journal(step.becomes);
    }
  }

  private async wait(ms: number): Promise<void> {
    const { life, place } = this;
    const end = place.truth.wall + ms;
    await life?.wait(ms);
    // It died on the way: whoever supervises it starts it again.
    if (life?.dead === true) await this.restart(Math.max(0, Math.min(MINUTE, end - place.truth.wall)));
  }

  private async once({ force, waive }: { force: boolean; waive: boolean }): Promise<void> {
    if (this.release !== undefined || this.config === undefined) return;
    this.laws.actor = { requested: force, waived: waive || (force && this.asksNobody), isRival: false };
    await runOnce(this.place, this.config, this.listener, { force, appleCheck: !waive });
    this.laws.actor = { requested: false, waived: false, isRival: false };
  }

  private async request(): Promise<void> {
    this.laws.actor = { requested: true, waived: this.asksNobody, isRival: false };
    await this.life?.request(targetKey(this.config?.targets[0] ?? { endpoint: '', envId: '', providerId: '' }));
    this.laws.actor = { requested: false, waived: false, isRival: false };
  }

  private async rival(force: boolean): Promise<void> {
    const { targets, check, cron } = this.history.beginning;
    const config = await this.place.config({ targets, check, cron, timeoutMs: NORMAL_MS }, 'other', 0);
    const silent: Config = { ...config, alerts: { ...config.alerts, channels: [] } };
    const nobody: Listener = { onEvent: () => undefined, onPass: () => undefined, onSettled: async () => undefined };
    this.laws.actor = { requested: force, waived: force && this.asksNobody, isRival: true };
    await runOnce(this.place, silent, nobody, { force });
    this.laws.actor = { requested: false, waived: false, isRival: false };
  }

  private newKeyId(): string {
    this.keys += 1;
    return `KEY${String(this.keys).padStart(7, 'B')}`;
  }

  private useRightKey(keyId: string): void {
    this.rightKey = { keyId, privateKey: this.place.makeKey(keyId) };
    this.putKeyAs(this.rightKey.privateKey, keyId);
    this.isReadable = true;
  }

  private putKeyAs(privateKey: string, keyId: string, teamId?: string): void {
    this.keyId = keyId;
    this.place.putKey(privateKey, keyId, teamId);
  }

  private putKey(how: Extract<Step, { do: 'key' }>['how']): void {
    const { place, rightKey } = this;
    this.isReadable = true;
    switch (how) {
      case 'is the right one':
        this.putKeyAs(rightKey.privateKey, rightKey.keyId);
        return;
      case 'is a new one that Apple knows':
        this.useRightKey(this.newKeyId());
        return;
      case 'has a mistyped key id':
        this.putKeyAs(rightKey.privateKey, 'KEYTYPO001');
        return;
      case 'has a mistyped team id':
        this.putKeyAs(rightKey.privateKey, rightKey.keyId, 'TEAMTYPO01');
        return;
      case 'is of another key under this key id':
        this.putKeyAs(place.makeKey(this.newKeyId()), rightKey.keyId);
        return;
      case 'cannot be read':
        rmSync(place.keyFile, { force: true });
        this.isReadable = false;
        return;
      case 'is no key':
        place.putKeyText('{"privateKey": "none"}');
        this.isReadable = false;
    }
  }

  private administer(name: string, deed: Extract<Step, { do: 'admin' }>['deed']): void {
    const { place, rightKey, laws } = this;
    const { world } = place;
    const paste = (secret: string) => {
      if (place.provider(name) !== undefined) world.patchConfig(envOf(name), 'apple', { ClientSecret: secret });
    };
    const top = (change: JsonObject) => {
      const provider = place.provider(name);
      if (provider !== undefined) world.providers.put(envOf(name), { ...provider, ...change });
    };
    const another = () => {
      const keyId = this.newKeyId();
      place.makeKey(keyId);
      return keyId;
    };
    switch (deed) {
      case 'pastes a good secret of the same key':
        paste(place.mint(rightKey.keyId, 150));
        break;
      case 'pastes a good secret of another key':
        paste(place.mint(another(), 150));
        break;
      case 'pastes a secret of a revoked key': {
        const keyId = another();
        world.appleKeys.revoke(keyId);
        paste(place.mint(keyId, 150));
        break;
      }
      case 'pastes an expired secret':
        paste(place.mint(rightKey.keyId, -1));
        break;
      case 'pastes a text that is no secret':
        paste('correct horse battery staple');
        break;
      case 'pastes a secret for another app': {
        const expiresInSeconds = 150 * 86_400;
        paste(world.mintSecret({ keyId: rightKey.keyId, clientId: 'com.example.other', expiresInSeconds }));
        break;
      }
      case 'saves the form with no secret':
        paste('');
        break;
      case 'changes the scope':
        if (place.provider(name) !== undefined)
          world.patchConfig(envOf(name), 'apple', { Scope: `openid ${this.keys}` });
        break;
      case 'changes the client id':
        if (place.provider(name) !== undefined)
          world.patchConfig(envOf(name), 'apple', { ClientId: 'com.example.changed' });
        break;
      case 'switches it off':
        top({ On: 'FALSE' });
        break;
      case 'switches it on':
        top({ On: 'TRUE' });
        break;
      case 'deletes it':
        world.providers.delete(envOf(name), 'apple');
        break;
      case 'makes it anew with a good secret':
        place.put(name, place.mint(rightKey.keyId, 150));
        break;
      case 'deletes the environment':
        world.providers.deleteEnvironment(envOf(name));
    }
    laws.intervened(name);
    this.lines.push(`        ${name} holds ${shortened(place.secret(name) ?? '')} (${place.login(name)})`);
  }

  private async journal(becomes: 'held' | 'free' | 'lost'): Promise<void> {
    if (becomes === 'held') {
      if (this.config !== undefined && this.life?.journal.degraded === undefined)
        this.release ??= holdJournal(this.config);
      return;
    }
    this.release?.();
    this.release = undefined;
    if (becomes === 'free') return;
    await this.kill();
    this.journals += 1;
    this.laws.forgot();
    await this.start();
  }

  private isBlind(): boolean {
    const { world, clock } = this.place;
    const { apple, dateOffsetSeconds } = world.behaviour;
    const isWell = apple === 'real' && dateOffsetSeconds === 0 && clock.offMs === 0;
    return !isWell || this.release !== undefined || world.faults.list().length > 0;
  }

  private look(): void {
    this.laws.look((name) => this.states.get(name)?.state);
  }

  private async judgeRows(): Promise<void> {
    this.look();
    if (this.life === undefined) return;
    this.laws.judgeRows(await this.life.journal.rotations({ limit: 100 }));
  }

  /** The world becomes well again, and somebody does what a person can do. */
  private async end(): Promise<void> {
    const { place, laws } = this;
    this.lines.push(`     ${this.time()} the world is well again`);
    this.forget();
    place.world.faults.clear();
    Object.assign(place.world.behaviour, defaultBehaviour());
    place.clock.offMs = 0;
    await this.journal('free');
    this.useRightKey(this.newKeyId());
    for (const name of this.names) {
      const provider = place.provider(name);
      const secret = place.secret(name);
      if (provider === undefined) place.put(name, place.mint(this.rightKey.keyId, 150));
      else place.world.providers.put(envOf(name), { ...fullProvider(secret) });
      laws.intervened(name);
    }
    laws.unsettled(true);
    await this.wait(3 * HOUR);
    await this.judgeRows();
    this.lines.push(`     ${this.time()} once --force`);
    await this.once({ force: true, waive: false });
    await this.wait(26 * HOUR);
    await this.life?.look();
    await this.judgeRows();
    const rows = (await this.life?.journal.rotations({ limit: 100 })) ?? [];
    laws.judgeEnd(rows, (name) => this.states.get(name)?.state);
  }
}
