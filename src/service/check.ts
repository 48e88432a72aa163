// `check`: tries every part of a configuration and writes nothing, neither at a provider nor in the journal. What is
// learnt meanwhile stays in a copy of the journal's record that goes with the process. What several targets share is
// asked once: a key source, an environment, whose credentials these are, Apple about one key.
import { createServer } from 'node:net';
import { inspectPlace, openJournal, openMemoryJournal } from '../adapters/journal/journal.ts';
import { onceLeases } from '../adapters/journal/process-name.ts';
import { callerIdentity } from '../adapters/tencent/credentials/identity.ts';
import { HEARTBEAT_TIMEOUT_MS } from '../alerts/heartbeat.ts';
import type { LoadedConfig } from '../config/load.ts';
import { mustReachSomebody } from '../config/recipients.ts';
import type { Config, TargetConfig } from '../config/resolve.ts';
import { stsEndpointOf } from '../config/sites.ts';
import type { CheckFact, CheckLine, CheckPart, Mark } from '../core/check.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import { identityId } from '../core/identity.ts';
import type { Journal } from '../core/journal-ports.ts';
import type { KeyMaterial } from '../core/key-material.ts';
import type { AppleCheck, Channel, Clock, KeySource } from '../core/ports.ts';
import type { FleetState } from '../core/records.ts';
import { Sweeper } from '../daemon/sweep.ts';
import { reach } from '../net/reach.ts';
import type { SharedCandidates } from '../pass/ask-apple.ts';
import type { Questions, Tried } from '../pass/examine.ts';
import { type TriedCredentials, targetLines } from './check-target.ts';
import { requestOf, sweepTools } from './once.ts';
import { counting, type OnProgress } from './progress.ts';
import { mustExist, selected } from './select.ts';
import type { ServiceTools } from './tools.ts';
import { configurationWarnings } from './warnings.ts';
import { channelsOf } from './wire-alerts.ts';
import { type WiredEntry, wireTargets } from './wire-targets.ts';

export interface CheckOptions {
  readonly target: readonly string[];
  readonly stop: AbortSignal;
  /** Sends a test message over a channel and resolves to its answer; undefined: channels are reached, and nothing is sent. */
  readonly sendTest: ((channel: Channel) => Promise<string>) | undefined;
  readonly onProgress: OnProgress;
}

/**
 * Questions to Apple, and to the login interface, each at one a second: with more, a check of a fleet would take
 * minutes; with fewer, a dozen apps with keys of their own could not be checked in one go.
 */
const MOST_QUESTIONS = 20;
/** Less than this, and a copy of the journal before an update may not fit any more. */
const ENOUGH_BYTES = 100_000_000;
/** Less than this, and the journal itself may not be written in the coming weeks. */
const LEAST_BYTES = 10_000_000;

/** Tries everything. Throws ERR_USAGE for a name that no target has. */
export async function checkEverything(
  loaded: LoadedConfig,
  tools: ServiceTools,
  options: CheckOptions,
): Promise<CheckLine[]> {
  const { config } = loaded;
  mustExist(config, options.target);
  const ofService = Promise.all([
    configurationLines(loaded),
    httpLines(config, tools.clock),
    ...channelsOf(config, tools, true).map((channel) => channelLines(channel, options)),
    heartbeatLines(config, tools, options.stop),
  ]);
  const opened = await tried(() => openJournal(config.journal, { mode: 'read', clock: tools.clock }));
  const journal = 'value' in opened ? opened.value : openMemoryJournal(tools.clock);
  try {
    const ofTargets = await checkTargets(config, journal, tools, options);
    const [configuration = [], http = [], ...others] = await ofService;
    return [
      ...configuration,
      ...http,
      ...(await journalLines(config, opened, tools.clock)),
      ...others.flat(),
      ...ofTargets,
    ];
  } finally {
    await journal.close();
  }
}

async function tried<T>(work: () => Promise<T> | T): Promise<Tried<T>> {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: asRotatorError(thrown) };
  }
}

// ---- the service

function line(part: CheckPart, mark: Mark, fact: CheckFact): CheckLine {
  return { target: null, part, mark, fact };
}

function errorLine(part: CheckPart, { stored: error }: RotatorError, mark: Mark = 'failed'): CheckLine {
  return line(part, mark, { found: 'error', error });
}

