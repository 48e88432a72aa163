// `sandbox`: runs the simulated outside world on loopback until it is stopped. --stage also sets up what
// config/sandbox.yaml names, or what --config names, for a daemon that is started separately (docker-compose.yml does
// that); --demo starts that daemon as well. The world itself is src/sandbox/; this file explains it on the terminal and
// runs the daemon's process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { RotatorError } from '../core/errors.ts';
import { program } from '../core/texts/command.ts';
import { counted } from '../core/texts/en/words.ts';
import { DEMO, setUpDemo } from '../sandbox/demo.ts';
import type { RequestRecord } from '../sandbox/requests.ts';
import { DEFAULT_PORT, SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS, startSandbox } from '../sandbox/server.ts';
import type { World } from '../sandbox/world.ts';
import type { Staged } from '../service/rehearsal.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export interface SandboxOptions {
  /** Where to listen on 127.0.0.1; 0: any free port. */
  readonly port: number;
  readonly demo: boolean;
  /**
   * Writes the key and the credentials, and puts the secret with five days left into the provider, as the demo does.
   */
  readonly stage: boolean;
  /** A configuration that is staged in place of the demo's, and how; resolves to what was staged. */
  readonly own?: {
    readonly file: string;
    readonly stage: (world: World, url: string) => Promise<Staged>;
  };
}

/** What main.ts knows about the process. */
export interface SandboxProcess {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
  /** How this program was started: Node, its options, the entry point. The demo starts it again. */
  readonly command: readonly [executable: string, ...args: string[]];
}

const DEMO_CONFIG = 'config/sandbox.yaml';
const DEMO_FOLDER = './data/sandbox';
/** A pass that is writing gets 25 s to finish: less here would cut it off, more would only delay the end. */
const STOP_LIMIT_MS = 30_000;

