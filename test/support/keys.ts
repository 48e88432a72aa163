// Key material for tests: one throwaway key per test file, any number of others on demand.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type KeyMaterial, parseKeyMaterial } from '../../src/core/key-material.ts';

export const IDS = { teamId: 'A1B2C3D4E5', clientId: 'com.example.shop.web', keyId: 'K1L2M3N4O5' } as const;

export function newP8(): string {
  return pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
}

export function newKey(ids: Partial<typeof IDS> = {}): Promise<KeyMaterial> {
  return parseKeyMaterial(newP8(), { ...IDS, ...ids }, 'a test');
}

/** The private half as a key source may hold it. */
export function pemOf({ privateKey }: Pick<KeyMaterial, 'privateKey'>): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A file of test/vectors, as text. */
export function vector(name: string): string {
  return readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
}
