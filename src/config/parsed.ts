// What the definition made of a configuration, before the rules that join several keys are applied to it.
import type { ChannelOptions } from '../adapters/channels/registry.ts';
import { nodeAt, type Path, type ProblemText, type RawConfig } from './raw.ts';
import type { Sections, TargetEntry } from './schema.ts';

/**
 * What could be converted. A section or an entry with problems is here without what was wrong with it, so that its
 * other keys are judged too; it is absent where nothing could be made of it. Its problems are already told.
 */
export interface Parsed {
  readonly sections: Partial<Omit<Sections, 'targets'>>;
  /** By their index in the file. */
  readonly targets: ReadonlyMap<number, TargetEntry>;
  readonly channels: ReadonlyMap<number, ChannelOptions>;
  /** False if a problem at or below `path` was told: rules must not judge by what now stands in its place. */
  readonly isSound: (path: Path) => boolean;
}

export type ParsedSections = Parsed['sections'];

/** Tells a problem at a path. */
export type Report = (path: Path, text: ProblemText) => void;

/** The name as it stands in the file, also of an entry with problems. */
export function nameAt(raw: RawConfig, index: number): string {
  const node = nodeAt(raw.root, ['targets', index, 'name']);
  return node?.kind === 'text' && node.text !== '' ? node.text : `targets[${index}]`;
}

/** The names of all entries of `targets`, those with problems included. */
export function targetNames(raw: RawConfig): ReadonlySet<string> {
  const listed = nodeAt(raw.root, ['targets']);
  return new Set(listed?.kind === 'list' ? listed.items.map((_, index) => nameAt(raw, index)) : []);
}
