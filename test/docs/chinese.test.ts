// The Chinese documents say what the English ones say: the same headings, lists and tables in the same order, in each section
// the same commands, keys and codes, and every link leads somewhere.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import markdownIt from 'markdown-it';
import { describe, expect, test } from 'vitest';
import { CJK } from '../support/text-rules.ts';

const PAIRS = [
  ['README.md', 'README.zh-CN.md'],
  ['docs/setup.md', 'docs/zh-CN/setup.md'],
  ['docs/configuration.md', 'docs/zh-CN/configuration.md'],
  ['docs/runbook.md', 'docs/zh-CN/runbook.md'],
] as const;

interface Section {
  readonly level: number;
  readonly heading: string;
  readonly lines: readonly string[];
  readonly blocks: readonly string[];
}

/** Blocks of code without their comments, which are sentences. */
function withoutComments(block: string): string {
  return block
    .split('\n')
    .map((line) => line.replace(/(?:^|\s+)#\s.*$/, '').trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

function sectionsOf(path: string): Section[] {
  const sections: { level: number; heading: string; lines: string[]; blocks: string[] }[] = [
    { level: 0, heading: '', lines: [], blocks: [] },
  ];
  let block: string[] | undefined;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const last = sections.at(-1);
    if (last === undefined) throw new Error('no section');
    if (/^\s*```/.test(line)) {
      if (block !== undefined) last.blocks.push(withoutComments(block.join('\n')));
      block = block === undefined ? [] : undefined;
    } else if (block !== undefined) block.push(line.trimStart());
    else {
      const [, marks, heading] = /^(#+) (.+)$/.exec(line) ?? [];
      if (marks === undefined || heading === undefined) last.lines.push(line);
      else sections.push({ level: marks.length, heading, lines: [], blocks: [] });
    }
  }
  return sections;
}

/** `|4` for a row of a table with four cells, `-` and `1` for entries of lists, by their indentation. */
function shapeOf({ lines }: Section): string[] {
  return lines.flatMap((line) => {
    if (line.startsWith('|')) return [`|${line.split(' | ').length}`];
    const [, indent = '', mark] = /^( *)(-|\d+\.) /.exec(line) ?? [];
    return mark === undefined ? [] : [`${indent.length}${mark}`];
  });
}

/** What stands in backticks: commands, keys, codes, paths. In any order, because sentences differ. */
function codesOf({ lines }: Section): string[] {
  return [...lines.join(' ').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' ')).sort();
}

function linksOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** As GitHub makes them. */
function fragmentOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

describe.each(PAIRS)('%s and %s', (english, chinese) => {
  const [one, other] = [sectionsOf(english), sectionsOf(chinese)];

  test('have the same headings, at the same levels', () => {
    expect(other.map(({ level }) => level)).toEqual(one.map(({ level }) => level));
  });

  test.each(one.map((section, index) => [section.heading, section, other[index]] as const))(
    '"%s" has the same lists, tables, commands and codes',
    (_heading, section, translated) => {
      if (translated === undefined) throw new Error('no such section');
      expect(shapeOf(translated)).toEqual(shapeOf(section));
      expect(translated.blocks).toEqual(section.blocks);
      expect(codesOf(translated)).toEqual(codesOf(section));
    },
  );

  test('the other one is in Chinese', () => {
    const prose = other
      .flatMap(({ lines }) => lines)
      .filter((line) => line.replace(/\[[^\]]*\]\([^)]*\)|`[^`]*`|\W/g, '').length > 40);
    expect(prose.filter((line) => !CJK.test(line))).toEqual([]);
  });

  test.each([english, chinese])('all emphasis of %s is shown as such', (path) => {
    const html = markdownIt({ html: false }).render(readFileSync(path, 'utf8'));
    const shown = html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '');
    expect([...shown.matchAll(/.{0,20}\*\*.{0,20}/g)].map(([around]) => around)).toEqual([]);
  });

  test.each([english, chinese])('every link of %s leads somewhere', (path) => {
    const links = linksOf(path).filter((target) => !/^https?:/.test(target));
    expect(links.length).toBeGreaterThan(0);
    const lost = links.filter((target) => {
      const [file = '', fragment] = target.split('#');
      const found = file === '' ? path : join(dirname(path), file);
      if (!existsSync(found)) return true;
      return fragment !== undefined && !sectionsOf(found).some(({ heading }) => fragmentOf(heading) === fragment);
    });
    expect(lost).toEqual([]);
  });
});
