// Secrets that the process holds are found in every form that an answer may give them, and nothing else is touched.
import { describe, expect, test } from 'vitest';
import { holdJwt, holdSecret } from '../../src/core/held-secrets.ts';
import { redactText } from '../../src/core/redact.ts';

const SECRET = 'Gu5t9xGARNpq86cd98joQYCN3-held_1';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJBMUIyQzNENEU1In0.c2lnbmF0dXJlLW9mLXRoaXMtdGVzdC1hbG9uZQ';
holdSecret(SECRET);
holdJwt(JWT);

const split = (text: string, by: string) => `${text.slice(0, 13)}${by}${text.slice(13)}`;
const hex = Buffer.from(SECRET).toString('hex');

describe('a secret is found', () => {
  test.each([
    ['as it is', SECRET],
    ['with a line end', split(SECRET, '\n')],
    ['with a line end as JSON writes it', split(SECRET, '\\n')],
    ['with spaces', [...SECRET].join(' ')],
    ['with a zero-width space', split(SECRET, '\u200b')],
    ['as a URL writes it', SECRET.replaceAll('-', '%2D').replaceAll('_', '%5f')],
    ['in hex', hex],
    ['in upper-case hex', hex.toUpperCase()],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 of the other alphabet', Buffer.from(SECRET).toString('base64url')],
    ['in wrapped base64', split(Buffer.from(SECRET).toString('base64'), '\r\n')],
  ])('%s', (_, text) => {
    expect(redactText(`said: ${text}, and more`)).toMatch(/^said: \[redacted secret\].{0,3}, and more$/);
  });

  test.each([0, 1, 2, 3])(
    'in base64 behind %i other bytes, but for what shares a character with its neighbours',
    (n) => {
      const text = Buffer.from(`${'x'.repeat(n)}${SECRET}:y`).toString('base64');
      const left = redactText(text);
      expect(left).toContain('[redacted secret]');
      expect(left.length).toBeLessThan('[redacted secret]'.length + 12);
    },
  );

  test.each([
    ['twice, one behind the other', `${SECRET}${SECRET}`],
    ['behind a beginning of itself', `${SECRET.slice(0, 15)}${SECRET}`],
    ['at the end of a longer word', `${'x'.repeat(40)}${SECRET}`],
  ])('%s', (_, text) => {
    expect(redactText(text)).toBe(text.replaceAll(SECRET, '[redacted secret]'));
  });

  test('whatever character stands in it that nobody sees or that is written in another way', () => {
    for (const between of [' ', '\t', '\n', '\r', '\v', '\u007f', '\u00a0', '\\t', '%20'])
      expect([between, redactText(split(SECRET, between))]).toEqual([between, '[redacted secret]']);
  });

  test('in a basic authorization', () => {
    expect(redactText(Buffer.from(`id:${SECRET}`).toString('base64'))).toContain('[redacted secret]');
  });
});

describe('a client secret is found', () => {
  test.each([
    ['with %2E for its dots', JWT.replaceAll('.', '%2E')],
    ['with a space', split(JWT, ' ')],
    ['without its header', JWT.slice(JWT.indexOf('.') + 1)],
    ['by its signature alone', JWT.slice(JWT.lastIndexOf('.') + 1)],
    ['with a zero-width space in each part', JWT.replaceAll('J', 'J\u200b')],
  ])('%s', (_, text) => {
    const left = redactText(text);
    for (const part of JWT.split('.').slice(1)) expect(left.replace(/\s/g, '')).not.toContain(part.slice(0, 16));
    expect(left).toContain('[redacted');
  });
});

test.each([
  ['a mask', '********************'],
  ['a word', 'short-secret'],
  ['nothing', ''],
])('%s is not held', (_, text) => {
  holdSecret(text);
  expect(redactText(`see ${text} here`)).toBe(`see ${text} here`);
});

test('4,096 are held; the one that was told longest ago goes first', () => {
  const secret = (n: number) => `held-for-a-pass-${n}-0123456789abcdef`;
  holdSecret(secret(0));
  for (let n = 1; n < 4_096; n += 1) holdSecret(secret(n));
  holdSecret(secret(0));
  holdSecret(secret(4_096));
  expect(redactText(secret(0))).toBe('[redacted secret]');
  expect(redactText(secret(1))).toBe(secret(1));
  expect(redactText(secret(2))).toBe('[redacted secret]');
});
