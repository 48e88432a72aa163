// What the page reads over HTTP, as schemas: the server answers by them, and the page's own types are inferred from them.
import * as z from 'zod';
import { LANGUAGES } from '../core/alerts/message.ts';
import {
  EVIDENCE_DETAILS,
  EVIDENCE_KINDS,
  LOGIN_CAUSES,
  LOGIN_STATES,
  REASONS,
  TARGET_STATES,
} from '../core/reasons.ts';
import type { Frozen } from '../core/records.ts';
import { SETTING_NAMES } from '../core/stated-settings.ts';
import { ALERTS, ERROR_CODES, instant, NAMED, ROTATION } from './schemas.ts';

export const LANGUAGE_QUERY = z.strictObject({
  language: z.enum(LANGUAGES).default('en').describe('Of the sentences in the answer.'),
});

export const SERVICE = z
  .object({
    instance: z.string(),
    version: z.string(),
    command: z.string().describe('How the program is typed where the daemon runs.'),
    mode: z
      .enum(['embedded', 'replicas'])
      .describe('embedded: one process with a journal in a file; replicas: any number over a database.'),
    replicas: z
      .array(z.object({ name: z.string(), leads: z.boolean(), silent: z.boolean() }))
      .describe('Those that share the journal and have not said goodbye.'),
    startedAt: instant,
    turns: z.boolean().describe('Whether the scheduler turns; if not, nothing is checked or renewed.'),
    lastTurnAt: instant,
    nextTickAt: instant,
    journal: z.object({
      degradedSince: instant.describe('Since when the journal cannot be written; null: it can.'),
      code: z.enum(ERROR_CODES).nullable(),
    }),
    clock: z.object({ skewMs: z.number().nullable().describe("Our clock less CloudBase's; null: not compared yet.") }),
    apple: z.object({ answeredAt: instant.describe('When Apple last gave a usable answer.') }),
  })
  .register(NAMED, { id: 'Service' });
export type ServiceView = Frozen<z.infer<typeof SERVICE>>;

export const ROW = z
  .object({
    name: z.string(),
    envId: z.string(),
    state: z.enum(TARGET_STATES),
    reason: z.enum(REASONS).nullable(),
    urgent: z.boolean().describe('Logins fail because of the secret, or less than a tenth of its lifetime is left.'),
    logins: z.object({
      state: z.enum(LOGIN_STATES),
      because: z.enum(LOGIN_CAUSES).nullable(),
      chosen: z
        .boolean()
        .describe('They fail only because somebody switched the provider off, and nothing says that it is to be on.'),
    }),
    issuedAt: instant,
    expiresAt: instant,
    renewalAt: instant.describe('From when the renewal is due.'),
    plannedAt: instant.describe('When it will be renewed: then, or when the window opens after that.'),
    warningAt: instant.describe('From when its expiry is reported as a warning.'),
    criticalAt: instant.describe('From when its expiry is reported as critical.'),
    keyId: z.string().nullable(),
    lastCheckAt: instant,
    lastRotationAt: instant,
    failures: z.int().nonnegative(),
    nextAttemptAt: instant,
    code: z.enum(ERROR_CODES).nullable().describe('Of the error of the last check.'),
  })
  .register(NAMED, { id: 'Row' });
export type Row = Frozen<z.infer<typeof ROW>>;

export const OVERVIEW = z
  .object({
    at: instant.unwrap().describe('When this was so, by the clock of the daemon.'),
    service: SERVICE,
    targets: z.array(ROW),
    alerts: ALERTS.shape.alerts,
    channels: ALERTS.shape.channels,
  })
  .register(NAMED, { id: 'Overview' });
export type OverviewView = Frozen<z.infer<typeof OVERVIEW>>;

/** What is sent when something has changed; what is absent has not. */
export const CHANGE = z.object({
  at: instant.unwrap(),
  service: SERVICE.exactOptional(),
  put: z.array(ROW).exactOptional().describe('Targets that are new or have changed.'),
  gone: z.array(z.string()).exactOptional().describe('Names of targets that have left the configuration.'),
  alerts: ALERTS.shape.alerts.exactOptional(),
  channels: ALERTS.shape.channels.exactOptional(),
});
export type ChangeView = Frozen<z.infer<typeof CHANGE>>;

export const TIMELINE = z
  .object({
    target: ROW,
    evidence: z
      .array(
        z.object({
          kind: z.enum(EVIDENCE_KINDS),
          verdict: z.enum(LOGIN_STATES),
          at: instant,
          detail: z.enum(EVIDENCE_DETAILS),
        }),
      )
      .describe('By which it is judged whether logins work, the weightiest first.'),
    error: z
      .object({ code: z.enum(ERROR_CODES), message: z.string(), hint: z.string() })
      .nullable()
      .describe('Of the last check.'),
    windows: z
      .array(z.object({ from: instant.unwrap(), until: instant.unwrap() }))
      .describe('When its maintenance window is open within the next 180 days.'),
    replaced: z
      .object({ at: instant, kind: z.enum(['other', 'own-identity', 'not-shown']) })
      .nullable()
      .describe('When a client secret of somebody else was last found in place of ours.'),
    rejections: z
      .array(z.object({ since: instant, at: instant, by: z.enum(['apple', 'login-check']) }))
      .describe('Answers that rejected the deployed client secret, from the first to the last in a row.'),
    changes: z
      .array(z.object({ path: z.string(), by: z.enum(['our-write', 'somebody-else']), at: instant }))
      .describe('Settings of the provider that changed and could not be restored.'),
    differs: z
      .array(
        z.object({
          name: z.enum(SETTING_NAMES),
          found: z.union([z.string(), z.boolean()]).nullable(),
          wanted: z.union([z.string(), z.boolean()]),
        }),
      )
      .describe('Settings of the provider that are otherwise than the configuration says.'),
    rotations: z.array(ROTATION).describe('Newest first.'),
  })
  .register(NAMED, { id: 'Timeline' });
export type TimelineView = Frozen<z.infer<typeof TIMELINE>>;
