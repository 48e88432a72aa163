// docs/kubernetes.md: what a reader copies is complete, fits Kubernetes' own schemas (kubernetes-models brings them as
// validators, and as types for what the schemas let pass: a misspelt key), and agrees with the image and the program.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import pkg from '../../package.json' with { type: 'json' };
import { loadConfig } from '../../src/config/load.ts';
import { runCommand } from '../support/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

const markdown = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
const blocks = [...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
const manifests = blocks.flatMap((text) =>
  parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);
/** What the command about the rules sends to kubectl. */
const [, rulesCommand = ''] = /^```sh\n(\{[\s\S]*?)^```$/m.exec(markdown) ?? [];
const isForOperator = ({ apiVersion }: Manifest) => apiVersion.startsWith('monitoring.coreos.com/');
const moduleOf = (manifest: Manifest) =>
  `${isForOperator(manifest) ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'}/${manifest.apiVersion}`;
const named = manifests.map((manifest) => [manifest.kind, manifest] as const);

/** What stands at a path of a manifest. */
function at(kind: string, ...path: readonly (string | number)[]): unknown {
  const found = manifests.find((manifest) => manifest.kind === kind);
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)?.[step], found);
}

test('there is everything that a cluster needs', () => {
  const wanted = [
    'Namespace',
    'Secret',
    'ConfigMap',
    'PersistentVolumeClaim',
    'Deployment',
    'Service',
    'NetworkPolicy',
  ];
  expect(manifests.map(({ kind }) => kind)).toEqual([...wanted, 'ServiceMonitor', 'CronJob']);
  for (const { kind, metadata } of manifests)
    expect([kind, metadata.name, metadata.namespace]).toEqual([
      kind,
      pkg.name,
      kind === 'Namespace' ? undefined : pkg.name,
    ]);
});

test('the command about the alerting rules makes a PrometheusRule of them', async () => {
  const piped = rulesCommand.replace('kubectl apply -f -', 'cat');
  expect(piped).not.toBe(rulesCommand);
  const { code, stdout, stderr } = await runCommand('sh', ['-c', piped], { cwd: ROOT });
  expect([code, stderr]).toEqual([0, '']);
  const rule = parse(stdout) as NonNullable<ConstructorParameters<typeof PrometheusRule>[0]>;
  expect(rule).toMatchObject({ kind: 'PrometheusRule', metadata: { name: pkg.name, namespace: pkg.name } });
  expect(() => new PrometheusRule(rule).validate()).not.toThrow();
  const { groups } = parse(readFileSync(join(ROOT, 'config/prometheus/alerts.yml'), 'utf8')) as { groups: object[] };
  expect(rule.spec.groups).toEqual(groups);
});

describe('against Kubernetes’ schemas', () => {
  test.each(named)('%s fits', async (kind, manifest) => {
    const models = (await import(moduleOf(manifest))) as Record<string, new (data: object) => { validate(): void }>;
    const Model = models[kind];
    if (Model === undefined) throw new Error(`no model of ${kind}`);
    expect(() => new Model(manifest).validate()).not.toThrow();
    expect(() => new Model({ ...manifest, metadata: { name: 1 } }).validate()).toThrow();
  });

  test('no key is misspelt', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rotator-manifests-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const declared = (manifest: Manifest, index: number) =>
      `import type { I${manifest.kind} as T${index} } from '${moduleOf(manifest)}';
export const m${index}: T${index} = ${JSON.stringify(manifest)};\n`;
    const compile = async (listed: readonly Manifest[]) => {
      writeFileSync(join(folder, 'manifests.ts'), listed.map(declared).join(''));
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
      return runCommand(join(ROOT, 'node_modules/.bin/tsc'), [...options, 'manifests.ts'], { cwd: folder });
    };
    expect(await compile(manifests)).toMatchObject({ code: 0, stdout: '' });
    const misspelt = manifests.map((manifest) =>
      JSON.parse(JSON.stringify(manifest).replace('"livenessProbe"', '"livenesProbe"')),
    );
    expect((await compile(misspelt)).stdout).toMatch(/'"livenesProbe"' does not exist/);
  });
});

