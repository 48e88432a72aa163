// docker-compose.yml: what every service must have, and what it names in this repository. test/system/container starts it.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const SERVICES = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }).services as Record<
  string,
  Record<string, unknown>
>;

test('names every image with its version, and publishes on loopback alone', () => {
  for (const [name, { image, ports = [] }] of Object.entries(SERVICES)) {
    expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+(?:\.\d+)?$/)]);
    for (const port of ports as string[]) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test('starts nothing without a profile but the rotator', () => {
  const unconditional = Object.entries(SERVICES).filter(([, { profiles }]) => profiles === undefined);
  expect(unconditional.map(([name]) => name)).toEqual(['rotator']);
});

test.each(Object.keys(SERVICES))('hardens %s', (name) => {
  expect(SERVICES[name]).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
    restart: expect.any(String),
  });
});

test.each(['rotator', 'sandbox', 'rehearsal', 'replica-1', 'replica-2', 'own-sandbox', 'own-rehearsal'])(
  'limits %s, and lets it end what it writes',
  (name) => {
    expect(SERVICES[name]).toMatchObject({
      mem_limit: '256m',
      memswap_limit: '256m',
      pids_limit: 100,
      ulimits: { core: 0 },
      stop_grace_period: '40s',
    });
  },
);

test('wires the profile replicas: each has a name and a port of its own, and they share a journal', () => {
  const ofReplica = (name: string) => SERVICES[name]?.['environment'] as Record<string, string>;
  const [one, two] = [ofReplica('replica-1'), ofReplica('replica-2')];
  expect([one?.['ROTATOR_REPLICA'], two?.['ROTATOR_REPLICA']]).toEqual(['replica-1', 'replica-2']);
  expect(one?.['ROTATOR_HTTP_PORT']).not.toBe(two?.['ROTATOR_HTTP_PORT']);
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = ofReplica('postgres');
  for (const { ROTATOR_JOURNAL, ROTATOR_CONFIG = '' } of [one ?? {}, two ?? {}]) {
    expect(ROTATOR_JOURNAL).toBe(`postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@127.0.0.1:5432/${POSTGRES_DB}`);
    expect(readFileSync(ROTATOR_CONFIG, 'utf8')).toContain('ROTATOR_JOURNAL:-');
  }
});

test('wires the profile monitoring: each names the others as the services are called', () => {
  const said = ['prometheus/prometheus.yml', 'grafana/datasources/prometheus.yml']
    .map((name) => readFileSync(`config/${name}`, 'utf8'))
    .join('');
  const named = [...said.matchAll(/\b([a-z]+):(\d{4,5})\b/g)].map(([, service = '', port]) => [service, port]);
  expect(new Set(named.map(([service]) => service))).toEqual(new Set(['rotator', 'alertmanager', 'prometheus']));
  for (const [service = '', port] of named)
    expect([service, SERVICES[service]?.['ports']]).toEqual([service, [expect.stringMatching(`:${port}$`)]]);
});

test('mounts what the repository brings', () => {
  const sources = Object.values(SERVICES).flatMap(({ volumes = [] }) => volumes as { type: string; source: string }[]);
  const bound = sources.filter(({ type, source }) => type === 'bind' && source.startsWith('./config/'));
  expect(bound.map(({ source }) => source).sort()).toEqual([
    './config/alertmanager',
    './config/grafana',
    './config/prometheus',
  ]);
  expect(bound.filter(({ source }) => !existsSync(source))).toEqual([]);
});
