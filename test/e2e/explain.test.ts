// `explain` as a process: without a configuration, in the language of one, and for a name that nothing has.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../support/program.ts';

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-explain-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('an error, an alert and a reason, without any configuration', async () => {
  const cwd = emptyFolder();
  const error = await runProgram(['explain', 'err_cloudbase_denied'], { cwd });
  expect(error).toMatchObject({ code: 0, stderr: '' });
  expect(error.stdout).toMatch(/^ERR_CLOUDBASE_DENIED {2}error {2}AccessDenied\n/m);
  expect(error.stdout.replace(/\n {4}/g, ' ')).toMatch(
    /once it has expired, every Apple login .* needs somebody to act\. For example: tcb GetProviders is not permitted .* Next step: Attach this policy in CAM .* See: docs\/errors\.md, docs\/runbook\.md#accessdenied/,
  );
  // A policy is pasted as it is: it is not broken into lines.
  const broken = error.stdout.split('\n').filter((line) => /\S \S/.test(line));
  for (const line of broken) expect(line.length).toBeLessThanOrEqual(100);
  const alert = await runProgram(['explain', 'SchedulerStalled', '--json'], { cwd });
  expect([alert.code, alert.stderr, JSON.parse(alert.stdout)]).toEqual([
    0,
    '',
    {
      name: 'SchedulerStalled',
      kind: 'alert',
      alert: null,
      means: ['the service has stopped checking'],
      examples: [{ message: expect.any(String), next: expect.stringMatching(/^Restart/) }],
      see: ['docs/runbook.md#schedulerstalled', 'docs/alerts.md'],
    },
  ]);
  const reason = await runProgram(['explain', 'RenewalDue'], { cwd });
  expect([reason.code, reason.stdout]).toEqual([0, expect.stringContaining('because its time for renewal has come')]);
});

test('in the language of the alerts, also of a configuration that is wrong; --language goes before it', async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, 'rotator.yaml'), `alerts: { language: zh }\nnone: \${NONE}\n`);
  const args = ['explain', 'ClockSkewed', '--config', 'rotator.yaml'];
  const chinese = await runProgram(args, { cwd });
  expect([chinese.code, chinese.stderr, chinese.stdout]).toEqual([0, '', expect.stringMatching(/下一步：/)]);
  const english = await runProgram([...args, '--language', 'en'], { cwd });
  expect([english.code, english.stdout]).toEqual([0, expect.stringMatching(/Next step: /)]);
});

test('a name that nothing has is a mistake of the command line; without one all are listed', async () => {
  const cwd = emptyFolder();
  expect(await runProgram(['explain', 'ERR_CLOUDBASE_DENID'], { cwd })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: no error code, reason or alert is named ERR_CLOUDBASE_DENID; did you mean ERR_CLOUDBASE_DENIED? (ERR_USAGE)\n' +
      '  Correct the name, or list all of them with `apple-secret-rotator explain`.\n',
  });
  expect((await runProgram(['explain', 'x', '--language', 'fr'], { cwd })).code).toBe(2);
  const { code, stdout } = await runProgram(['explain'], { cwd });
  expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^KIND +NAME +MEANS$/)]);
  expect(stdout).toMatch(/^alert +LoginsFail +Apple logins fail$/m);
  expect(stdout).toMatch(/^reason +RenewalDue +/m);
  expect(stdout).toMatch(/^error +ERR_INTERNAL +/m);
});
