// Makes the pictures of the documents from real runs, in docs/pictures: demo.svg, the demo as a terminal shows it,
// alert.svg, an alert in a chat, and channels-en.svg and channels-zh.svg, that alert in each channel. Run by
// `npm run pictures`, in a checkout, by hand.
// Wants the program `script` (util-linux), which gives the demo a terminal.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import xterm from '@xterm/headless';
import type { Json } from '../src/core/json.ts';
import { startMailbox } from '../test/support/mailbox.ts';
import { channelPicture, escapeXml, SHOWN, type Shown } from './channel-picture.ts';

const OUT = 'docs/pictures';
const COLUMNS = 112;
/** More rows than the demo prints before the first rotation is done; empty rows at the end are cut off. */
const ROWS = 60;
const CELL = { width: 8.4, height: 18 } as const;
const MARGIN = 16;
const FONT = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14"';
/** The sixteen colours of a terminal on a dark ground, contrast 4.5 or more. */
const PALETTE = [
  ...['#8b949e', '#ff7b72', '#3fb950', '#d29922', '#79c0ff', '#d2a8ff', '#39c5cf', '#c9d1d9'],
  ...['#8b949e', '#ffa198', '#56d364', '#e3b341', '#a5d6ff', '#e2c5ff', '#56d4dd', '#f0f6fc'],
];

/** Runs a command in a terminal of its own until its output holds `until`; returns what it printed. */
async function record(command: string, until: RegExp, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn('script', ['-qec', `stty cols ${COLUMNS} rows ${ROWS}; ${command}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    return await output(child, until);
  } finally {
    // Ctrl-C, as a person ends it; `script` passes it on to the terminal that it made.
    child.stdin?.end('\u0003');
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

function output(child: ChildProcess, until: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (until.test(text)) resolve(text);
    });
    child.once('error', reject).once('exit', () => reject(new Error(`it ended before it printed ${until}:\n${text}`)));
  });
}

/** What a terminal of COLUMNS × ROWS shows after `text`, as SVG. */
async function terminalPicture(text: string, title: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const rows: string[] = [];
  for (let y = 0; y < ROWS; y += 1) rows.push(rowOf(terminal, y));
  while (rows.at(-1) === '') rows.pop();
  const body = rows.map((row, y) => (row === '' ? '' : at(MARGIN, MARGIN + 14 + y * CELL.height, row))).join('\n');
  const [width, height] = [COLUMNS * CELL.width + 2 * MARGIN, rows.length * CELL.height + 2 * MARGIN];
  return svg(
    width,
    height,
    title,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n<g ${FONT}>\n${body}\n</g>`,
  );
}

function at(x: number, y: number, spans: string): string {
  return `<text x="${x}" y="${y}" xml:space="preserve">${spans}</text>`;
}

/** One row as spans of equal colour; empty for a blank row. */
function rowOf(terminal: xterm.Terminal, y: number): string {
  const line = terminal.buffer.active.getLine(y);
  let [spans, run, colour] = ['', '', ''];
  const flush = () => {
    if (run !== '') spans += `<tspan fill="${colour}">${escapeXml(run)}</tspan>`;
    run = '';
  };
  const length = line?.translateToString(true).length ?? 0;
  for (let x = 0; x < length; x += 1) {
    const cell = line?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const own = cell.isFgDefault() ? '#c9d1d9' : (PALETTE[cell.getFgColor()] ?? '#c9d1d9');
    if (own !== colour) flush();
    colour = own;
    run += cell.getChars() === '' ? '\u00a0' : cell.getChars().replace(' ', '\u00a0');
  }
  flush();
  return spans;
}

function svg(width: number, height: number, title: string, body: string): string {
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escapeXml(title)}">\n${body}\n</svg>\n`;
}

async function demo(port: number): Promise<string> {
  const printed = await record(
    `node src/main.ts sandbox --demo --port ${port}`,
    /the new client secret is in place[\s\S]*nextCheckAt[^\n]*\n/,
    {
      ROTATOR_HTTP_PORT: String(port + 1),
    },
  );
  const log = printed.slice(printed.search(/.*Apple rejected the control/));
  return terminalPicture(`$ npm run demo\r\n…\r\n${log}`, 'The demo: a client secret with five days left is replaced');
}