/** What `run` would refuse of the configuration, and what it would warn of. */
async function configurationLines(loaded: LoadedConfig): Promise<CheckLine[]> {
  const { config, file = null } = loaded;
  const { channels, noneAccepted } = config.alerts;
  const heard = await tried(() => mustReachSomebody(loaded));
  const recipients =
    'error' in heard
      ? errorLine('alerts', heard.error)
      : noneAccepted && channels.length === 0
        ? line('alerts', 'warning', { found: 'nobody' })
        : line('alerts', 'ok', { found: 'recipients', channels: channels.length });
  return [
    line('configuration', 'ok', { found: 'configuration', file, targets: config.targets.length }),
    ...configurationWarnings(loaded).map((warning) => errorLine('configuration', warning, 'warning')),
    recipients,
  ];
}

/** Listens for a moment; a daemon that has the place is no trouble. */
async function httpLines({ http: { host, port }, journal }: Config, clock: Clock): Promise<CheckLine[]> {
  const code = await listenFailure(host, port);
  if (code === undefined) return [line('http', 'ok', { found: 'listens', host, port })];
  const place = await tried(() => inspectPlace(journal, clock));
  const daemon = 'value' in place ? place.value.daemon : null;
  if (code === 'EADDRINUSE' && daemon !== null) return [line('http', 'ok', { found: 'daemon', ...daemon })];
  return [errorLine('http', new RotatorError('ERR_CONFIG', { problem: 'http-listen', host, port, code }))];
}

function listenFailure(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'ERROR'));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function journalLines({ journal: place }: Config, opened: Tried<Journal>, clock: Clock): Promise<CheckLine[]> {
  if ('error' in opened) return [errorLine('journal', opened.error)];
  const { path } = place;
  try {
    const { exists, doubts, freeBytes: bytes } = await inspectPlace(place, clock);
    return [
      line('journal', 'ok', { found: 'journal', path, exists }),
      ...doubts.map((doubt) => errorLine('journal', doubt, 'warning')),
      ...(bytes === undefined ? [] : [spaceLine(path, bytes)]),
    ];
  } catch (thrown) {
    return [errorLine('journal', asRotatorError(thrown))];
  }
}

/** Free space as a line. */
export function spaceLine(path: string, bytes: number): CheckLine {
  if (bytes >= ENOUGH_BYTES) return line('space', 'ok', { found: 'space', bytes, path });
  return line('space', bytes < LEAST_BYTES ? 'failed' : 'warning', { found: 'little-space', bytes, path });
}

async function channelLines(channel: Channel, { stop, sendTest }: CheckOptions): Promise<CheckLine[]> {
  const { name, type } = channel;
  try {
    if (sendTest !== undefined)
      return [line('channel', 'ok', { found: 'sent', name, type, detail: await sendTest(channel) })];
    await channel.reach(stop);
    return [line('channel', 'ok', { found: 'reached', name, type })];
  } catch (thrown) {
    return [errorLine('channel', asRotatorError(thrown))];
  }
}

async function heartbeatLines(
  { heartbeat: { url, healthUrl } }: Config,
  tools: ServiceTools,
  stop: AbortSignal,
): Promise<CheckLine[]> {
  const call = { env: tools.env, timeoutMs: HEARTBEAT_TIMEOUT_MS, signal: stop };
  const places = Object.entries({ 'heartbeat.url': url, 'heartbeat.healthUrl': healthUrl });
  const found = places.map(async ([name, each]): Promise<CheckLine[]> => {
    if (each === undefined) return [];
    const trouble = await tried(() => reach(each, call));
    if ('error' in trouble) return [errorLine('heartbeat', trouble.error)];
    const type = 'heartbeat';
    if (trouble.value === undefined) return [line('heartbeat', 'ok', { found: 'reached', name, type })];
    return [
      errorLine('heartbeat', new RotatorError('ERR_CHANNEL_UNAVAILABLE', { channel: name, type, ...trouble.value })),
    ];
  });
  return (await Promise.all(found)).flat();
}

// ---- the targets

