// The definition of the configuration file: every key, its default, its description. The loader converts by it, and the
// JSON Schema is generated from it. Rules that join several keys (order of durations, hosts, windows, duplicates), and
// the configuration that results, are in resolve.ts.
import * as z from 'zod';
import { keyOptions } from '../adapters/keys/registry.ts';
import {
  appleId,
  cloudbaseId,
  cron,
  duration,
  flag,
  hostName,
  httpsUrl,
  httpUrl,
  integer,
  journal,
  label,
  longToken,
  oneOf,
  positiveNumber,
  publicUrl,
  region,
  scope,
  shownLabel,
  text,
  timezone,
  wants,
} from '../adapters/scalars.ts';
import { credentialsOptions } from '../adapters/tencent/credentials/registry.ts';
import { LONGEST_WRITE_MS } from '../core/schedule.ts';
import { DAY, SECOND } from '../core/time.ts';
import { HTTP_DEFAULTS } from './http-defaults.ts';
import { ALERTS, HEARTBEAT } from './schema-alerts.ts';

const LOG = z
  .strictObject({
    level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal')
      .prefault('info')
      .describe('The least important level that is logged.'),
    format: oneOf('json', 'pretty', 'auto')
      .prefault('auto')
      .describe(
        'json: one JSON object a line; pretty: for people; auto: pretty when a terminal is attached, else json.',
      ),
  })
  .describe("The daemon's log, on stdout.");

const HTTP = z
  .strictObject({
    host: shownLabel(['listening-host'], 253).prefault(HTTP_DEFAULTS.host).describe('Where to listen.'),
    port: integer(0, 65_535).prefault(HTTP_DEFAULTS.port).describe('The port; 0: any free one.'),
    token: longToken(32)
      .optional()
      .describe('The bearer token of requests that change something; without it they are refused. Never shown.'),
    readToken: text()
      .optional()
      .describe(
        'The bearer token for reading, and the password with which a browser reads. Without it, an interface that is not on loopback serves /healthz, /readyz and /metrics alone. Never shown.',
      ),
    publicUrl: publicUrl()
      .optional()
      .describe(
        'Where people reach this interface: alerts link to the runbook there (/runbook). Without it they link to alerts.runbook.',
      ),
  })
  .describe('The HTTP interface.');

const SCHEDULE = z
  .strictObject({
    cron: cron()
      .prefault('7 * * * *')
      .describe('When every target is checked. The longest gap may be a tenth of renewBefore.'),
    timezone: timezone().prefault('UTC').describe('The time zone of every cron expression that has none of its own.'),
  })
  .describe('When checks run.');

const WINDOW = z
  .strictObject({
    cron: cron().describe('When the window opens.'),
    duration: duration(SECOND, 180 * DAY).describe('How long it stays open.'),
    timezone: timezone().optional().describe("The window's time zone. Default: schedule.timezone."),
  })
  .describe('Renewals, and a changed key, wait for this window. Nothing else waits, and nothing that is urgent.');

const POLICY = z
  .strictObject({
    lifetime: duration(7 * DAY, 180 * DAY)
      .optional()
      .describe('How long a new client secret is valid: 7d to 180d. Default: 180d.'),
    renewBefore: duration(SECOND, 180 * DAY)
      .optional()
      .describe('Renew when less than this is left. Default: a third of the lifetime.'),
    window: WINDOW.optional(),
  })
  .meta({ id: 'policy' })
  .describe('How long client secrets live and when they are renewed. A target may override single keys.');

const APPLE = z
  .strictObject({
    tokenUrl: httpUrl(['url', 'https://appleid.apple.com/auth/token'])
      .prefault('https://appleid.apple.com/auth/token')
      .describe("Apple's token endpoint."),
    check: oneOf('compare', 'require', 'off')
      .prefault('compare')
      .describe(
        'compare: what Apple rejects is never written; require: only what Apple accepts is written, or over a useless secret; off: Apple is not asked, and another key waits for once --force.',
      ),
  })
  .describe('How Apple is asked about client secrets.');

