// The files in deploy/, which documents show: the text in the document is that of the file, the unit names what there is,
// and every way to run the program says how its hints name it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };

const read = (path: string) => readFileSync(path, 'utf8');

test.each([
  ['deploy/kubernetes.yaml', 'docs/kubernetes.md', 'yaml'],
  ['deploy/apple-secret-rotator.service', 'docs/without-docker.md', 'ini'],
])('%s is shown in %s as it is', (file, document, language) => {
  const blocks = [...read(document).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  expect(blocks.filter(([, name]) => name === language).map(([, , text]) => text)).toContain(read(file));
  expect(read(document)).toContain(`](../${file})`);
});

describe('the unit of systemd', () => {
  const unit = read('deploy/apple-secret-rotator.service');
  const values = (name: string) =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  test('gives a pass that is writing the time it needs, and dumps no core', () => {
    expect(values('TimeoutStopSec')).toEqual(['40']);
    expect(values('LimitCORE')).toEqual(['0']);
    expect(values('User')).toEqual([pkg.name]);
  });

  test('writes to one folder alone, where its journal lies', () => {
    expect(values('ProtectSystem')).toEqual(['strict']);
    expect(values('ReadWritePaths')).toEqual([]);
    expect(values('WorkingDirectory')).toEqual([`/var/lib/${values('StateDirectory')[0]}`]);
    expect(read('docs/without-docker.md')).toContain(`journal: sqlite:${values('WorkingDirectory')[0]}/journal.db`);
  });

  test('reads its variables where the document puts them', () => {
    expect(read('docs/without-docker.md')).toContain(`/etc/${pkg.name}/env`);
    expect(values('EnvironmentFile')).toEqual([`/etc/${pkg.name}/env`]);
  });
});

test.each(['Dockerfile', 'docker-compose.yml', 'deploy/kubernetes.yaml', 'deploy/apple-secret-rotator.service'])(
  '%s says how hints name the program',
  (file) => expect(read(file)).toMatch(/ROTATOR_COMMAND/),
);