async function checkTargets(
  config: Config,
  journal: Journal,
  tools: ServiceTools,
  { target: names, stop, onProgress }: CheckOptions,
): Promise<CheckLine[]> {
  // What a pass tells of its steps is told here as findings.
  const all = wireTargets(config, { ...tools, emit: () => undefined, leaseHolder: onceLeases() });
  const wired = selected(all, names).map(askingOnce());
  const settings = new Map(config.targets.map((entry) => [entry.name, entry]));
  const sweeper = new Sweeper(sweepTools(await withOwnFleet(journal), config, tools.clock));
  const candidates: SharedCandidates = new Map();
  const questions = questionsFor(wired.length);
  const credentialsOf = credentialsOnce(tools, stop);
  const isDone = counting(wired.length, onProgress);
  const each = wired.map(async (one) => {
    const { target } = one;
    const entry = settings.get(target.name);
    if (entry === undefined) throw new TypeError(`no entry for ${target.name}`);
    const options = { request: requestOf({ target: [] }, stop), candidates, questions: questions() };
    const [examined, credentials] = await Promise.all([sweeper.examine(one, options), credentialsOf(one, entry)]);
    const lines = targetLines(target, entry.cloudbase, credentials, examined);
    isDone(lines.some(({ mark }) => mark === 'failed'));
    return lines;
  });
  return (await Promise.all(each)).flat();
}

/** The journal, whose changes of what concerns every target stay in this process. */
async function withOwnFleet(journal: Journal): Promise<Journal> {
  let own = await journal.fleet();
  return {
    ...journal,
    fleet: async () => own,
    async updateFleet(change: (state: FleetState) => FleetState) {
      own = change(own);
      return own;
    },
  };
}

/** Targets whose key sources are read once, and whose questions to Apple are sent once. */
function askingOnce(): (wired: WiredEntry) => WiredEntry {
  const keySources = new Map<KeySource, KeySource>();
  const apples = new Map<AppleCheck, AppleCheck>();
  return (wired) => {
    const { keySource, apple } = wired.tools;
    const once = keySources.get(keySource) ?? readOnce(keySource);
    keySources.set(keySource, once);
    const asked = apples.get(apple) ?? askedOnce(apple);
    apples.set(apple, asked);
    return { ...wired, tools: { ...wired.tools, keySource: once, apple: asked } };
  };
}

function readOnce(source: KeySource): KeySource {
  let reading: ReturnType<KeySource['read']> | undefined;
  return {
    read(signal) {
      reading ??= source.read(signal);
      return reading;
    },
  };
}

function askedOnce(apple: AppleCheck): AppleCheck {
  const answers = new Map<string, ReturnType<AppleCheck['ask']>>();
  return {
    tokenUrl: apple.tokenUrl,
    ask(question) {
      const answer = answers.get(question.clientSecret) ?? apple.ask(question);
      answers.set(question.clientSecret, answer);
      return answer;
    },
  };
}

/** Deals out the questions: to the first keys and client ids, and about deployed secrets and logins where there is room. */
function questionsFor(targets: number): () => (key: KeyMaterial) => Questions {
  const identities = new Set<string>();
  let logins = 0;
  return () => {
    logins += 1;
    const mayAskLogins = logins <= MOST_QUESTIONS;
    return (key) => {
      const identity = identityId(key);
      if (identities.size < MOST_QUESTIONS) identities.add(identity);
      // A candidate and a deployed secret of each target, in the worst case.
      return { candidate: identities.has(identity), deployed: 2 * targets <= MOST_QUESTIONS, logins: mayAskLogins };
    };
  };
}

/** The credentials of a target and whose they are, asked once for all that share them. */
function credentialsOnce(
  { env, clock }: ServiceTools,
  stop: AbortSignal,
): (wired: WiredEntry, entry: TargetConfig) => Promise<TriedCredentials> {
  const known = new Map<string, Promise<TriedCredentials>>();
  return (
    { tools: { credentials, provider } },
    { cloudbase: { endpoint, region, timeoutMs, credentials: options } },
  ) => {
    const asking = known.get(provider.lane) ?? ask();
    known.set(provider.lane, asking);
    return asking;

    async function ask(): Promise<TriedCredentials> {
      const credential = await tried(() => credentials.get(stop));
      const sts = stsEndpointOf(endpoint, options);
      const identity =
        'error' in credential
          ? undefined
          : await tried(() => callerIdentity(credentials, sts, { env, clock, region, timeoutMs }, stop));
      return { source: credentials.id, credential, identity };
    }
  };
}
