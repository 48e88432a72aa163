// What of another system's message is repeated at level debug: words and names, and nothing that could be a secret.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { wordsIn } from '../../src/core/foreign.ts';

test.each([
  'you are not authorized to perform operation (tcb:GetProviders)',
  'resource (qcs::tcb:ap-shanghai:uin/100000000001:env/*) has no permission.',
  'User: arn:aws:iam::123456789012:user/rotator is not authorized to perform: secretsmanager:GetSecretValue',
  'The parameter `EnvironmentName` is not valid, see 10.0.0.1: UnauthorizedOperation.CAM',
  '您没有权限执行操作，请联系主账号。',
])('%s is repeated as it is', (message) => {
  expect(wordsIn(message)).toBe(message);
});

const key = createHash('sha384').update('a key').digest();
test.each([
  ['as it is', key.toString('base64url')],
  ['in hex', key.toString('hex')],
  ['split by blanks', key.toString('base64url').replace(/.{8}/g, '$& ')],
  ['split by zero-width spaces', key.toString('hex').replace(/.{12}/g, '$&\u200b')],
  ['with percent signs', key.toString('base64').replaceAll('/', '%2F')],
  ['within a name', `qcs::cam:${key.toString('base64')}`],
])('a secret that nobody knows, %s, is not', (_, secret) => {
  const shown = wordsIn(`you sent ${secret} here`);
  expect(shown.length).toBeLessThan(60);
  expect(shown).toMatch(/^you sent …/);
  expect(shown).toMatch(/ here$/);
});
