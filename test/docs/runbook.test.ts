// The runbook, as far as a machine can hold it: every condition has its section with the same five parts, where the
// links of alerts lead; every command it names is one that the program takes; every link and every code is real.
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { describeFinding } from '../../src/alerts/words/compose.ts';
import { type Actions, createProgram } from '../../src/cli/program.ts';
import { CONDITIONS } from '../../src/core/alerts/conditions.ts';
import { REMEDIES } from '../../src/core/errors.ts';
import { captured } from '../cli/captured.ts';
import { NOW, VARIANTS } from '../support/alert-findings.ts';

const TEXT = readFileSync('docs/runbook.md', 'utf8');
const PARTS = ['What it means', 'How long you have', 'Confirm it', 'Fix it', 'See that it is fixed'];

interface Section {
  readonly level: number;
  readonly heading: string;
  readonly body: string;
}

/** Headings outside of code, each with the text up to the next one. */
function sectionsOf(text: string): Section[] {
  const outside = text.replace(/^```[\s\S]*?^```$/gm, '');
  return [...outside.matchAll(/^(#{1,3}) (.+)\n([\s\S]*?)(?=^#{1,3} |$(?![\s\S]))/gm)].map(
    ([, marks = '', heading = '', body = '']) => ({ level: marks.length, heading, body }),
  );
}

/** As GitHub makes them: lower case, punctuation dropped, spaces as hyphens. */
function fragmentOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const sections = sectionsOf(TEXT);
const fragments = sections.map(({ heading }) => fragmentOf(heading));

describe('sections', () => {
  test('every condition has its own, in the order of the list', () => {
    const names = new Set<string>(CONDITIONS);
    const found = sections.filter(({ level, heading }) => level === 2 && names.has(heading));
    expect(found.map(({ heading }) => heading)).toEqual(CONDITIONS);
  });

  test.each(CONDITIONS)('%s has its five parts, none of them empty', (name) => {
    const body = sections.find(({ heading }) => heading === name)?.body ?? '';
    const parts = [...body.matchAll(/^\*\*(.+?)\.\*\* ?([\s\S]*?)(?=^\*\*|$(?![\s\S]))/gm)];
    expect(parts.map(([, title]) => title)).toEqual(PARTS);
    for (const [, , text = ''] of parts) expect(text.trim().length).toBeGreaterThan(5);
  });

  test.each(VARIANTS)('the link of an alert leads to its section: $name', ({ finding }) => {
    const { runbook } = describeFinding(finding, { language: 'en', now: NOW, runbook: 'docs/runbook.md' });
    const [path, fragment = ''] = runbook.split('#');
    expect(path).toBe('docs/runbook.md');
    expect(sections[fragments.indexOf(fragment)]?.heading).toBe(finding.condition);
  });

  test('every rule of Prometheus has its own, and no other has', () => {
    const rules = readFileSync('config/prometheus/alerts.yml', 'utf8');
    const alerts = new Set([...rules.matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name));
    const after = sections.findIndex(({ heading }) => heading === 'Prometheus rules');
    expect(alerts.size).toBeGreaterThan(0);
    expect(new Set(sections.slice(after + 1).map(({ heading }) => heading))).toEqual(alerts);
    for (const [, fragment = ''] of rules.matchAll(/runbook_url: docs\/runbook\.md#(\S+)/g))
      expect(fragments).toContain(fragment);
  });

  test('no two have the same fragment, and every link inside leads somewhere', () => {
    expect(new Set(fragments).size).toBe(fragments.length);
    const links = [...TEXT.matchAll(/\]\(#([^)]+)\)/g)].map(([, fragment = '']) => fragment);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((fragment) => !fragments.includes(fragment))).toEqual([]);
  });
});

describe('what it names is real', () => {
  const inline = [...TEXT.matchAll(/`(apple-secret-rotator [^`]+)`/g)].map(([, words = '']) => words);
  const fenced = [...TEXT.matchAll(/^\s*(apple-secret-rotator .+)$/gm)].map(([, words = '']) => words);
  const commands = [...new Set([...inline, ...fenced])];

  test('commands are named', () => {
    expect(commands.length).toBeGreaterThan(15);
  });

  test.each(commands)('%s', async (words) => {
    expect(await accepts(words)).toEqual({ ran: 1, status: 0 });
  });

  test('a command that does not exist, or an option, is found out', async () => {
    await expect(accepts('apple-secret-rotator statuss')).rejects.toThrow(CommanderError);
    await expect(accepts('apple-secret-rotator status --target NAME')).rejects.toThrow(CommanderError);
  });

  test('the commands that alerts name are taken as well', async () => {
    const texts = VARIANTS.flatMap(({ finding }) =>
      (['en', 'zh'] as const).map((language) => describeFinding(finding, { language, now: NOW, runbook: '' }).next),
    );
    const named = new Set(
      texts.flatMap((text) => [...text.matchAll(/`(apple-secret-rotator [^`]+)`/g)]).map(([, words = '']) => words),
    );
    expect(named.size).toBeGreaterThan(6);
    for (const words of named) expect(await accepts(words), words).toEqual({ ran: 1, status: 0 });
  });

  test('every error code exists', () => {
    const codes = new Set(TEXT.match(/ERR_[A-Z_]+[A-Z]/g));
    expect([...codes].filter((code) => !(code in REMEDIES))).toEqual([]);
  });

  test('every code with which a check or a rotation of a target can fail has its row', () => {
    const body = sections.find(({ heading }) => heading === 'RotationFailing')?.body ?? '';
    const elsewhere =
      /^ERR_(?:USAGE|CONFIG|DAEMON_|JOURNAL_(?:NEWER|OLDER)|CHANNEL_|SUPERSEDED|PROVISION|PROBE|INTERRUPTED|WAITING)/;
    const missing = Object.keys(REMEDIES).filter((code) => !elsewhere.test(code) && !body.includes(`\`${code}\``));
    expect(missing).toEqual([]);
  });
});

/** Hands a command line to the program itself, whose actions do nothing. */
async function accepts(words: string): Promise<{ ran: number; status: number | undefined }> {
  const argv = words
    .replace(/ [<>] \S+$/, '')
    .split(' ')
    .slice(1);
  let ran = 0;
  const action = async () => {
    ran += 1;
    return 0 as const;
  };
  const actions = new Proxy({} as Actions, { get: () => action });
  let status: number | undefined;
  const program = createProgram(actions, '1.2.3', captured().context, (ended) => {
    status = ended;
  });
  await program.parseAsync(argv, { from: 'user' });
  return { ran, status };
}
