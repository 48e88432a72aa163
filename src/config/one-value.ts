// One value of a configuration, whatever is wrong with the rest of it.
import { type Environment, interpolate } from './interpolate.ts';
import { ConfigError } from './problems.ts';
import { readConfigText } from './source.ts';
import { type MapNode, nodeAt, type Path } from './tree.ts';

/** The text of the configuration; undefined where there is none that can be read. */
export async function configTextOf(named: string | undefined, env: Environment): Promise<string | undefined> {
  return readConfigText(named, env).then(
    ({ text }) => text,
    (thrown: unknown) => {
      if (thrown instanceof ConfigError) return undefined;
      throw thrown;
    },
  );
}

/** The text at `path`, empty where nothing stands there; undefined where something else does, or it cannot be replaced. */
export async function valueAt(root: MapNode, path: Path, env: Environment): Promise<string | undefined> {
  const found = nodeAt(root, path) ?? { kind: 'text', text: '', line: root.line };
  const alone: MapNode = { kind: 'map', line: root.line, entries: new Map([['value', found]]) };
  const { tree } = await interpolate({ name: '', root: alone }, env);
  const node = nodeAt(tree.root, ['value']);
  return node?.kind === 'text' && node.broken !== true ? node.text : undefined;
}