/** The alert of a target whose permission to write was taken away, as each channel gets it. */
async function alerts(port: number, language: 'en' | 'zh'): Promise<Shown[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  const url = `http://127.0.0.1:${port}`;
  const sandbox = spawn(process.execPath, ['src/main.ts', 'sandbox', '--stage', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const mailbox = await startMailbox();
  try {
    await output(sandbox, /listen/);
    const config = join(folder, 'rotator.yaml');
    writeFileSync(config, alertConfig(url, folder, mailbox.port, language));
    const fault = {
      service: 'tcb',
      action: 'ModifyProvider',
      kind: 'error',
      code: 'UnauthorizedOperation',
      message:
        'you are not authorized to perform operation (tcb:ModifyProvider) resource (qcs::tcb:ap-shanghai:uin/100000000001:env/shop-demo-1g2h3j)',
    };
    await fetch(`${url}/sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
    const once = spawn(process.execPath, ['src/main.ts', 'once', '--config', config], { stdio: 'ignore' });
    await new Promise((resolve) => once.on('exit', resolve));
    const { messages } = (await (await fetch(`${url}/sandbox/inbox`)).json()) as { messages: Posted[] };
    return Object.keys(SHOWN).map((service) => {
      const posted = service === 'email' ? mailOf(mailbox.mails[0]) : messages.find(({ name }) => name === service);
      const shown = posted === undefined ? undefined : SHOWN[service]?.(posted.body);
      if (shown === undefined || posted?.refused !== undefined)
        throw new Error(`${service}: ${JSON.stringify(posted)}`);
      return { service, ...shown };
    });
  } finally {
    sandbox.kill('SIGTERM');
    await mailbox.close();
    rmSync(folder, { recursive: true });
  }
}

interface Posted {
  readonly name: string;
  readonly body: Json;
  readonly refused?: string;
}

/** Subject and HTML of a mail as nodemailer writes it. */
function mailOf(raw = ''): Posted {
  const decoded = (text: string) =>
    Buffer.from(
      text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  const [, html = ''] = /Content-Type: text\/html[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(raw) ?? [];
  const [, head = ''] = /\nSubject: ([\s\S]*?)\r\n(?=\S)/.exec(raw) ?? [];
  const subject = head
    .replace(/\?=\r\n =\?/g, '?==?')
    .replace(/=\?UTF-8\?Q\?([^?]*)\?=/gi, (_, text: string) => text.replaceAll('_', '=20'))
    .replace(/\r\n /g, ' ');
  return { name: 'email', body: { subject: decoded(subject), html: decoded(html) } };
}

function alertConfig(url: string, folder: string, mailPort: number, language: string): string {
  const posts = ['slack', 'wecom', 'dingtalk', 'feishu', 'pagerduty', 'alertmanager'].map((type) => {
    const own: Readonly<Record<string, string>> = {
      slack: ', mention: [U012AB3CD]',
      wecom: ', mention: [zhangsan]',
      dingtalk: ', secret: SECtest, mention: [zhangsan]',
      feishu: ', secret: SECtest, mention: [everybody]',
      pagerduty: ', routingKey: R0UTINGKEYR0UTINGKEYR0UTINGKEY12',
    };
    return `    - { name: ${type}, type: ${type}, url: "${url}/inbox/${type}"${own[type] ?? ''} }\n`;
  });
  return `instance: prod-rotator
journal: sqlite:${folder}/journal.db
apple: { tokenUrl: ${url}/auth/token }
cloudbase: { endpoint: ${url}, credentials: { from: profile, path: ./data/sandbox/credentials } }
targets:
  - name: shop-prod
    envId: shop-demo-1g2h3j
    teamId: TEAMSANDBX
    clientId: com.example.shop.web
    keyId: SANDBOX001
    key: { from: file, path: ./data/sandbox/AuthKey_SANDBOX001.p8 }
alerts:
  language: ${language}
  timezone: Asia/Shanghai
  runbook: https://ops.example.com/runbook
  channels:
${posts.join('')}    - { name: email, type: email, host: 127.0.0.1, port: ${mailPort}, from: rotator@example.com, to: [ops@example.com] }
`;
}

mkdirSync(OUT, { recursive: true });
const port = Number(process.env['PICTURES_PORT'] ?? '4480');
writeFileSync(join(OUT, 'demo.svg'), await demo(port));
for (const [index, language] of (['en', 'zh'] as const).entries()) {
  const shown = await alerts(port + 2 + index, language);
  writeFileSync(join(OUT, `channels-${language}.svg`), channelPicture(shown, `An alert in each channel (${language})`));
  if (language === 'en') writeFileSync(join(OUT, 'alert.svg'), channelPicture(shown.slice(0, 1), 'An alert in a chat'));
}
