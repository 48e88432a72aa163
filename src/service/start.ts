// The start of `run`. While it is refused (a wrong configuration, a journal that another daemon holds or that is newer)
// the program stays: it logs and sends the reason once, answers health checks, and starts as soon as it can. So no
// supervisor has to start it over and over, and a second daemon stands by for the first.
import { openJournal } from '../adapters/journal/journal.ts';
import { finding } from '../alerts/detect/finding.ts';
import { readJournalPlace } from '../config/journal-place.ts';
import { readListening, readTokens } from '../config/listening.ts';
import { type LoadedConfig, loadConfig, nothingRead } from '../config/load.ts';
import { ConfigError, type ReadablePart, sentence } from '../config/problems.ts';
import { mustReachSomebody } from '../config/recipients.ts';
import type { Looked } from '../config/source.ts';
import type { Finding } from '../core/alerts/conditions.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { holdSecret } from '../core/held-secrets.ts';
import { MINUTE, SECOND } from '../core/time.ts';
import { refusedRoutes } from '../http/served.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { markAt } from '../net/named-file.ts';
import { refusalOf } from './refusal.ts';
import { openService, type Service } from './service.ts';
import { SingleAlert } from './single-alert.ts';
import type { ServiceTools } from './tools.ts';

/** Each look opens the journal, so not more often; a daemon that stands by takes over this long after the other ended. */
const LOOK_EVERY_MS = MINUTE;
/** A `stat` of each file, which follows links: Kubernetes replaces a mounted file by exchanging a link above it. */
const FILE_POLL_MS = 2 * SECOND;
/** Channels get this long at the end. A channel that does not answer holds up a start or an exit no longer than this. */
const FLUSH_MS = 8 * SECOND;

export interface StartOptions {
  /** The file that `--config` names. */
  readonly configFile: string | undefined;
  readonly pid: number;
  /** Makes the daemon's log. */
  readonly log: (part: ReadablePart) => EventSink;
  /** `throw` at once; `tell` the channels and throw; `stay`: tell them, wait and try again. */
  readonly whenRefused: 'throw' | 'tell' | 'stay';
  readonly stop: AbortSignal;
}

interface Refusal {
  readonly error: RotatorError;
  readonly part: ReadablePart;
}

export class Start {
  private readonly tools: Omit<ServiceTools, 'emit'>;
  private readonly options: StartOptions;
  private wake = new AbortController();
  /** What the last reading of the configuration looked at. */
  private looked: Looked = new Map();
  private refusal: Refusal | undefined;
  private emit: EventSink = () => undefined;
  private alert: SingleAlert | undefined;
  private alerting: Promise<void> | undefined;
  private http: HttpServer | undefined;

  constructor(tools: Omit<ServiceTools, 'emit'>, options: StartOptions) {
    this.tools = tools;
    this.options = options;
    options.stop.addEventListener('abort', () => this.lookNow());
  }

  /** The open service; undefined if a stop came before. Throws what refused the start, unless the program stays. */
  async open(): Promise<Service | undefined> {
    const { stop, whenRefused } = this.options;
    let service: Service | undefined;
    while (service === undefined && !stop.aborted) {
      this.wake = new AbortController();
      const result = await this.attempt();
      if ('run' in result) {
        service = result;
      } else {
        if (whenRefused !== 'throw') await this.tell(result);
        if (whenRefused === 'tell') await this.leave();
        if (whenRefused !== 'stay') throw result.error;
        await this.untilLook();
      }
    }
    await this.freePort();
    this.alert?.alerter.stop();
    await this.alerting;
    if (service === undefined) {
      await this.leave();
      this.emit({ event: 'daemon.stopped' });
    }
    // The first look of the service finds that it is over, and tells so.
    else if (this.alert !== undefined) await service.takeOver(await this.alert.book());
    return service;
  }

  /** Tries again at once. */
  lookNow(): void {
    this.wake.abort(new Error('look'));
  }

  private async attempt(): Promise<Service | Refusal> {
    let loaded: LoadedConfig | undefined;
    try {
      loaded = await this.load();
      mustReachSomebody(loaded);
      let log = this.options.log(loaded.config);
      return await openService({
        loaded,
        tools: { ...this.tools, emit: (event) => log(event) },
        relog: (config) => {
          log = this.options.log(config);
        },
        pid: this.options.pid,
        load: () => this.load(),
        freePort: () => this.freePort(),
      });
    } catch (thrown) {
      const readable = thrown instanceof ConfigError ? thrown.readable : undefined;
      return { error: asRotatorError(thrown), part: loaded?.config ?? readable ?? nothingRead() };
    }
  }

