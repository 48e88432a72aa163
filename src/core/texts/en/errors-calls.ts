// English for errors of calls to Tencent Cloud and to alert channels.
import type { ChannelAdvice } from '../../error-troubles.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { ASK_TENCENT, callTrouble, remoteSentences, TRUST } from './calls.ts';
import { counted } from './words.ts';

type Calls = Extract<
  keyof ErrorCatalogue,
  `ERR_${'CLOUDBASE' | 'CHANNEL'}_${string}` | 'ERR_REDIRECTED' | 'ERR_CERTIFICATE'
>;

const ADVICE: Readonly<Record<ChannelAdvice, string>> = {
  settings: 'Check the URL and the settings of the channel.',
  form: 'Check that the type of the channel fits its URL: the other side does not accept this form.',
  token: 'Check the URL, secret, auth and headers of the channel: the other side does not accept them.',
  url: 'Copy the URL of the channel again: nothing can be posted to this one.',
  gone: 'Create a new webhook and put its URL into the channel: this one is gone.',
  size: 'Raise the size that the other side accepts to 1 MB.',
  'code-list': 'Look the code up in the list of error codes of the service.',
  report: 'Report this as a fault of this program: the service does not accept the form of the message.',
  'dingtalk-security':
    'Look at the security settings of the robot: with a signature, copy its secret (SEC…) and check the clock of this machine; with keywords, make the name of the instance one of them; with addresses, add that of this machine.',
  'robot-off': 'Switch the robot on again in its group.',
  'robot-removed': 'Add the robot to its group again.',
  'robot-url': 'Copy the webhook URL of the robot again, or create a new robot: the service does not know this one.',
  'feishu-secret': 'Copy the secret from the security settings of the bot, and check the clock of this machine.',
  'feishu-addresses': 'Add the address of this machine to the IP whitelist of the bot, or remove the list.',
  'feishu-keywords':
    "Remove the keywords from the bot's security settings and use signature verification, or make a word of every message (such as the name of the instance) a keyword.",
  'slack-webhook': 'Create a new incoming webhook in Slack and put its URL into the channel.',
  'slack-workspace': 'Ask the owner of the Slack workspace to permit the webhook, or to switch the workspace on again.',
  'slack-channel': 'Create a webhook for another Slack channel, or restore this one.',
  'pagerduty-key': 'Copy the integration key (Events API v2) of the PagerDuty service again.',
  'smtp-tls':
    'Use the port with STARTTLS (587), or secure: true with port 465; insecure: true sends the password in clear.',
  'smtp-login': 'Check user and password: many providers want a password made for programs.',
  'smtp-addresses': 'Check sender and recipients: the mail server refuses them, or wants a login.',
};

export const CALLS_EN: Pick<ErrorCatalogue, Calls> = {
  ERR_CLOUDBASE_THROTTLED: remoteSentences,
  ERR_CLOUDBASE_UNAVAILABLE: remoteSentences,
  ERR_CLOUDBASE_NETWORK: remoteSentences,
  ERR_CLOUDBASE_TIMEOUT: remoteSentences,
  ERR_CLOUDBASE_BAD_ANSWER: {
    remote: remoteSentences,
    'no-list': () => ['the answer to tcb GetProviders has no list of providers with their ids', ASK_TENCENT],
    'too-complex': ({ providerId }) => [
      `the answer of tcb GetProviders holds a provider ${providerId} that is nested too deeply or too large`,
      'Look at the provider in the CloudBase console, and remove what does not belong in its configuration.',
    ],
    'part-of-list': ({ shown, total, providerId }) => [
      `the answer to tcb GetProviders holds ${shown} of ${counted(total, 'provider')}, and ${providerId} is not among them`,
      ASK_TENCENT,
    ],
  },
  ERR_CLOUDBASE_CLOCK: remoteSentences,
  ERR_CLOUDBASE_DENIED: remoteSentences,
  ERR_CLOUDBASE_REFUSED: remoteSentences,
  ERR_REDIRECTED: ({ call, status }) => [
    `${call} was answered with a redirect (HTTP ${status}), which is never followed`,
    'Correct the endpoint, or the proxy that redirects: secrets are only sent to the configured host.',
  ],
  ERR_CERTIFICATE: ({ call, code }) => [
    `${call} failed: the certificate of the other side is not trusted (${code})`,
    TRUST,
  ],

  ERR_CHANNEL_REFUSED: {
    refused: ({ channel, type, said, advice }) => [
      `channel ${channel} (${type}) refused the message: ${said}`,
      ADVICE[advice],
    ],
    'other-answer': ({ channel, type, status, missing }) => [
      `channel ${channel} (${type}) answered HTTP ${status} without ${missing}`,
      `Copy the URL of the channel again: another service than ${type} answers there.`,
    ],
    redirected: ({ channel, type, status }) => [
      `channel ${channel} (${type}) answered with a redirect (HTTP ${status})`,
      'Put the final URL into the channel: redirects are not followed.',
    ],
    certificate: ({ channel, type, code }) => [
      `channel ${channel} (${type}) gets no messages: the certificate of the other side is not trusted (${code})`,
      TRUST,
    ],
    partly: ({ channel, type, refused, recipients }) => [
      `channel ${channel} (${type}) reached only some recipients: the mail server refused ${refused} of ${recipients}`,
      'Correct the recipients of the channel: until then some of them receive nothing.',
    ],
  },
  ERR_CHANNEL_THROTTLED: ({ channel, type, said }) => [
    `channel ${channel} (${type}) accepts no more messages for now: ${said}`,
    'Find out who else posts through this channel, or send fewer alerts through it.',
  ],
  ERR_CHANNEL_UNAVAILABLE: (params) => [
    `channel ${params.channel} (${params.type}) cannot be used now: ${callTrouble(params)}`,
    REMEDY[params.trouble] ??
      'Check that this machine reaches the host of the channel (host, port, DNS, firewall, HTTPS_PROXY, its certificate).',
  ],
};

const REMEDY: Readonly<Record<string, string>> = {
  certificate: TRUST,
  http: 'Check the status page of the service if this continues.',
  code: 'Check the status page of the service if this continues.',
  'too-large': 'Check the URL of the channel: no service of this type gives such an answer.',
  encoded: 'Check the URL of the channel: no service of this type gives such an answer.',
  malformed: 'Check the URL of the channel: no service of this type gives such an answer.',
};