const PODS = [
  ['Deployment', ['spec', 'template', 'spec']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
] as const;

describe.each(PODS)('the pod of the %s', (kind, path) => {
  const pod = at(kind, ...path) as Record<string, unknown>;
  const [container] = pod['containers'] as [Record<string, unknown>];

  test('is as restricted as Kubernetes knows', () => {
    const user = Number(/^USER (\d+):\1$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1]);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 40,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      resources: { limits: { memory: '256Mi' } },
    });
  });

  test('runs this version, and mounts what it names', () => {
    expect(container['image']).toMatch(new RegExp(`/${pkg.name}:${pkg.version.replaceAll('.', '\\.')}$`));
    const volumes = (pod['volumes'] as { name: string }[]).map(({ name }) => name);
    const mounts = container['volumeMounts'] as { name: string; mountPath: string }[];
    expect(mounts.map(({ name }) => name).sort()).toEqual(volumes.sort());
    expect(mounts.map(({ mountPath }) => mountPath).sort()).toEqual(['/config', '/data', '/run/secrets', '/tmp']);
    const files = (container['env'] as { name: string; value: string }[])
      .filter(({ name }) => name.endsWith('_FILE'))
      .map(({ value }) => value);
    expect(files.length).toBeGreaterThan(0);
    const secrets = Object.keys(at('Secret', 'stringData') as object).map((name) => `/run/secrets/${name}`);
    expect(files.filter((file) => !secrets.includes(file))).toEqual([]);
  });

  test('is the one that the policies mean', () => {
    const labels = at(kind, ...path.slice(0, -1), 'metadata', 'labels');
    for (const [other, ...selector] of [
      ['NetworkPolicy', 'spec', 'podSelector', 'matchLabels'],
      ['Service', 'spec', 'selector'],
      ['ServiceMonitor', 'spec', 'selector', 'matchLabels'],
      ['Deployment', 'spec', 'selector', 'matchLabels'],
    ] as const)
      expect([other, at(other, ...selector)]).toEqual([other, labels]);
  });
});

test('one daemon at a time, probed where it listens; and one Job at a time', async () => {
  expect(at('Deployment', 'spec')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(at('Deployment', 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
    args: ['run'],
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    ports: [{ name: 'http', containerPort: 8080 }],
  });
  expect(at('CronJob', 'spec')).toMatchObject({ concurrencyPolicy: 'Forbid' });
  expect(at('CronJob', 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
    args: ['once'],
  });
});

test('the configuration in the ConfigMap is one, and listens where the probes ask', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-configmap-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rotator.yaml');
  writeFileSync(file, at('ConfigMap', 'data', 'rotator.yaml') as string);
  const { config } = await loadConfig({ file, env: { ALERT_URL: 'https://hooks.example.com/x' }, mode: 'strict' });
  expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080 });
  const [key] = (parse(readFileSync(file, 'utf8')) as { targets: { key: { path: string } }[] }).targets.map(
    ({ key }) => key.path,
  );
  expect(Object.keys(at('Secret', 'stringData') as object).map((name) => `/run/secrets/${name}`)).toContain(key);
});

test('nothing leaves the pod but names and https', () => {
  expect(at('NetworkPolicy', 'spec', 'policyTypes')).toEqual(['Ingress', 'Egress']);
  const egress = at('NetworkPolicy', 'spec', 'egress') as { ports: { protocol: string; port: number }[] }[];
  expect(egress.flatMap(({ ports }) => ports.map(({ protocol, port }) => `${protocol} ${port}`))).toEqual([
    'UDP 53',
    'TCP 53',
    'TCP 443',
  ]);
});
