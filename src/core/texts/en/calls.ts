// English for a call that brought no usable answer, and for what Tencent Cloud refuses a call for.
import type { CallTrouble, Remote, RemoteTrouble } from '../../error-troubles.ts';
import type { Sentences } from '../catalogue.ts';

export const ASK_TENCENT = "Ask Tencent Cloud's support with the request id if this continues.";
/** What to do about a certificate that nobody vouches for. */
export const TRUST =
  'Set NODE_EXTRA_CA_CERTS to the file of the certificate authority if a proxy of yours signs connections, or remove what answers in place of the service.';
const LOOK_UP = "Look the code up in the API's documentation, and compare the configuration with the console.";

/** The calls that a person's command makes, and no daemon: their permission does not have to stay. */
export const SETUP_CALLS: readonly string[] = ['tcb AddProvider', 'tcb DeleteProvider'];
const LEND =
  'Give credentials that may do this with --credentials, or lend those of this command the policy in CAM, and take it away afterwards.';

/** `no answer within 15 s`, `no connection, or it was lost (ECONNREFUSED)`. */
export function callTrouble(call: CallTrouble): string {
  switch (call.trouble) {
    case 'timeout':
      return `no answer within ${call.afterMs >= 1000 ? `${call.afterMs / 1000} s` : `${call.afterMs} ms`}`;
    case 'network':
      return `could not connect, or the connection was lost (${call.code ?? 'no code'})`;
    case 'certificate':
      return `the certificate of the other side is not trusted (${call.code})`;
    case 'cut':
      return 'the connection was lost in the middle of the answer';
    case 'too-large':
      return 'the answer is too long';
    case 'encoded':
      return 'the answer is compressed, which was not asked for';
    case 'malformed':
      return 'the answer has an unknown form';
    case 'redirected':
      return `the answer is a redirect (HTTP ${call.status})`;
    case 'http':
      return `HTTP ${call.status}`;
    case 'code':
      return call.code;
  }
}

/** Why Apple's verdict is what it is. */
export function verdictDetail(detail: CallTrouble | null): string {
  return detail === null ? 'not asked' : callTrouble(detail);
}

/** What happened, after `tcb GetProviders` or the name of the secret; and the next step. */
const REMOTE: Readonly<Record<RemoteTrouble, readonly [says: string | ((remote: Remote) => string), next: string]>> = {
  throttled: [
    'was throttled',
    'Lower `cloudbase.requestsPerSecond`, or find out who else uses up the limit of the account.',
  ],
  'in-use': ['found the resource in use', 'Find out who else changes it at the same time if this continues.'],
  server: ["failed on the server's side", ASK_TENCENT],
  'server-status': ['was answered with an error', "Check Tencent Cloud's status page, and the proxy if there is one."],
  timeout: ['failed', 'Check the network and the proxy, or raise `cloudbase.timeout`.'],
  network: [
    'failed',
    'Check the way from this machine to Tencent Cloud: endpoint, DNS, firewall, HTTPS_PROXY and certificates.',
  ],
  'bad-answer': [
    'has an answer that is not from the API',
    'Check the endpoint, and whether a proxy answers in place of Tencent Cloud.',
  ],
  'other-status': [
    'was refused',
    'Check the endpoint, and the proxy or firewall on the way: the API itself answers with HTTP 200.',
  ],
  clock: [
    ({ skewMs }) => `was refused because of the time of its signature${skew(skewMs)}`,
    'Set the clock of this machine, for example with NTP: Tencent Cloud allows 5 minutes.',
  ],
  token: [
    'was refused: the temporary credentials are not valid',
    'Renew the session token, or let the program fetch its own (cvm-role, tke-oidc, assumeRole).',
  ],
  credentials: [
    'was refused because of its credentials',
    'Check that the secret id and key belong together, are enabled and have not been deleted.',
  ],
  denied: [
    'is not permitted',
    'Attach this policy in CAM to the user or role of this service (where CAM names another resource, allow that one).',
  ],
  'ssm-absent': [
    'does not exist',
    'Check name, version id and region: each region has its own secrets, and the first version is SSM_Current unless you named it.',
  ],
  'ssm-disabled': ['is disabled', 'Enable the secret in the SSM console.'],
  'ssm-deleted': ['is about to be deleted', 'Cancel its deletion in the SSM console, or store the key again.'],
  'ssm-unavailable': [
    'is not available',
    'Check in the SSM console that the service is purchased in this region and not overdue.',
  ],
  'ssm-kms': [
    'cannot be decrypted: KMS refuses its key',
    'Check in the KMS console that the key of this secret is enabled, and that SSM may use it.',
  ],
  'ssm-name': ['has no valid name or version id', 'Correct secretName and versionId.'],
  'ssm-role': [
    'cannot be read: SSM has no service role in this account',
    'Grant the service role that the SSM console asks for (CAM, Roles).',
  ],
  address: [
    'is not permitted from the address of this machine',
    'Add the public address of this machine, or of its proxy, to the IP whitelist of the account or the API key.',
  ],
  limit: ['reached a limit of the account', 'Find out what uses the quota up, or ask Tencent Cloud to raise it.'],
  offline: ['is no longer offered by the API', 'Update this program to its newest version.'],
  overdue: [
    'was refused: the bill of the environment is overdue',
    'Pay the bill in the Tencent Cloud console (Billing Center); Tencent Cloud isolates the environment otherwise.',
  ],
  isolated: [
    'was refused: the environment is isolated, as after a bill that was not paid',
    'Renew the environment in the CloudBase console before Tencent Cloud deletes it, or remove the target.',
  ],
  parameter: [
    ({ said }) => `was refused: the API does not know ${said === '' ? 'a parameter' : `the parameter ${said}`}`,
    'Report this with the request id: the API does not accept a field that it shows, or has changed.',
  ],
  field: [
    ({ said }) => `was refused: the API does not know the parameter ${said}`,
    'Set `cloudbase.write: secret` if CloudBase merges what it is sent, so that this field is not sent; otherwise report this with the request id.',
  ],
  'not-found': [
    ({ call }) => (call.startsWith('tcb ') ? 'found no such environment' : 'found no such resource'),
    'Look in the CloudBase console whether the environment was deleted, and check envId, region and account: CloudBase looks for it in the region of the request.',
  ],
  failed: ['failed', LOOK_UP],
  refused: ['was refused', LOOK_UP],
};

/** The sentences of a call to Tencent Cloud that failed, whichever error code its caller makes of it. */
export function remoteSentences(failed: Remote): Sentences {
  const { remote, call, about, code, detail, said, statement } = failed;
  const [says, usual] = REMOTE[remote];
  const next = remote === 'denied' && SETUP_CALLS.includes(call) ? LEND : usual;
  const happened = typeof says === 'string' ? says : says(failed);
  const subject = remote.startsWith('ssm-') ? about : `${about === null ? '' : `${about}: `}${call}`;
  const why = detail === null ? ` (${code.replace(/^HTTP_/, 'HTTP ')})` : `: ${callTrouble(detail)}`;
  const message = `${subject} ${happened}${why}${said !== '' && remote === 'denied' ? `; CAM names ${said}` : ''}`;
  return statement === null ? [message, next] : [message, next, statement];
}

function skew(ms: number | null): string {
  if (ms === null) return '';
  if (Math.abs(ms) < 60_000) return "; but the clock of this machine agrees with the server's";
  return `; the clock of this machine is ${Math.round(Math.abs(ms) / 1000)} s ${ms < 0 ? 'behind' : 'ahead of'} the server's`;
}