  private load(): Promise<LoadedConfig> {
    const { clock, env } = this.tools;
    this.looked = new Map();
    return loadConfig({
      file: this.options.configFile,
      env,
      mode: 'daemon',
      now: clock.now(),
      looked: this.looked,
    });
  }

  private async tell(refusal: Refusal): Promise<void> {
    const { error, part } = refusal;
    const before = this.refusal;
    const stays = this.options.whenRefused === 'stay';
    this.refusal = refusal;
    if (before === undefined) this.emit = this.options.log(part);
    if (stays) this.http ??= await this.listen();
    const problems = error instanceof ConfigError ? error.problems.map(sentence) : [];
    if (before?.error.message !== error.message) this.emit({ event: 'start.refused', error, problems, waits: stays });
    if (this.alert !== undefined) return this.alert.change(findingOf(error), partOf(refusal));
    const { tools, emit } = this;
    const options = { isBrief: !stays, trouble: 'the daemon cannot start' };
    this.alert = new SingleAlert(findingOf(error), partOf(refusal), { ...tools, emit }, options);
    if (stays) this.alerting = this.alert.alerter.run(FLUSH_MS);
    else await this.alert.alerter.flush(FLUSH_MS);
  }

  /** Journals what the channels were told: whoever runs on this journal then tells them that it is over. */
  private async leave(): Promise<void> {
    // Where no channel was told, none waits to hear that it is over, and no journal is made.
    if (this.alert === undefined || this.refusal?.part.alerts.channels.length === 0) return;
    const { stories } = await this.alert.book();
    const { clock, env } = this.tools;
    try {
      const journal = await openJournal(await readJournalPlace(this.options.configFile, env), { mode: 'write', clock });
      await journal.updateAlerts(() => ({ putStories: stories })).finally(() => journal.close());
    } catch {
      // A journal that cannot be written may be what refused the start.
    }
  }

  /** Undefined where it cannot listen: without health checks the rest still works. */
  private async listen(): Promise<HttpServer | undefined> {
    const { emit } = this;
    const { clock, env } = this.tools;
    const { configFile } = this.options;
    const { host, port, doubt } = await readListening(configFile, env);
    const found = await readTokens(configFile, env);
    const routes = refusedRoutes({
      refusal: (language) => refusalOf(this.refusal?.error ?? asRotatorError(new Error('no reason')), language),
      knowsReaders: doubt === undefined && found !== undefined,
    });
    const tokens = { token: found?.token, readToken: found?.readToken };
    for (const token of Object.values(tokens)) if (token !== undefined) holdSecret(token);
    return startHttpServer({ host, port, clock, emit, routes, tokens: () => tokens }).catch((thrown) => {
      emit({ event: 'warning', error: asRotatorError(thrown) });
      return undefined;
    });
  }

  private async freePort(): Promise<void> {
    await this.http?.close();
    this.http = undefined;
  }

  private async untilLook(): Promise<void> {
    const { clock } = this.tools;
    const until = clock.monotonic() + LOOK_EVERY_MS;
    while (!this.wake.signal.aborted && clock.monotonic() < until && (await this.isUnchanged()))
      await clock.sleep(FILE_POLL_MS, this.wake.signal).catch(() => undefined);
  }

  /** Whether the files and folders of the configuration are as they were when they were read. */
  private async isUnchanged(): Promise<boolean> {
    for (const [path, mark] of this.looked) if (mark !== (await markAt(path))) return false;
    return true;
  }
}

const NO_HEARTBEAT = { url: undefined, healthUrl: undefined, everyMs: MINUTE };

/** While another daemon runs, the heartbeat is that one's. */
function partOf({ error, part }: Refusal): ReadablePart {
  return error.code === 'ERR_DAEMON_RUNNING' ? { ...part, heartbeat: NO_HEARTBEAT } : part;
}

function findingOf({ code, stored }: RotatorError): Finding {
  // While another daemon runs, client secrets are renewed.
  const severity = code === 'ERR_DAEMON_RUNNING' ? 'warning' : 'critical';
  return finding('StartRefused', { severity, facts: {}, error: stored });
}
