// YAML → tree: scalars stay text, every value has its line, nothing is interpolated yet.
import type { Problem } from './problems.ts';
import type { MapNode } from './tree.ts';
import { parse } from './yaml-events.ts';
import { misleadingSign, syntaxProblem } from './yaml-faults.ts';
import { NodeReader } from './yaml-nodes.ts';

export interface YamlReading {
  /** Undefined where the text is no mapping at all. */
  readonly root: MapNode | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one YAML document. Never rejects for the text; the problems are in its order. */
export async function readYaml(text: string, file: string): Promise<YamlReading> {
  const parsed = await parse(text);
  if ('fault' in parsed) return { root: undefined, problems: [syntaxProblem(parsed.fault, text, file)] };
  const reader = new NodeReader(text, file);
  const root = await reader.read(parsed.events);
  const problems = reader.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  // What is missing in the file is told at its first line.
  if (root.kind === 'map') return { root: { ...root, line: 1 }, problems };
  const sign = misleadingSign(text, file);
  if (sign !== undefined) return { root: undefined, problems: [sign] };
  const found = root.kind === 'list' ? 'list' : root.text === '' ? 'empty-file' : 'text';
  problems.push({
    file,
    line: root.line,
    key: '',
    found: [found],
    wanted: ['targets-mapping'],
    next: ['start-from-example'],
  });
  return { root: undefined, problems };
}
