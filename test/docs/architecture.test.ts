// docs/architecture.md against the code: every place that it names exists, its rooms are those of src/, its steps are
// those of a pass, and whoever adds a key source, a channel or a condition finds the present ones in every place of
// its lists.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { channelOptions } from '../../src/adapters/channels/registry.ts';
import { keyOptions } from '../../src/adapters/keys/registry.ts';
import { CONDITIONS } from '../../src/core/alerts/conditions.ts';
import { CAUSES } from '../../src/core/alerts/names.ts';
import { modulesBelow } from '../support/modules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const page = read('docs/architecture.md');

/** The text under a heading, up to the next one. */
function section(heading: string): string {
  const after = page.split(`## ${heading}\n`)[1];
  if (after === undefined) throw new Error(`docs/architecture.md has no section "${heading}"`);
  return after.split('\n## ')[0] ?? '';
}

function places(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|docs|config)\/[\w./-]*)`/g)].map(([, path = '']) => path);
}

/** The files that a list's steps name, folders left out. */
function files(heading: string): string[] {
  const steps = section(heading).match(/^\d\..*(?:\n {3}.*)*/gm) ?? [];
  return places(steps.join('\n')).filter((path) => !path.endsWith('/'));
}

/** The values of `key` in a discriminated union. */
function values(options: readonly { shape: Record<string, unknown> }[], key: string): string[] {
  return options.map(({ shape }) => String([...(shape[key] as { values: Set<string> }).values][0]));
}

test('every place that the page names exists', () => {
  expect(places(page).length).toBeGreaterThan(40);
  expect(places(page).filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
});

test('the rooms are those of src/, in the order of the architecture test', () => {
  const [, order = ''] = /const ROOMS = '([^']+)'/.exec(read('test/architecture.test.ts')) ?? [];
  const named = [...section('The rooms').matchAll(/^\| `src\/([\w.]+)\/?`/gm)].map(([, room]) => room);
  expect(named).toEqual(order.split(' '));
  expect([...named].sort()).toEqual(readdirSync(`${ROOT}src`).sort());
});

test('the way of a pass names every step that pass.ts takes, and nothing that no pass reaches', () => {
  const modules = modulesBelow('src');
  const named = new Set(places(section('The way of one pass')).filter((path) => path.startsWith('src/pass/')));
  const reached = new Set(['src/pass/pass.ts']);
  for (const path of reached) {
    const { imports = [] } = modules.find((module) => module.path === path) ?? {};
    for (const { what } of imports) if (what.startsWith('src/pass/')) reached.add(what);
  }
  expect([...named].filter((path) => !reached.has(path))).toEqual([]);
  const steps = ['gather', 'mint', 'ask-apple', 'intent', 'push', 'read-back', 'confirm', 'end', 'resolve', 'course'];
  expect(steps.filter((step) => !named.has(`src/pass/${step}.ts`))).toEqual([]);
});

describe('whoever adds one finds the present ones in every place of the list', () => {
  // The contract is called with a source or channel; it does not name one.
  const isNamedIn = (path: string) => !path.startsWith('test/contract/');

  test('key source', () => {
    const sources = values(keyOptions.options, 'from');
    const listed = files('Adding a key source').filter(isNamedIn);
    expect(listed).toContain('src/adapters/keys/registry.ts');
    const missing = listed.flatMap((path) =>
      sources.filter((name) => !read(path).includes(name)).map((name) => [path, name]),
    );
    expect(missing).toEqual([]);
    expect(sources.filter((name) => !existsSync(`${ROOT}src/adapters/keys/${name}.ts`))).toEqual([]);
  });

  test('channel', () => {
    const types = values(channelOptions.options, 'type');
    const listed = files('Adding a channel').filter(isNamedIn);
    expect(listed).toContain('src/sandbox/vendors.ts');
    // A webhook has no vendor; mail goes to a mail server, and its contract stands in a test of its own.
    const exempt = new Set([
      'src/sandbox/vendors.ts webhook',
      'src/sandbox/vendors.ts email',
      'test/adapters/channels/contract.test.ts email',
    ]);
    const missing = listed.flatMap((path) =>
      types.filter((name) => !exempt.has(`${path} ${name}`) && !read(path).includes(name)).map((name) => [path, name]),
    );
    expect(missing).toEqual([]);
    expect(types.filter((name) => !existsSync(`${ROOT}src/adapters/channels/${name}.ts`))).toEqual([]);
  });

  test('condition', () => {
    const listed = files('Adding a condition');
    expect(listed).toHaveLength(5);
    const missing = listed.flatMap((path) =>
      CONDITIONS.filter((name) => !read(path).includes(name)).map((name) => [path, name]),
    );
    expect(missing).toEqual([]);
    expect(CAUSES.filter((name) => !read('config/webhook.schema.json').includes(name))).toEqual([]);
    expect(CAUSES.filter((name) => !read('docs/alerts.md').includes(name))).toEqual([]);
  });
});
