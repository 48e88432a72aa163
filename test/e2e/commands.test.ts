// The command line as such: help, errors of usage and of the configuration, and what goes where. Nobody sees a stack
// trace for a mistake, nor a warning of Node's in a good run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { ownWorkspace, runProgram } from '../support/program.ts';

/** No configuration lies here. */
let nowhere = '';
beforeAll(() => {
  nowhere = mkdtempSync(join(tmpdir(), 'rotator-cli-'));
});
afterAll(() => rmSync(nowhere, { recursive: true }));

const program = (args: readonly string[], env: Record<string, string> = {}) => runProgram(args, { cwd: nowhere, env });

const CONFIGURED = ['run', 'once', 'plan', 'status', 'history'];
const COMMANDS = [
  ...CONFIGURED,
  ...['alerts', 'check', 'explain', 'generate', 'health', 'inspect', 'journal', 'probe', 'provision', 'sandbox'],
];

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout, stderr } = await program(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  test.each([...COMMANDS, 'journal backup'])('%s', async (command) => {
    const words = command.split(' ');
    const { code, stdout, stderr } = await program([...words, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: apple-secret-rotator ${command} `));
    expect(stdout).toMatch(/^Examples?:\n {2}apple-secret-rotator /m);
    for (const line of stdout.split('\n').filter((text) => !text.startsWith('  apple-secret-rotator')))
      expect(line.length, line).toBeLessThanOrEqual(100);
  });

  test.each([60, 80, 160])('is as wide as the terminal, %d columns', async (columns) => {
    const { stdout } = await program(['alerts', '--help'], { COLUMNS: String(columns) });
    const lines = stdout.split('\n').filter((text) => !text.startsWith('  apple-secret-rotator'));
    const widest = Math.max(...lines.map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(columns);
    expect(widest).toBeGreaterThan(columns - 20);
  });

  test('--version is the version', async () => {
    expect(await program(['--version'])).toEqual({ code: 0, stdout: `${pkg.version}\n`, stderr: '' });
  });
});

describe('an error of usage ends with 2, and says what is wrong and where help is', () => {
  test.each([
    [['nope'], "unknown command 'nope'"],
    [['onec'], "unknown command 'onec'"],
    [['journal', 'nope'], "unknown command 'nope'"],
    [['once', '--nope'], "unknown option '--nope'"],
    [['once', 'shop'], "too many arguments for 'once'. Expected 0 arguments but got 1: shop."],
    [['once', '--target'], "option '-t, --target <name>' argument missing"],
    [['journal', 'backup'], "missing required argument 'file'"],
    [
      ['history', '--limit', '0'],
      "option '-n, --limit <number>' argument '0' is invalid. It must be a whole number from 1 to 999999.",
    ],
    [
      ['sandbox', '--port', '65536'],
      "option '-p, --port <number>' argument '65536' is invalid. It must be a whole number from 0 to 65535.",
    ],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await program(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: .*\n(?:\(Did you mean once\?\)\n)?\(try: apple-secret-rotator .*--help\)\n$/);
    expect(stderr).toContain(`error: ${message}\n`);
  });

  test('without a command help is shown, on stderr', async () => {
    const { code, stdout, stderr } = await program([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: apple-secret-rotator /);
  });
});

describe('a configuration that cannot be used ends every command with 2', () => {
  test.each([...CONFIGURED, 'journal backup copy.db'])(
    'there is none: %s says where it was looked for and what to do',
    async (command) => {
      const ends = command === 'run' ? ['run', '--exit-when-refused'] : command.split(' ');
      const readsJournal = ['status', 'history'].includes(command);
      expect(await program(ends)).toEqual({
        code: 2,
        stdout: command === 'run' ? expect.stringContaining('"event":"start.refused"') : '',
        stderr: `error: configuration: the environment: found no configuration: neither --config nor ROTATOR_CONFIG is given, config/rotator.yaml does not exist, CLOUDBASE_ENV_ID is not set, wanted a configuration file, or CLOUDBASE_ENV_ID and the other variables for a single target (ERR_CONFIG)
  Write it with \`apple-secret-rotator init\`, or copy config/rotator.example.yaml to config/rotator.yaml and fill it in; --config names another file.
${readsJournal ? 'there is no journal to read instead: ./data/journal.db; --journal FILE names another one\n' : ''}`,
      });
    },
  );

  test('every mistake is told at once, by file, line and key, with what was found and what is wanted', async () => {
    const file = join(nowhere, 'broken.yaml');
    writeFileSync(
      file,
      `log: { level: loud }
schedul:
  cron: "7 * * * *"
policy:
  lifetime: 181d
targets:
  - name: Shop Prod
    envId: shop-1g2h3j
    key: { from: file }
`,
    );
    const { code, stdout, stderr } = await program(['once', '--config', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(file, 'FILE')).toBe(`error: the configuration cannot be used (ERR_CONFIG)
FILE: 5 problems
  line 1, log.level
    found    "loud"
    wanted   trace | debug | info | warn | error | fatal
    next     Write one of these words.
    example  level: trace
  line 2, schedul
    found    an unknown key "schedul"
    wanted   schedule, the nearest known key
    next     Did you mean schedule?
    example  schedule: …
  line 5, policy.lifetime
    found    "181d"
    wanted   a duration such as 90s, 15m, 4h or 60d, from 7d to 180d
    next     Write it as in this example.
    example  lifetime: 7d
  line 7, targets[0].name
    found    "Shop Prod"
    wanted   1 to 63 characters of a-z, 0-9, dot, underscore and hyphen; the first is a letter or a digit
    next     Write it as in this example.
    example  name: shop-prod
  line 9, targets[0].key.path
    found    nothing
    wanted   the path of a .p8 file
    next     Add it as in this example.
    example  path: /run/secrets/AuthKey_K1L2M3N4O5.p8
`);
  });

  test('`run` does without one entry that is wrong, says so, and `once` does not begin', async () => {
    const place = await ownWorkspace({ targets: [{ name: 'shop' }, { name: 'wrong', keyId: 'short' }] });
    const daemon = place.start(['run']);
    await daemon.waitFor(/"event":"rotation.succeeded","target":"shop"/);
    daemon.signal('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
    expect(daemon.log()).toContainEqual(
      expect.objectContaining({
        event: 'warning',
        level: 'warn',
        code: 'ERR_CONFIG',
        msg: expect.stringMatching(/^target wrong is left out because its configuration is wrong: .*keyId/),
      }),
    );
    const once = await place.run(['once']);
    expect([once.code, once.stdout]).toEqual([2, '']);
    expect(once.stderr).toContain('targets[1].keyId: found "short", wanted ');
  });

  test('`run` that nobody would hear of does not begin', async () => {
    const place = await ownWorkspace({ settings: { alerts: { none: '' } } });
    const { code, stderr } = await place.run(['run', '--exit-when-refused']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*rotator\.yaml: nobody would be notified, because no channel carries these alerts: warning of the service itself, warning of shop, .*\(ERR_CONFIG\)\n {2}Add a /,
    );
  });

  test('a daemon beside another one does not begin, and names it', async () => {
    const place = await ownWorkspace();
    const daemon = place.start(['run']);
    await daemon.waitFor(/daemon\.started/);
    const { code, stderr } = await place.run(['run', '--exit-when-refused']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `^error: a daemon already runs with journal .*: instance e2e, pid ${daemon.pid} on .* \\(ERR_DAEMON_RUNNING\\)\n`,
      ),
    );
  });
});

test('nothing is coloured in a pipe, whatever the terminal is called', async () => {
  const place = await ownWorkspace();
  const { stdout, stderr } = await place.run(['status'], { env: { TERM: 'xterm-256color', FORCE_COLOR: '1' } });
  expect(stdout).toContain('shop  unknown  unknown  -');
  expect(stdout + stderr).not.toContain('\x1b');
});
