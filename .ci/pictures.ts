// Makes the two pictures of the README from real runs: docs/pictures/demo.svg, the demo as a terminal shows it, and
// docs/pictures/alert.svg, an alert as a chat shows it. Run by `npm run pictures`, in a checkout, by hand.
// Wants the program `script` (util-linux), which gives the demo a terminal.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import xterm from '@xterm/headless';

const OUT = 'docs/pictures';
const COLUMNS = 112;
/** More rows than the demo prints before the first rotation is done; empty rows at the end are cut off. */
const ROWS = 60;
const CELL = { width: 8.4, height: 18 } as const;
const MARGIN = 16;
const FONT = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14"';
const SANS = 'font-family="-apple-system,Segoe UI,Helvetica,Arial,sans-serif"';
/** The sixteen colours of a terminal on a dark ground, contrast 4.5 or more. */
const PALETTE = [
  ...['#8b949e', '#ff7b72', '#3fb950', '#d29922', '#79c0ff', '#d2a8ff', '#39c5cf', '#c9d1d9'],
  ...['#8b949e', '#ffa198', '#56d364', '#e3b341', '#a5d6ff', '#e2c5ff', '#56d4dd', '#f0f6fc'],
];

const escapeXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

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

/** Slack's own markup, as far as our messages use it. */
function chatSpans(line: string): string {
  return line
    .split(/(\*[^*]+\*|`[^`]+`)/)
    .map((part) => {
      if (/^\*.+\*$/.test(part)) return `<tspan font-weight="700">${escapeXml(part.slice(1, -1))}</tspan>`;
      if (/^`.+`$/.test(part)) return `<tspan ${FONT} fill="#c01343">${escapeXml(part.slice(1, -1))}</tspan>`;
      return escapeXml(part.replace(/<([^|>]+)\|([^>]+)>/g, '$2'));
    })
    .join('');
}

/** Rows of at most `columns` characters; a long word is cut; code and bold text that go on in the next row stay so. */
function wrapped(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => {
    const rows: string[] = [''];
    const words = line.split(' ').flatMap((word) => word.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    for (const word of words) {
      const row = rows.at(-1) ?? '';
      if (row !== '' && row.length + word.length + 1 > columns) rows.push(word);
      else rows[rows.length - 1] = row === '' ? word : `${row} ${word}`;
    }
    return ['`', '*'].reduce((marked, mark) => {
      let isOpen = false;
      return marked.map((row) => {
        const opened = isOpen ? `${mark}${row}` : row;
        isOpen = opened.split(mark).length % 2 === 0;
        return isOpen ? `${opened}${mark}` : opened;
      });
    }, rows);
  });
}

/** A message of a chat as SVG. */
function chatPicture(text: string, title: string): string {
  const rows = wrapped(text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&'), 84);
  const body = rows.map((row, y) => `<text x="76" y="${58 + y * 22}">${chatSpans(row)}</text>`).join('\n');
  const height = 58 + rows.length * 22 + 8;
  const frame = `<rect x="0.5" y="0.5" width="819" height="${height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<rect x="20" y="20" width="40" height="40" rx="8" fill="#1d4ed8"/>
<path d="M40 28a12 12 0 1 1-11 7" fill="none" stroke="#fff" stroke-width="3"/><path d="M27 28l1 9 8-4z" fill="#fff"/>`;
  const head = '<text x="76" y="34" font-weight="700">rotator</text>';
  return svg(820, height, title, `${frame}\n<g ${SANS} font-size="15" fill="#1d1c1d">\n${head}\n${body}\n</g>`);
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

/** The alert of a target whose permission to write was taken away, as Slack gets it. */
async function alert(port: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  const url = `http://127.0.0.1:${port}`;
  const sandbox = spawn(process.execPath, ['src/main.ts', 'sandbox', '--stage', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await output(sandbox, /listen/);
    const config = join(folder, 'rotator.yaml');
    writeFileSync(config, alertConfig(url, folder));
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
    const inbox = (await (await fetch(`${url}/sandbox/inbox`)).json()) as { messages?: { body?: { text?: string } }[] };
    const text = inbox.messages?.at(-1)?.body?.text;
    if (text === undefined) throw new Error(`no message arrived: ${JSON.stringify(inbox)}`);
    return chatPicture(text, 'An alert in a chat');
  } finally {
    sandbox.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  }
}

function alertConfig(url: string, folder: string): string {
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
  channels: [{ name: ops, type: slack, url: "${url}/inbox/slack" }]
`;
}

mkdirSync(OUT, { recursive: true });
const port = Number(process.env['PICTURES_PORT'] ?? '4480');
writeFileSync(join(OUT, 'demo.svg'), await demo(port));
writeFileSync(join(OUT, 'alert.svg'), await alert(port + 2));
