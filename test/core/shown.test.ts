// What may be a secret that was put where a name, an id or a path belongs, and what is surely none.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { looksSecret } from '../../src/core/shown.ts';

test.each([
  'ProductionRotatorShanghai01',
  'com.example.MySignInWithAppleService2024',
  'shop-prod-1g2h3j4k5l',
  '/var/lib/kubelet/pods/0b6a9d4e-1c2d-4e5f-8a9b-0c1d2e3f4a5b/AuthKey_K1L2M3N4O5.p8',
  'data/journals/rotator2/production/journal1',
])('%s is a name', (name) => {
  expect(looksSecret(name)).toBe(false);
});

const random = (seed: number) => createHash('sha256').update(String(seed)).digest('base64');

test.each([
  'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
  ...Array.from({ length: 50 }, (_, seed) => random(seed).slice(0, 40)),
  ...Array.from({ length: 50 }, (_, seed) => random(seed).replace(/[+/=]/g, 'k').slice(0, 32)),
])('%s is none', (secret) => {
  expect(looksSecret(secret)).toBe(true);
});
