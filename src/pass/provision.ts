// `provision` on one target: looks, and makes the provider as the configuration wants it. A new one is created switched
// off, read back, repaired where discovery changed it, and switched on once Apple accepts its secret. Whatever ends it in
// between, the mark of an unfinished provider lets the next run go on. A secret that may be working is never replaced.
import { fingerprint, type MintedSecret, mintClientSecret, throwawayControl } from '../core/client-secret.ts';
import { type Deployed, isUseless, readDeployed } from '../core/deployed.ts';
import type { CallTrouble } from '../core/error-troubles.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import { identityId } from '../core/identity.ts';
import { type KeyMaterial, parseKeyMaterial } from '../core/key-material.ts';
import type { AppleCheck, Clock, KeySource, Provider, ProviderReading, ProviderSetup, Target } from '../core/ports.ts';
import type { ProviderView } from '../core/provider.ts';
import {
  newProvider,
  type ProviderWish,
  type ProvisionPlan,
  planProvision,
  type WishDifference,
  wishDifferences,
  wishOfDifferences,
} from '../core/provision.ts';
import { showsNothing } from '../core/shown-secret.ts';
import { verify } from './mint.ts';

export interface ProvisionTools {
  readonly clock: Clock;
  readonly keySource: KeySource;
  readonly provider: Provider;
  readonly setup: ProviderSetup;
  readonly apple: AppleCheck;
  readonly signal: AbortSignal;
  /** Hears of what cannot be undone, and of what takes time. */
  readonly tell: (step: ProvisionStep) => void;
}

export type ProvisionStep =
  | 'created'
  | 'changed'
  | 'reading-back'
  | 'repaired'
  | 'asking-apple'
  | 'switched-on'
  | 'finished';

/** What a look at a target has found. */
export interface Prospect {
  readonly target: Target;
  readonly key: KeyMaterial;
  readonly provider: ProviderView | undefined;
  readonly plan: ProvisionPlan;
  /** A client secret is made and sent. */
  readonly makesSecret: boolean;
  readonly skewMs: number;
}

/** How it ended, where nothing failed. */
export interface Provisioned {
  readonly provider: ProviderView;
  /** The secret does not show, so that Apple was asked about another one of the same key. */
  readonly isHidden: boolean;
}

/** Waits before the readings after a write, as after a rotation: nobody knows how soon a reading shows a write. */
const WAITS_MS = [0, 2_000, 3_000, 5_000] as const;

/** Reads the key and the provider, and says what is to be done. Writes nothing. */
export async function lookToProvision(target: Target, tools: ProvisionTools): Promise<Prospect> {
  const { text, origin, jsonKey } = await tools.keySource.read(tools.signal);
  const key = await parseKeyMaterial(text, target.ids, origin, jsonKey);
  const { provider, skewMs = 0 } = await readAlone(target, tools);
  const now = tools.clock.now() - skewMs;
  const deployed = provider === undefined ? undefined : await deployedIn(provider, key, now);
  const usable = deployed !== undefined && !isUseless(deployed, now);
  const plan = planProvision(target.stated, key, provider, usable);
  return { target, key, provider, plan, makesSecret: makesSecret(target, plan, deployed, key, now), skewMs };
}

/** Does what the look has found to be done. Throws what keeps it from its end. */
export async function provision(prospect: Prospect, tools: ProvisionTools): Promise<Provisioned> {
  const run = new Provisioning(prospect, tools);
  switch (prospect.plan.action) {
    case 'create':
      return run.finish(await run.create());
    case 'finish':
      return run.finish(await run.lookAgain());
    case 'complete':
      return run.complete(await run.lookAgain());
    case 'refuse': {
      const found = prospect.provider?.clientId ?? null;
      throw new RotatorError('ERR_CLIENT_ID_MISMATCH', { found, wanted: prospect.key.clientId });
    }
    case 'none':
      return { provider: await run.lookAgain(), isHidden: false };
  }
}

function readAlone({ envId, providerId }: Target, { provider, signal }: ProvisionTools): Promise<ProviderReading> {
  return provider.read(envId, providerId, { maxAgeMs: 0, signal });
}

function deployedIn({ secret, clientId }: ProviderView, key: KeyMaterial, now: number): Promise<Deployed> {
  return readDeployed(secret, { clientId, written: null, maybeWritten: null, key, acceptedSecret: null, now });
}

/** It shows, is of this very key and ids, and may work. */
function isOfKey(deployed: Deployed, key: KeyMaterial, now: number): boolean {
  return deployed.from === 'read' && deployed.identity === identityId(key) && !isUseless(deployed, now);
}

