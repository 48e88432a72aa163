// What a server answers becomes a label only in a known form, and only so many different ones.
import { describe, expect, test } from 'vitest';
import { codeLabels, OTHER } from '../../../src/service/metrics/labels.ts';

describe('the label of a code', () => {
  test.each([
    'OK',
    'NETWORK',
    'TIMEOUT',
    'HTTP_503',
    'InternalError',
    'UnauthorizedOperation',
    'AuthFailure.SignatureExpire',
    'FailedOperation.NetworkError',
    'InvalidParameterValue.EnvId',
    'ResourceUnavailable.ResourcePendingDeleted',
  ])('is the code itself: %s', (code) => {
    expect(codeLabels()(code)).toBe(code);
  });

  test.each([
    '',
    'Ok',
    'HTTP_5',
    'HTTP_5030',
    'lowerCase',
    'With Space',
    'Quote"',
    'Line\nBreak',
    '0123',
    'A.B.C.D',
    'Request.1f2e3d4c',
    'UnknownCode.',
    `E${'x'.repeat(200)}`,
  ])('is OTHER where it has no such form: %j', (code) => {
    expect(codeLabels()(code)).toBe(OTHER);
  });

  test('is OTHER from the hundred and first different one on; those that are known keep theirs', () => {
    const label = codeLabels();
    const codes = Array.from({ length: 150 }, (_, index) => `Code.N${index}x`);
    expect(codes.map(label).filter((found) => found !== OTHER)).toEqual(codes.slice(0, 100));
    expect(label('Code.N7x')).toBe('Code.N7x');
    expect(label('Code.N149x')).toBe(OTHER);
  });
});
