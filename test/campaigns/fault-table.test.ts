// Every outside call × every fault, compared with fault-table.txt beside this file. Where a change is meant,
// `npm run test:campaigns -- fault-table -u` writes the table anew: read its diff before you commit it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allCells, tableOf } from '../support/fault-table.ts';
import { Place } from '../support/histories/place.ts';

const place = new Place();
beforeAll(() => place.open(0));
afterAll(() => place.close());

test('the program makes of every fault of every outside call what the table says', async () => {
  const cells = allCells();
  process.stdout.write(`fault table: ${cells.length} cells\n`);
  await expect(await tableOf(place, cells)).toMatchFileSnapshot('fault-table.txt');
});