/**
 * A new provider needs a secret, and one that is switched on or whose Config is sent whole needs one where none shows.
 * What shows is never replaced but in a provider that this command has created and not finished.
 */
function makesSecret(
  target: Target,
  { action, differences, switchOn }: ProvisionPlan,
  deployed: Deployed | undefined,
  key: KeyMaterial,
  now: number,
): boolean {
  if (deployed === undefined) return true;
  if (action === 'finish') return !isOfKey(deployed, key, now);
  if (action !== 'complete' || !showsNothing(deployed.shown.shape)) return false;
  return switchOn || (target.write === 'whole' && differences.some(isInConfig));
}

const AT_THE_TOP: ReadonlySet<string> = new Set(['type', 'name', 'linkByEmail', 'linkByPhone', 'enabled']);

function isInConfig({ name }: WishDifference): boolean {
  return !AT_THE_TOP.has(name);
}

class Provisioning {
  private readonly prospect: Prospect;
  private readonly tools: ProvisionTools;
  private minted: MintedSecret | undefined;

  constructor(prospect: Prospect, tools: ProvisionTools) {
    this.prospect = prospect;
    this.tools = tools;
  }

  private get now(): number {
    return this.tools.clock.now() - this.prospect.skewMs;
  }

  /** Creates it. A creation that was refused or is unclear is settled by reading. */
  async create(): Promise<ProviderView> {
    const { target, key } = this.prospect;
    const { envId, providerId } = target;
    const wish = newProvider(target.stated, key.clientId);
    const { jwt } = await this.mint();
    let refusal: RotatorError | undefined;
    try {
      await this.tools.setup.create(envId, providerId, { wish, clientSecret: jwt }, this.tools.signal);
    } catch (thrown) {
      refusal = asRotatorError(thrown);
      if (!refusal.ambiguous && !refusal.remoteCode?.startsWith('ResourceInUse')) throw refusal;
    }
    const made = await this.readUntil((view) => view !== undefined);
    if (made === undefined) throw refusal ?? new RotatorError('ERR_PROVISION', { problem: 'not-shown', fields: [] });
    if (!made.isUnfinished) throw new RotatorError('ERR_PROVISION', { problem: 'meanwhile' });
    this.tools.tell('created');
    return made;
  }

  /** The provider as it is now, which is still as it was shown. */
  async lookAgain(): Promise<ProviderView> {
    const { target, provider: earlier } = this.prospect;
    const { provider } = await readAlone(target, this.tools);
    const isSame =
      provider !== undefined &&
      earlier !== undefined &&
      provider.fields.changesSince(earlier.fields).length === 0 &&
      // A mask may be another at each reading.
      (provider.secret.text === earlier.secret.text || earlier.secret.shape === 'masked');
    if (!isSame) throw new RotatorError('ERR_PROVISION', { problem: 'meanwhile' });
    return provider;
  }

  /** Brings a provider that this command has created to its end. */
  async finish(made: ProviderView): Promise<Provisioned> {
    const { target, key } = this.prospect;
    const wish = newProvider(target.stated, key.clientId);
    const off: ProviderWish = { ...wish, enabled: false };
    const kept = await deployedIn(made, key, this.now);
    const keeps = this.minted === undefined && isOfKey(kept, key, this.now);
    const jwt = keeps ? (made.secret.text ?? '') : (await this.mint()).jwt;
    // What an earlier run has sent is not known to this one.
    const isSent = keeps || this.prospect.plan.action === 'create';
    let view = isSent ? made : await this.sendSecret(made, off, jwt);
    for (const attempt of this.repairs(off, jwt)) {
      const differences = wishDifferences(off, view);
      if (differences.length === 0) break;
      view = await this.change(attempt(view, differences), view, (now) => wishDifferences(off, now).length === 0);
      this.tools.tell('repaired');
    }
    this.mustFit(off, view);
    if (!arrived(view, jwt)) throw new RotatorError('ERR_PROVISION', { problem: 'other-secret' });
    await this.mustBeAccepted(jwt);
    return { provider: await this.end(view, wish), isHidden: view.secret.shape !== 'clear' };
  }

