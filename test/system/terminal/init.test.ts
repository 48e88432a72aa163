// `init` as a person meets it: its questions on a terminal that script(1) makes, what the screen shows (xterm), and what
// is there afterwards.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import xterm from '@xterm/headless';
import { expect, test } from 'vitest';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/server.ts';
import { IDS } from '../../support/pass-rig.ts';
import { envIdOf, MAIN, ownWorkspace, startCommand, type Workspace } from '../../support/program.ts';
import { systemProgram } from '../programs.ts';

const ENTER = '\r';
const DOWN = '\x1b[B';
const CTRL_C = '\x03';
const CLEAR = '\x15';
const FILE = 'first/rotator.yaml';

/** `init` on a terminal of this size; a size of 0 is none, as some terminals begin. */
function onTerminal({ folder }: Workspace, columns = 100) {
  const line = `stty cols ${columns} rows 40; exec '${process.execPath}' '${MAIN}' init --config ${FILE}`;
  const started = startCommand(systemProgram('script'), ['-qefc', line, '/dev/null'], {
    cwd: folder,
    env: { TERM: 'xterm-256color' },
    input: { open: true },
  });
  let answered = 0;
  return {
    ...started,
    /** Types once the question stands in what came since the last answer. */
    async answer(question: RegExp, keys: string) {
      await started.waitFor(({ stdout }) => question.test(stdout().slice(answered)));
      answered = started.stdout().length;
      started.type(keys);
    },
  };
}

/** What the screen shows in the end. */
async function screenOf(text: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: 100, rows: 200, allowProposedApi: true });
  await new Promise<void>((done) => terminal.write(text, done));
  const lines = Array.from({ length: 200 }, (_, y) => terminal.buffer.active.getLine(y)?.translateToString(true) ?? '');
  return lines.join('\n').trimEnd();
}

test('asks for everything, checks each answer as it is given, and runs check on its file', async () => {
  const place = await ownWorkspace({ daysLeft: 170 });
  const terminal = onTerminal(place);
  await terminal.answer(/Where is the \.p8/, `none.p8${ENTER}`);
  await terminal.answer(/no key file none\.p8[\s\S]*Where is the \.p8/, `${CLEAR}${place.keyFile}${ENTER}`);
  // Its name says it.
  await terminal.answer(/Its Key ID/, ENTER);
  await terminal.answer(/The Team ID/, `${IDS.keyId}${ENTER}`);
  await terminal.answer(/are the same[\s\S]*The Team ID/, `${CLEAR}${IDS.teamId}${ENTER}`);
  await terminal.answer(/The Services ID/, `${IDS.teamId}.${IDS.clientId}${ENTER}`);
  await terminal.answer(/begins with a team[\s\S]*The Services ID/, `${CLEAR}${IDS.clientId}${ENTER}`);
  await terminal.answer(/The id of the CloudBase environment/, `${envIdOf('shop')}${ENTER}`);
  await terminal.answer(/call it/, `${CLEAR}shop${ENTER}`);
  await terminal.answer(/which site/, ENTER);
  await terminal.answer(/Who is notified/, `${DOWN}${DOWN}${DOWN}${DOWN}${ENTER}`);
  await terminal.answer(/How will the program run/, `${DOWN}${ENTER}`);
  await terminal.waitFor(/Run `check` now/);

  const { folder, sandbox } = place;
  expect(readdirSync(join(folder, 'secrets'))).toEqual(['alert_url', 'tencent_secret_id', 'tencent_secret_key']);
  writeFileSync(join(folder, 'secrets/tencent_secret_id'), SANDBOX_CREDENTIALS.secretId);
  writeFileSync(join(folder, 'secrets/tencent_secret_key'), SANDBOX_CREDENTIALS.secretKey);
  writeFileSync(join(folder, 'secrets/alert_url'), `${sandbox.url}/inbox/ops`);
  const text = readFileSync(join(folder, FILE), 'utf8');
  expect(text).toMatch(/name: "shop" #[\s\S]*type: webhook/);
  const onSandbox = text.replace('cloudbase:\n', `cloudbase:\n  endpoint: ${sandbox.url}\n`);
  writeFileSync(
    join(folder, FILE),
    `${onSandbox}\napple: { tokenUrl: "${sandbox.url}/auth/token" }\nhttp: { port: 0 }\n`,
  );
  await terminal.answer(/Run `check` now/, 'y');
  expect((await terminal.exited).code).toBe(0);
  const screen = await screenOf(terminal.stdout());
  expect(screen).toMatch(/Where is the \.p8[^\n]*\n[^\n]*AuthKey_/);
  expect(screen).toMatch(/0 failed, .*\nNothing was written\.$/);
});

test.each([
  ['at the first question', /Where is the \.p8/, ''],
  ['at a later one', /Its Key ID/, ENTER],
])('Ctrl-C %s: nothing is written, and that is said', async (_, question, before) => {
  const place = await ownWorkspace();
  const found = readdirSync(place.folder);
  const terminal = onTerminal(place);
  if (before !== '') await terminal.answer(/Where is the \.p8/, `${place.keyFile}${before}`);
  await terminal.answer(question, CTRL_C);
  expect((await terminal.exited).code).toBe(1);
  expect(await screenOf(terminal.stdout())).toMatch(/Nothing was written\.$/);
  expect(readdirSync(place.folder)).toEqual(found);
});

test('without a yes to the last question it prints the command; the terminal has no size', async () => {
  const place = await ownWorkspace();
  const terminal = onTerminal(place, 0);
  await terminal.answer(/Where is the \.p8/, `${place.keyFile}${ENTER}`);
  await terminal.answer(/Its Key ID/, ENTER);
  await terminal.answer(/The Team ID/, `${IDS.teamId}${ENTER}`);
  await terminal.answer(/The Services ID/, `${IDS.clientId}${ENTER}`);
  await terminal.answer(/The id of the CloudBase environment/, `${envIdOf('shop')}${ENTER}`);
  await terminal.answer(/call it/, ENTER);
  await terminal.answer(/which site/, ENTER);
  await terminal.answer(/Who is notified/, ENTER);
  await terminal.answer(/How will the program run/, `${DOWN}${ENTER}`);
  await terminal.answer(/Run `check` now/, ENTER);
  expect((await terminal.exited).code).toBe(0);
  expect(await screenOf(terminal.stdout())).toMatch(new RegExp(`apple-secret-rotator check --config ${FILE}$`));
});
