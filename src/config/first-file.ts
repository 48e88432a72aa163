// The configuration that `init` writes: the smallest one that `run` starts with, with a comment at each line that
// somebody may want to change. It holds no secret.
import type { KeyIds } from '../core/key-ids.ts';
import type { FirstAlerts, FirstPlace } from './first-choices.ts';
import type { Site } from './sites.ts';

export interface FirstFile extends KeyIds {
  /** Of the target. */
  readonly name: string;
  readonly envId: string;
  /** Where the program will find the .p8. */
  readonly keyPath: string;
  readonly site: Site;
  readonly alerts: FirstAlerts;
  readonly runsWith: FirstPlace;
}

/** The text of the file. The ids have been checked, so that they need no quotes; a path may hold anything. */
export function firstFile({ name, envId, keyPath, site, alerts, runsWith, ...ids }: FirstFile): string {
  // What JSON writes is YAML as well.
  const path = JSON.stringify(keyPath.replaceAll('${', () => '$${'));
  return `# Configuration of apple-secret-rotator. docs/configuration.md and config/rotator.example.yaml have every key.
# \${NAME} is replaced by the variable NAME, or by the content of the file that the variable NAME_FILE names.

${HTTP[runsWith]}
cloudbase:
${SITES[site]}
  # The variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or files: TENCENTCLOUD_SECRET_ID_FILE and so on.
  # Others: profile, cvm-role, tke-oidc.
  credentials: { from: env }

targets: # one for each environment; further ones have the same keys
  - name: "${name}" # how this program calls it
    envId: "${envId}"
    teamId: "${ids.teamId}"
    clientId: "${ids.clientId}" # the Services ID
    keyId: "${ids.keyId}"
    key: { from: file, path: ${path} }
    # How the login method is meant to be; what you leave out is not looked at. \`provision\` sets what differs.
    # provider: { scope: openid email name, redirectUri: "https://…/auth/v1/callback" }

${alerts === 'none' ? NOBODY : channel(alerts)}`;
}

/** Loopback inside a container is another one. */
const HTTP: Readonly<Record<FirstPlace, string>> = {
  docker: 'http: { host: 0.0.0.0 } # docker-compose.yml publishes the port on loopback alone\n',
  machine: '# http: { host: 127.0.0.1, port: 8080 } # the page, the metrics and /healthz\n',
};

const SITES: Readonly<Record<Site, string>> = {
  domestic: '  region: ap-shanghai',
  international: '  endpoint: https://tcb.intl.tencentcloudapi.com\n  region: ap-singapore',
};

const NOBODY = `alerts:
  # Nobody is notified, whatever happens. Put a channel here instead as soon as you can:
  # channels: [{ name: ops, type: wecom, url: "\${ALERT_URL}" }]
  none: accepted
`;

function channel(type: string): string {
  const signed = type === 'dingtalk' || type === 'feishu';
  return `alerts:
  channels:
    # The variable ALERT_URL, or ALERT_URL_FILE. Other types: pagerduty, alertmanager, email.
    - { name: ops, type: ${type}, url: "\${ALERT_URL}" }${signed ? ` # secret: "\${ALERT_SECRET}" if the robot signs` : ''}
`;
}