  /** How an unfinished provider is repaired: what it lacks alone, or all of it, and then without what starts discovery. */
  private *repairs(off: ProviderWish, clientSecret: string) {
    type Attempt = (view: ProviderView, differences: readonly WishDifference[]) => ProviderSetupArguments;
    const { write: form } = this.prospect.target;
    const lacking: Attempt = (_, differences) => ({ wish: wishOfDifferences(differences), form: 'secret' });
    const { issuer: _, ...others } = off;
    const [whole, quiet]: Attempt[] = [
      () => ({ wish: off, form: 'whole', clientSecret }),
      () => ({ wish: others, form: 'secret', clientSecret }),
    ];
    yield* form === 'secret' || whole === undefined || quiet === undefined ? [lacking] : [whole, quiet];
  }

  /** Sends a secret of this run to a provider that an earlier run has left unfinished. */
  private async sendSecret(made: ProviderView, off: ProviderWish, jwt: string): Promise<ProviderView> {
    const { write: form } = this.prospect.target;
    const wish = form === 'whole' ? off : {};
    return this.change({ wish, form, clientSecret: jwt }, made, (now) => arrived(now, jwt));
  }

  /** Changes what differs of a provider of somebody else, and nothing else. */
  async complete(before: ProviderView): Promise<Provisioned> {
    const { target, plan } = this.prospect;
    const now = plan.differences.filter(({ name }) => !(name === 'enabled' && plan.switchOn));
    const jwt = this.prospect.makesSecret ? (await this.mint()).jwt : undefined;
    // Nothing shows that what is there is any worse, so that it gives way to a proven one alone.
    if (jwt !== undefined) await this.mustBeAccepted(jwt);
    let view = before;
    if (now.length > 0 || jwt !== undefined) {
      const sendsConfig = now.some(isInConfig) || jwt !== undefined;
      if (sendsConfig && target.write === 'whole') mustRoundTrip(before, jwt !== undefined);
      const wish = wishOfDifferences(now);
      const change: ProviderSetupArguments = { wish, form: target.write, clientSecret: jwt };
      view = await this.change(change, before, (found) => wishDifferences(wish, found).length === 0);
      view = await this.restore(before, view, wish, jwt);
      this.mustFit(wish, view);
    }
    if (!plan.switchOn) return { provider: view, isHidden: false };
    const isHidden = view.secret.shape !== 'clear';
    if (jwt === undefined) await this.mustBeAccepted(isHidden ? (await this.mint()).jwt : (view.secret.text ?? ''));
    return { provider: await this.end(view, { enabled: true }), isHidden };
  }

  /** Puts back what our own write has changed beside what it was to change. */
  private async restore(
    before: ProviderView,
    after: ProviderView,
    wish: ProviderWish,
    clientSecret: string | undefined,
  ): Promise<ProviderView> {
    const { otherChanges } = this.tools.setup;
    const harmed = (view: ProviderView) => otherChanges(before.fields, view.fields, wish);
    const secret = clientSecret ?? (before.secret.shape === 'clear' ? (before.secret.text ?? undefined) : undefined);
    // One that showed in clear is lost where it does not.
    const hasSecret = (view: ProviderView) =>
      secret === undefined || (before.secret.shape === 'clear' ? view.secret.text === secret : arrived(view, secret));
    const isWhole = (view: ProviderView) => harmed(view).length === 0 && hasSecret(view);
    const inConfig = wishOfDifferences(wishDifferences(wish, undefined).filter(isInConfig));
    let view = after;
    // Twice: an issuer that was lost and comes back is discovered again.
    for (let round = 0; round < 2 && !isWhole(view); round += 1) {
      const fields = view.fields.withRestored(before.fields, harmed(view));
      view = await this.change({ wish: inConfig, form: 'whole', clientSecret: secret }, { ...view, fields }, isWhole);
      this.tools.tell('repaired');
    }
    if (!isWhole(view)) throw new RotatorError('ERR_PROVISION', { problem: 'harmed', fields: [...harmed(view)] });
    return view;
  }

  /** The last write: it comes after Apple's word alone. */
  private async end(view: ProviderView, { enabled }: ProviderWish): Promise<ProviderView> {
    const wish = enabled === true ? { enabled } : {};
    const change: ProviderSetupArguments = { wish, form: 'secret', finishes: view.isUnfinished };
    const fits = (now: ProviderView) => !now.isUnfinished && wishDifferences(wish, now).length === 0;
    const ended = await this.change(change, view, fits);
    if (!fits(ended)) throw new RotatorError('ERR_PROVISION', { problem: 'not-shown', fields: ['enabled'] });
    this.tools.tell(enabled === true ? 'switched-on' : 'finished');
    return ended;
  }

