// deploy/kubernetes-replicas.yaml: it fits Kubernetes' own schemas, its configuration is accepted, and beside what replicas
// need it says what deploy/kubernetes.yaml says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [key: string]: unknown;
}

const manifestsOf = (name: string): readonly Manifest[] =>
  parseAllDocuments(readFileSync(join(ROOT, 'deploy', name), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
const manifests = manifestsOf('kubernetes-replicas.yaml');
const one = manifestsOf('kubernetes.yaml');

/** What stands at a path of a manifest. */
function at(kind: string, ...path: readonly (string | number)[]): unknown {
  const found = manifests.find((manifest) => manifest.kind === kind);
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)?.[step], found);
}

test.each(manifests.map((manifest) => [manifest.kind, manifest] as const))('%s fits', async (kind, manifest) => {
  const models = (await import(`kubernetes-models/${manifest.apiVersion}`)) as Record<
    string,
    new (
      data: object,
    ) => { validate(): void }
  >;
  const Model = models[kind];
  if (Model === undefined) throw new Error(`no model of ${kind}`);
  expect(() => new Model(manifest).validate()).not.toThrow();
});

test('two replicas, one of which stays while nodes are drained, and no volume', () => {
  const kinds = one.map(({ kind }) => kind).filter((kind) => kind !== 'PersistentVolumeClaim');
  expect(manifests.map(({ kind }) => kind).filter((kind) => kind !== 'PodDisruptionBudget')).toEqual(kinds);
  expect(at('Deployment', 'spec', 'replicas')).toBe(2);
  expect(at('Deployment', 'spec', 'strategy', 'rollingUpdate')).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  expect(at('PodDisruptionBudget', 'spec', 'minAvailable')).toBe(1);
  expect(at('PodDisruptionBudget', 'spec', 'selector')).toEqual(at('Deployment', 'spec', 'selector'));
});

test('the container is that of one replica but for its volume and its journal', () => {
  const containerOf = (list: readonly Manifest[]) =>
    JSON.stringify(list.find(({ kind }) => kind === 'Deployment'))
      .replace(/\{"name":"JOURNAL_URL_FILE"[^}]*\},?/, '')
      .replace(/\{"name":"data"[^}]*\}\}?,?/g, '')
      .replace(/,\]/g, ']');
  const [, container = ''] = /("containers":.*)"volumes"/.exec(containerOf(manifests)) ?? [];
  expect(container.length).toBeGreaterThan(500);
  expect(containerOf(one)).toContain(container);
});

test('its configuration is accepted, and has its journal in the database', async () => {
  const text = at('ConfigMap', 'data', 'rotator.yaml');
  const stringData = at('Secret', 'stringData') as Record<string, string>;
  const url = String(stringData['journal_url']).replace('…', 'password');
  const folder = mkdtempSync(join(tmpdir(), 'rotator-replicas-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rotator.yaml');
  writeFileSync(file, String(text));
  const env = { ALERT_URL: stringData['alert_url'], JOURNAL_URL: url };
  const { config } = await loadConfig({ file, env, mode: 'strict', now: Date.now() });
  expect(config.journal.postgres).toMatchObject({ database: 'rotator', tls: true });
});
