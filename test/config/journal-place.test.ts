// Where the journal is, from configurations that are wrong in every other way.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJournalPlace } from '../../src/config/journal-place.ts';
import { folder } from '../support/journal.ts';

const ELSEWHERE = { ROTATOR_JOURNAL: 'sqlite:./elsewhere.db' };

async function placeIn(text: string, env: Record<string, string> = ELSEWHERE): Promise<string> {
  const file = join(folder(), 'rotator.yaml');
  writeFileSync(file, text);
  return (await readJournalPlace(file, env)).path;
}

test.each([
  ['named', 'journal: sqlite:./a.db\n', './a.db'],
  ['named by a variable', `journal: sqlite:\${DATA}/a.db\n`, '/data/a.db', { ...ELSEWHERE, DATA: '/data' }],
  ['named beside unknown keys and missing variables', `journal: sqlite:./a.db\nnone: \${NONE}\n`, './a.db'],
  ['named on its line of a file that is no YAML', 'targets: [ {\njournal: sqlite:./a.db # here\n', './a.db'],
  ['not named: the default', 'targets: []\n', './data/journal.db'],
  ['left empty: the default', `journal: \${NONE:-}\n`, './data/journal.db'],
  ['named wrongly', 'journal: mysql://x\n', './elsewhere.db'],
  ['a list', 'journal: [a]\n', './elsewhere.db'],
  ['named by a variable that is not set', `journal: sqlite:\${DATA}/a.db\n`, './elsewhere.db'],
  ['not on any line', 'targets: [ {\n', './elsewhere.db'],
  ['not in a file that is no mapping', '- a\n', './elsewhere.db'],
  ['nowhere', '- a\n', './data/journal.db', { ROTATOR_JOURNAL: 'nothing' }],
])('%s', async (_, text, path, env = ELSEWHERE) => {
  expect(await placeIn(text, env)).toBe(path);
});

test('without a file: the variables of the form, else the default', async () => {
  const none = join(folder(), 'none.yaml');
  expect((await readJournalPlace(none, ELSEWHERE)).path).toBe('./elsewhere.db');
  expect((await readJournalPlace(none, {})).path).toBe('./data/journal.db');
});