const CLOUDBASE = z
  .strictObject({
    endpoint: httpUrl(['url', 'https://tcb.tencentcloudapi.com'])
      .optional()
      .describe('The endpoint of the tcb API. Default: https://tcb.tencentcloudapi.com.'),
    region: region('ap-shanghai').optional().describe('The region. Default: ap-shanghai.'),
    requestsPerSecond: positiveNumber(20)
      .optional()
      .describe(
        'The most requests a second. The API allows 20 for each action, region and account; other programs of the account share that limit. Default: 5.',
      ),
    // At a stop, a pass that writes gets 25 s: a call that took longer would leave its outcome unknown. See also LEASE_MS.
    timeout: duration(SECOND, LONGEST_WRITE_MS)
      .optional()
      .describe(
        'The longest time for one request to CloudBase, STS or the store that holds the key: 1s to 20s. Default: 15s.',
      ),
    write: oneOf('whole', 'secret')
      .optional()
      .describe(
        'whole: a write sends the whole Config as it was read; secret: it sends the client secret alone, for an endpoint that merges what it is sent. Default: whole.',
      ),
    loginCheck: oneOf('off', 'observe')
      .optional()
      .describe(
        "observe: CloudBase's public login interface is asked once a day and after a rotation whether Apple refuses the secret; nothing is ever written because of it. Default: off.",
      ),
    loginEndpoint: httpUrl(['url', 'https://{envId}.api.tcloudbasegateway.com'])
      .optional()
      .describe(
        'The endpoint of the public login interface; {envId} stands for the environment. Default: https://{envId}.api.tcloudbasegateway.com, or the one of the international site beside an endpoint of that site.',
      ),
    credentials: credentialsOptions
      .optional()
      .describe('Where the credentials for Tencent Cloud come from. Default: { from: env }.'),
  })
  .meta({ id: 'cloudbase' })
  .describe('How CloudBase is reached. A target may override single keys.');

const PROVIDER = z
  .strictObject({
    type: oneOf('oidc', 'oauth').optional().describe('The kind of provider. A new one is made as oidc.'),
    name: shownLabel(['name'], 64).optional().describe('The name that people see. A new one is called Apple.'),
    scope: scope()
      .optional()
      .describe('What Apple is asked for: openid, email, name. A new provider asks for all of them.'),
    responseType: oneOf('code', 'id_token', 'code id_token')
      .optional()
      .describe('What Apple answers a login with. A client secret is used with code alone, which a new provider gets.'),
    redirectUri: httpsUrl(['url', 'https://shop-prod-1g2h3j.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback'])
      .optional()
      .describe('The callback URL, as the CloudBase console shows it. It is never guessed.'),
    linkByEmail: flag()
      .optional()
      .describe(
        'Whether a login with Apple enters the account that has the same mail address. A new provider gets false.',
      ),
    linkByPhone: flag()
      .optional()
      .describe(
        'Whether a login with Apple enters the account that has the same phone number. A new provider gets false.',
      ),
    enabled: flag()
      .optional()
      .describe('true: a provider that is switched off is critical; otherwise it is a warning. false: it stays off.'),
  })
  .describe("How the provider is meant to be. What is not stated is nobody's business: it is never changed.");

export const TARGET = z
  .strictObject({
    name: label().describe('A unique label. It may change without losing history.'),
    envId: cloudbaseId(['environment']).describe('The CloudBase environment.'),
    providerId: cloudbaseId(['provider']).prefault('apple').describe('The identity provider in that environment.'),
    teamId: appleId('teamId').optional().describe("Apple's Team ID. It may come with the key instead."),
    clientId: appleId('clientId').optional().describe('The Services ID. It may come with the key instead.'),
    keyId: appleId('keyId').optional().describe('The Key ID. It may come with the key instead.'),
    key: keyOptions.describe('Where the private key is read from, again at every pass.'),
    provider: PROVIDER.optional(),
    policy: POLICY.optional(),
    cloudbase: CLOUDBASE.optional(),
  })
  .describe('One Apple identity provider in one CloudBase environment.');

/** The sections of the file by key. */
export const SECTIONS = {
  instance: shownLabel(['name'], 100)
    .optional()
    .describe('Names this service in the log and in every alert. Default: the host name.'),
  journal: journal()
    .prefault('sqlite:./data/journal.db')
    .describe('Where state and history are kept: sqlite:PATH, relative to the working directory, or postgres://….'),
  log: LOG.prefault({}),
  http: HTTP.prefault({}),
  schedule: SCHEDULE.prefault({}),
  policy: POLICY.prefault({}),
  apple: APPLE.prefault({}),
  cloudbase: CLOUDBASE.prefault({}),
  include: z
    .array(text(['include-pattern']))
    .prefault([])
    .describe(
      'Further files with `targets`, relative to the folder of this file; a star stands for any characters of a name.',
    ),
  targets: z
    .array(TARGET, wants(['some-targets']))
    .min(1, wants(['some-targets']))
    .describe('The identity providers whose client secret is kept fresh.'),
  alerts: ALERTS.prefault({}),
  heartbeat: HEARTBEAT.prefault({}),
  allowHosts: z
    .array(hostName())
    .prefault([])
    .describe(
      "Hosts other than Apple's, Tencent's and AWS's that tokenUrl and endpoints may name, and to which a provider may send its logins.",
    ),
} as const;

export const FILE = z.strictObject(SECTIONS).describe('Configuration of apple-secret-rotator.');

/** What a file holds that `include` names. Unlike the main file it may have no targets. */
export const INCLUDED_FILE = z
  .strictObject({ targets: z.array(TARGET).describe('Identity providers whose client secret is kept fresh.') })
  .describe('Further targets of apple-secret-rotator.');

export type TargetEntry = z.output<typeof TARGET>;
export type PolicySection = z.output<typeof POLICY>;
export type Sections = { [Name in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[Name]> };