  /** Writes, and reads until what it shows `fits`; the last reading, if none does. A write that is unclear is settled by it. */
  private async change(
    { wish, form, clientSecret, finishes = false }: ProviderSetupArguments,
    { fields: from }: ProviderView,
    fits: (view: ProviderView) => boolean,
  ): Promise<ProviderView> {
    const { envId, providerId } = this.prospect.target;
    let unclear: RotatorError | undefined;
    try {
      const change = { wish, from, form, finishes, ...(clientSecret === undefined ? {} : { clientSecret }) };
      await this.tools.setup.change(envId, providerId, change, this.tools.signal);
      this.tools.tell('changed');
    } catch (thrown) {
      unclear = asRotatorError(thrown);
      if (!unclear.ambiguous) throw unclear;
    }
    const view = await this.readUntil((found) => found !== undefined && fits(found));
    if (view === undefined) throw new RotatorError('ERR_PROVIDER_NOT_FOUND', { problem: 'deleted', envId, providerId });
    if (unclear !== undefined && !fits(view)) throw unclear;
    return view;
  }

  private async readUntil(fits: (view: ProviderView | undefined) => boolean): Promise<ProviderView | undefined> {
    const { target } = this.prospect;
    let last: ProviderView | undefined;
    let error: unknown;
    for (const wait of WAITS_MS) {
      if (wait > 0) this.tools.tell('reading-back');
      await this.tools.clock.sleep(wait, this.tools.signal);
      try {
        last = (await readAlone(target, this.tools)).provider;
        error = undefined;
      } catch (thrown) {
        error = thrown;
        continue;
      }
      if (fits(last)) return last;
    }
    if (error !== undefined) throw error;
    return last;
  }

  private mustFit(wish: ProviderWish, view: ProviderView): void {
    const fields = wishDifferences(wish, view).map(({ name }) => name);
    if (fields.length > 0) throw new RotatorError('ERR_PROVISION', { problem: 'not-shown', fields });
  }

  /** The secret that this run makes, checked as Apple would. */
  private async mint(): Promise<MintedSecret> {
    const { key, target } = this.prospect;
    if (this.minted !== undefined) return this.minted;
    const { now } = this;
    const minted = await mintClientSecret(key, { nowMs: now, lifetimeMs: target.policy.lifetimeMs });
    await verify(key, minted, now);
    this.minted = minted;
    return minted;
  }

  /** Throws unless Apple accepts the secret and rejects the same claims with a throwaway signature. */
  private async mustBeAccepted(clientSecret: string): Promise<void> {
    const { target, key } = this.prospect;
    const { apple, signal } = this.tools;
    if (target.appleCheck === 'off') throw refused('not-asked', null);
    this.tools.tell('asking-apple');
    const ask = (secret: string) => apple.ask({ clientId: key.clientId, clientSecret: secret, signal });
    const control = await ask(await throwawayControl(clientSecret));
    if (control.verdict === 'unknown') throw refused('unanswered', control.detail);
    if (control.verdict === 'accepted') throw refused('accepts-all', null);
    const first = await ask(clientSecret);
    // Apple rejects good ones now and then.
    const { verdict, detail } = first.verdict === 'rejected' ? await ask(clientSecret) : first;
    if (verdict !== 'accepted') throw refused(verdict === 'rejected' ? 'rejected' : 'unanswered', detail);
  }
}

type ProviderSetupArguments = Omit<Parameters<ProviderSetup['change']>[2], 'from'>;

function refused(
  why: 'rejected' | 'unanswered' | 'accepts-all' | 'not-asked',
  detail: CallTrouble | null,
): RotatorError {
  return new RotatorError('ERR_PROVISION', { problem: 'left-off', why, detail });
}

/** A secret that does not show may have arrived. */
function arrived({ secret: { shape, text } }: ProviderView, jwt: string): boolean {
  if (shape === 'clear') return text === jwt;
  if (shape === 'digest') return text === fingerprint(jwt);
  // In quotes, or with white space around it.
  return !(text ?? '').includes(jwt);
}

/** The whole Config is sent back as it shows, so it must be fit to go back, and must show the secret. */
function mustRoundTrip({ fields, secret }: ProviderView, makesSecret: boolean): void {
  const unfit = fields.obstacles([]);
  if (unfit.length > 0) throw new RotatorError('ERR_PROVIDER_NOT_ROUNDTRIPPABLE', { problem: 'unsafe', fields: unfit });
  if (!makesSecret && secret.shape !== 'clear') throw new RotatorError('ERR_PROVISION', { problem: 'secret-hidden' });
}
