// The commands with a journal in PostgreSQL: named by a file, read from anywhere, and no password in what they say.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { ownWorkspace } from '../../support/program.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

/** A workspace whose journal is a database that a file names. */
async function place() {
  const url = await server.database();
  const own = await ownWorkspace();
  const urlFile = join(own.folder, 'journal-url');
  writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
  own.configure({ journal: `\${ROTATOR_JOURNAL}` } as never);
  const run = async (...args: string[]) => {
    const result = await own.run(args, { env: { ROTATOR_JOURNAL_FILE: urlFile } });
    expect(`${result.stdout}${result.stderr}`).not.toContain(PASSWORD);
    return result;
  };
  return { ...own, url, shown: url.replace(`:${PASSWORD}`, ''), urlFile, run };
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('with a journal in PostgreSQL', () => {
  test('check says whether it can be made, once rotates, and every command reads what it recorded', async () => {
    const { run, shown, secret } = await place();
    const before = secret();
    expect(oneLine((await run('check')).stdout)).toContain(`${shown} does not exist yet and can be made`);
    expect((await run('status')).code).not.toBe(2);
    expect(await run('once')).toMatchObject({ code: 0 });
    expect(secret()).not.toBe(before);
    expect(oneLine((await run('check')).stdout)).toContain(`${shown} can be written`);
    const { targets } = JSON.parse((await run('status', '--json')).stdout) as { targets: { state: string }[] };
    expect(targets.map(({ state }) => state)).toEqual(['healthy']);
    const { rotations } = JSON.parse((await run('history', '--json')).stdout) as { rotations: { outcome: string }[] };
    expect(rotations.map(({ outcome }) => outcome)).toEqual(['succeeded']);
    expect((await run('alerts', '--json')).code).toBe(0);
    expect((await run('plan')).code).toBe(0);
    expect((await run('explain', 'shop')).stderr).not.toContain('unexpected');
  });

  test('a daemon names it without the password in its log, its page and its command line', async () => {
    const { start, shown, urlFile } = await place();
    const daemon = start(['run'], { env: { ROTATOR_JOURNAL_FILE: urlFile } });
    await daemon.waitFor(/rotation\.succeeded/);
    const [started] = daemon.log().filter(({ event }) => event === 'daemon.started');
    expect(started).toMatchObject({ journal: shown });
    expect(readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8')).not.toContain(PASSWORD);
    const http = String(started?.['http']);
    for (const path of ['/api/v1/overview', '/metrics', '/readyz'])
      expect(await (await fetch(`${http}${path}`)).text()).not.toContain(PASSWORD);
    daemon.signal('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
    expect(`${daemon.stdout()}${daemon.stderr()}`).not.toContain(PASSWORD);
  });

  test('--journal reads it without a configuration, and warns of a password there', async () => {
    const { run, url, shown } = await place();
    await run('once');
    const { code, stdout, stderr } = await run('status', '--journal', url);
    expect([code, stdout]).toEqual([0, expect.stringContaining('shop')]);
    expect(stderr).toContain('a password in an argument is visible in the process list');
    expect(stderr).toContain(`read from the journal ${shown} alone`);
    const wrong = await run('status', '--journal', url.replace('/rotator', '/?x=/rotator'));
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--journal names a database')]);
  });

  test('a wrong place says what to do, on one screen', async () => {
    const { run, urlFile, url } = await place();
    writeFileSync(urlFile, url.replace(PASSWORD, `${PASSWORD}x`));
    const { code, stderr } = await run('once');
    expect(code).not.toBe(0);
    expect(stderr).toContain('refuses user and password (28P01)');
    expect(stderr).toContain('Correct user and password of journal');
  });

  test('export, import and backup', async () => {
    const { run, folder, url, shown, configure } = await place();
    await run('once');
    const out = join(folder, 'out.db');
    expect((await run('journal', 'export', out)).stdout).toBe(
      `moved from ${shown} to ${out}: targets 1, rotations 1, stories 0\n`,
    );
    const db = new DatabaseSync(out, { readOnly: true });
    expect(db.prepare('SELECT name FROM targets').all()).toMatchObject([{ name: 'shop' }]);
    db.close();
    expect((await run('journal', 'import', out)).stderr).toContain('an import overwrites nothing');
    configure({ journal: `${url}?schema=second` } as never);
    expect((await run('journal', 'import', out)).stdout).toContain('targets 1, rotations 1, stories 0');
    expect((await run('history')).stdout).toContain('succeeded');
    const backup = await run('journal', 'backup', join(folder, 'b.db'));
    expect(backup.code).toBe(2);
    expect(backup.stderr).toContain(`pg_dump --schema=second --format=custom --file=`);
  });
});
