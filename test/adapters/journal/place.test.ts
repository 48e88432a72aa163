// Where a journal is, by the URL of a database: what it says, what is wrong with it, and how it is shown.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownFolder, readPostgresUrl } from '../../../src/adapters/journal/place.ts';

const LOCAL = { host: '127.0.0.1', port: 5432, user: 'rotator', password: undefined, database: 'rotator' };
const REST = { schema: 'rotator', tls: false, rootCert: undefined };

describe('the URL of a database', () => {
  test.each([
    ['postgres://rotator@127.0.0.1', LOCAL, 'postgres://rotator@127.0.0.1/rotator'],
    [
      'postgresql://rotator:pw@localhost:5433/j',
      { host: 'localhost', port: 5433, password: 'pw', database: 'j' },
      'postgres://rotator@localhost:5433/j',
    ],
    [
      'postgres://a%40b:p%2Fw%25@[::1]/d%20e',
      { host: '::1', user: 'a@b', password: 'p/w%', database: 'd e' },
      'postgres://a%40b@[::1]/d%20e',
    ],
    ['postgres://rotator@/rotator?host=/run/pg', { host: '/run/pg' }, 'postgres://rotator@%2Frun%2Fpg/rotator'],
    ['postgres://rotator@%2Frun%2Fpg/rotator', { host: '/run/pg' }, 'postgres://rotator@%2Frun%2Fpg/rotator'],
    [
      'postgres://rotator@db.example/rotator?sslmode=verify-full&sslrootcert=/ca.crt&schema=eu',
      { host: 'db.example', tls: true, rootCert: '/ca.crt', schema: 'eu' },
      'postgres://rotator@db.example/rotator?schema=eu',
    ],
    [
      'postgres://rotator@localhost/rotator?sslmode=verify-full',
      { host: 'localhost', tls: true },
      'postgres://rotator@localhost/rotator',
    ],
  ])('%s', (url, wanted, path) => {
    expect(readPostgresUrl(url)).toEqual({ path, postgres: { ...LOCAL, ...REST, ...wanted } });
  });

  test.each([
    ['postgres://', 'form'],
    ['postgres://localhost/rotator', 'form'],
    ['postgres://@localhost/rotator', 'form'],
    ['postgres://u:p:w@localhost/rotator', 'form'],
    ['postgres://u:p@w@localhost/rotator', 'form'],
    ['postgres://u:p/w@localhost/rotator', 'form'],
    ['postgres://u:p#w@localhost/rotator', 'form'],
    ['postgres://u:p%w@localhost/rotator', 'form'],
    ['postgres://u:p w@localhost/rotator', 'form'],
    ['postgres://u:p%00w@localhost/rotator', 'form'],
    ['postgres://u@localhost:99999999/rotator', 'form'],
    ['postgres://u@db.example/rotator', 'tls'],
    ['postgres://u@127.0.0.1.example/rotator', 'tls'],
    ['postgres://u@10.0.0.7/rotator?sslmode=require', 'tls'],
    ['postgres://u@localhost/rotator?sslmode=disable', 'tls'],
    ['postgres://u@/rotator?host=db.example', 'tls'],
    ['postgres://u@localhost/rotator?options=-c', 'option'],
    ['postgres://u@localhost/rotator?schema=pg_temp', 'schema'],
    ['postgres://u@localhost/rotator?schema=a"b', 'schema'],
  ])('%s is refused', (url, problem) => {
    expect(readPostgresUrl(url)).toBe(problem);
  });

  test('is shown without its password, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: 'binary' }), (password) => {
        const safe = `${password.replaceAll(/[\p{Cc}\p{Cs}]/gu, '')}-secret-9`;
        const place = readPostgresUrl(`postgres://u:${encodeURIComponent(safe)}@localhost/d`);
        if (typeof place === 'string') throw new Error(`${safe}: ${place}`);
        expect(place.postgres?.password).toBe(safe);
        expect(place.path).toBe('postgres://u@localhost/d');
      }),
    );
  });
});

test('what a process keeps beside a database lies in its own folder', () => {
  expect([
    ownFolder({ path: '/data/journal.db' }),
    ownFolder(readPostgresUrl('postgres://u@localhost') as never),
  ]).toEqual(['/data', './data']);
});