/** Runs until `program.stop`, with `demo` at most until the daemon ends. Throws ERR_USAGE if it cannot start. */
export async function sandbox(
  options: SandboxOptions,
  context: CliContext,
  program: SandboxProcess,
): Promise<ExitStatus> {
  if (options.demo) await wantConfig();
  const { url, world, close } = await startSandbox({ port: options.port, clock: context.clock });
  try {
    const { own } = options;
    const staged = own === undefined ? stageText(url) : ownText(await own.stage(world, url), own.file, url);
    if (options.demo || (options.stage && own === undefined)) await setUpDemo(world, DEMO_FOLDER);
    if (options.demo) {
      // Beside the sandbox, so that another --port moves both.
      const httpPort = context.env['ROTATOR_HTTP_PORT'] ?? String(options.port === 0 ? 0 : options.port + 1);
      context.stdout.write(demoText(url, httpPort));
      return await daemon(url, httpPort, context, program);
    }
    context.stdout.writeSecret(sandboxText(url) + (options.stage ? staged : ''));
    world.requests.onRequest((request) => context.stderr.write(requestLine(request)));
    if (!program.stop.aborted) await once(program.stop, 'abort');
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** Runs `run` as a child process, and ends with it. */
async function daemon(
  url: string,
  httpPort: string,
  context: CliContext,
  { stop, command }: SandboxProcess,
): Promise<ExitStatus> {
  const [executable, ...args] = command;
  // In its own process group: Ctrl-C in a terminal reaches this process alone, which then stops the daemon once.
  const child = spawn(executable, [...args, 'run', '--config', DEMO_CONFIG], {
    env: { ...context.env, ROTATOR_HTTP_PORT: httpPort, ROTATOR_SANDBOX_URL: url },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const ended = once(child, 'exit');
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    timer ??= setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  };
  // A closed terminal or a second Ctrl-C must not leave the daemon running.
  const abandon = () => child.kill('SIGTERM');
  stop.addEventListener('abort', end, { once: true });
  process.once('SIGHUP', end).once('exit', abandon);
  if (stop.aborted) end();
  try {
    const [code, signal] = await ended;
    // A daemon that is stopped before it listens for signals ends by our signal.
    if (code === EXIT.ok || (timer !== undefined && signal === 'SIGTERM')) return EXIT.ok;
    context.stderr.write(`demo: the daemon ended with ${code === null ? 'a signal' : `status ${code}`}\n`);
    return code === EXIT.usage ? EXIT.usage : EXIT.failed;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
    process.off('SIGHUP', end).off('exit', abandon);
  }
}

async function wantConfig(): Promise<void> {
  await access(DEMO_CONFIG).catch((cause: unknown) => {
    throw new RotatorError('ERR_USAGE', { problem: 'no-demo-config', path: DEMO_CONFIG }, { cause });
  });
}

/** Shown before the daemon's log begins. */
function demoText(url: string, httpPort: string): string {
  const { envId, providerId, keyId, daysLeft } = DEMO;
  const rotator = (words: string) => typed(words, url);
  const provider = `${url}/sandbox/environments/${envId}/providers/${providerId}`;
  return `
Demo: a simulated CloudBase and Apple listen on ${url}. Nothing leaves this machine.
${httpPort === '0' ? '' : `\nOpen http://127.0.0.1:${httpPort}/ in a browser: the page shows each rotation as it happens.\n`}
In environment ${envId} the Apple provider holds a client secret with ${daysLeft} days left.
The daemon starts now with ${DEMO_CONFIG}. Below is its log: it finds the secret, mints a
new one, verifies it, asks Apple, writes it to the provider and reads it back. Then it checks every
minute.

Try in a second terminal, in this folder:

${rotator('status')}
${rotator('history')}
${rotator('plan')}

Let the secret expire, and watch the next check, in the log or on the page:

  curl -X POST ${provider}/secret \\
    -d '{"keyId":"${keyId}","expiresInDays":-1}'

Let a write be applied but its answer be lost, then do that again:

  curl -X POST ${url}/sandbox/faults \\
    -d '{"service":"tcb","action":"ModifyProvider","kind":"reset-after","times":1}'

Switch the login method off, and after the next check see what is raised and what was sent:

  curl -X PATCH ${provider} -d '{"On":"FALSE"}'
${rotator('alerts')}
  curl ${url}/sandbox/inbox

More of that: docs/sandbox.md, or curl ${url}/sandbox/. Stop everything with Ctrl-C.

`;
}

/** A command on a line of its own, as somebody types it here. Another port than the usual one has to be said. */
function typed(words: string, url: string): string {
  const prefix = new URL(url).port === String(DEFAULT_PORT) ? '' : `ROTATOR_SANDBOX_URL=${url} `;
  return `  ${prefix}${program(`${words} --config ${DEMO_CONFIG}`)}`;
}

/** Shown with --stage. */
function stageText(url: string): string {
  const { envId, daysLeft } = DEMO;
  return `Ready: environment ${envId}, whose Apple provider holds a client secret with ${daysLeft} days left.
Its key and the credentials are in ${DEMO_FOLDER}. In a second terminal, in this folder,

${typed('run', url)}

finds and replaces that secret.

`;
}

/** Shown with --stage --config. */
function ownText({ targets, madeUp }: Staged, file: string, url: string): string {
  const stores =
    madeUp.length === 0
      ? ''
      : `
Your secret stores were not asked. Their stand-ins hold keys that are made up too:
${madeUp.map((origin) => `  ${origin}\n`).join('')}`;
  return `Ready: ${counted(targets, 'target')} of ${file} at ${url}, each with a client secret with ${DEMO.daysLeft} days left that
a key made up here has signed. The simulated Apple knows the public halves of your keys.
${stores}
In a second terminal, with the credentials above,

  ${program(`run --config ${file}`)}

finds and replaces these secrets. What your key signs works with the real Apple too: stop both when you
are done.

`;
}

/** Shown without --demo, to somebody who tries a configuration of their own. */
function sandboxText(url: string): string {
  const provider = `${url}/sandbox/environments/my-env-1g2h3j/providers/apple`;
  return `
The sandbox listens on ${url}, on this machine alone:

  CloudBase, SSM, STS    ${url}
  AWS Secrets Manager    ${url}
  Apple                  ${url}/auth/token
  machine metadata       ${url}/latest/meta-data/
  inbox for alerts       ${url}/inbox/NAME
  control                ${url}/sandbox/

It accepts these credentials, which work nowhere else:

  TENCENTCLOUD_SECRET_ID=${SANDBOX_CREDENTIALS.secretId}
  TENCENTCLOUD_SECRET_KEY=${SANDBOX_CREDENTIALS.secretKey}
  AWS_ACCESS_KEY_ID=${SANDBOX_AWS_CREDENTIALS.accessKeyId}
  AWS_SECRET_ACCESS_KEY=${SANDBOX_AWS_CREDENTIALS.secretAccessKey}

In your configuration set

  cloudbase.endpoint: ${url}
  apple.tokenUrl: ${url}/auth/token

then create the provider, and give the simulated Apple the public half of your key:

  curl -X PUT ${provider} \\
    -d '{"Config":{"ClientId":"com.example.shop.web","ClientSecret":""}}'
  curl -X POST ${url}/sandbox/apple/keys \\
    -d '{"teamId":"A1B2C3D4E5","keyId":"K1L2M3N4O5","clientIds":["com.example.shop.web"],
         "publicKey":"'$(openssl ec -in AuthKey_K1L2M3N4O5.p8 -pubout -outform der |
                         base64 | tr -d '\\n')'"}'

Faults, other behaviour and the rest: docs/sandbox.md. Each request is a line below.
Stop with Ctrl-C.

`;
}

function requestLine({ at, service, action, envId }: RequestRecord): string {
  return `${new Date(at).toISOString()} ${service} ${action}${envId === undefined ? '' : ` ${envId}`}\n`;
}
