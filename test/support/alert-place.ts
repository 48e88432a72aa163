// A workspace whose alerts go to the sandbox's inbox, and what arrived there in few words.
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { InboxMessage } from '../../src/sandbox/world.ts';
import { ownWorkspace, type Program, type Result, type WorkspaceOptions } from './program.ts';

export interface AlertPlaceOptions extends WorkspaceOptions {
  /** Channels by name, each with what it has beside a webhook to the inbox of its name. Default: `ops`. */
  readonly channels?: Readonly<Record<string, JsonObject>>;
}

/** An item of a webhook's message. */
export interface HeardItem {
  readonly cause: string;
  readonly status: string;
  readonly severity: string;
  readonly target: string | null;
  readonly targets: readonly { readonly name: string }[];
  readonly code: string | null;
  readonly title: string;
  readonly what: string;
  readonly next: string | null;
  /** When the secret expires; null where that is not known, or logins fail. */
  readonly loginsUntil: string | null;
}

/** A workspace of the test that runs, with channels. No digest; everything else as the configuration has it. */
export async function alertPlace({ channels = { ops: {} }, ...options }: AlertPlaceOptions = {}) {
  const place = await ownWorkspace(options);
  const { url } = place.sandbox;
  const list = (own: Readonly<Record<string, JsonObject>>): JsonObject[] =>
    Object.entries(own).map(([name, rest]) => ({ name, type: 'webhook', url: `${url}/inbox/${name}`, ...rest }));
  const configure = (settings: JsonObject = {}, own = channels) => {
    const { alerts = {}, ...rest } = settings;
    place.configure({ ...rest, alerts: { digest: 'off', channels: list(own), ...(alerts as JsonObject) } });
  };
  configure();
  const messages = (name = 'ops') => place.world.inbox.filter((message) => message.name === name);
  return {
    ...place,
    /** Writes the configuration again; the channels are in it, those of the start unless others are named. */
    configure,
    /** What an inbox got. */
    messages,
    /** The alerts that an inbox got, a line a message: `raised RotationFailing shop, cleared SchedulerStalled`. */
    heard: (name = 'ops'): string[] => messages(name).map(words).filter(Boolean),
    /** The items of the alerts that an inbox got. */
    items: (name = 'ops'): HeardItem[] => messages(name).flatMap(itemsOf),
    /** What the heartbeat and healthUrl were told: `ok`, `/fail the journal cannot be written`. */
    pings: (name: string): string[] =>
      messages(name).map(({ rest, body }) => [rest, String(body)].filter(Boolean).join(' ')),
  };
}

export type AlertPlace = Awaited<ReturnType<typeof alertPlace>>;

/** The items of a webhook's message. */
export function itemsOf({ body }: InboxMessage): HeardItem[] {
  const { items = [] } = (body ?? {}) as { readonly items?: readonly HeardItem[] };
  return [...items];
}

function words(message: InboxMessage): string {
  return itemsOf(message)
    .map((item) => [item.status, item.cause, whoOf(item)].filter(Boolean).join(' '))
    .join(', ');
}

/** The target of an item or a row, or how many there are; empty: the service itself. */
export function whoOf({ target, targets }: Pick<HeardItem, 'target' | 'targets'>): string {
  return target ?? (targets.length > 1 ? `${targets.length} targets` : (targets[0]?.name ?? ''));
}

/** A row of `alerts --json`. */
export type AlertRow = Readonly<Record<string, Json>> & {
  readonly cause: string;
  readonly target: string | null;
  readonly targets: readonly { readonly name: string }[];
  readonly channels: readonly { readonly name: string; readonly delivered: boolean }[];
};

/** What `alerts --json` printed. */
export function alertsOf({ stdout }: Pick<Result, 'stdout'>): {
  readonly alerts: readonly AlertRow[];
  readonly channels: readonly Readonly<Record<string, Json>>[];
} {
  return JSON.parse(stdout) as ReturnType<typeof alertsOf>;
}

/** The lines of one event in a daemon's log. */
export function lines(program: Program, event: string) {
  return program.log().filter((line) => line.event === event);
}

/** For `waitFor`: an event was logged so often. */
export function seen(event: string, times = 1) {
  return (program: Program) => lines(program, event).length >= times;
}
