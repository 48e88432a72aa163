// The environment-only form: one target, described by variables alone. They become the same tree that a file would
// give, so that one definition and one set of rules hold; problems name the variable.
import type { Environment } from './interpolate.ts';
import type { Problem } from './problems.ts';
import { byLength, ENVIRONMENT, type RawConfig, type RawMap, type RawNode } from './raw.ts';

type Sketch = string | readonly Sketch[] | { readonly [key: string]: Sketch | Variable };

/** A value that is the value of a variable. */
class Variable {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The tree of the environment-only form. CLOUDBASE_ENV_ID is set. */
export function environmentConfig(env: Environment): { raw: RawConfig; problems: Problem[] } {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const keyFile = !isSet('APPLE_PRIVATE_KEY') && isSet('APPLE_PRIVATE_KEY_FILE');
  const problems: Problem[] = [];
  if (!isSet('APPLE_PRIVATE_KEY') && !keyFile)
    problems.push({
      file: ENVIRONMENT,
      line: null,
      key: 'APPLE_PRIVATE_KEY',
      found: 'nothing',
      wanted: 'the private key (.p8) in APPLE_PRIVATE_KEY, or the path of its file in APPLE_PRIVATE_KEY_FILE',
    });
  if (isSet('ROTATOR_ALERTS') && env['ROTATOR_ALERTS'] !== 'none')
    problems.push({
      file: ENVIRONMENT,
      line: null,
      key: 'ROTATOR_ALERTS',
      found: byLength(env['ROTATOR_ALERTS'] ?? ''),
      wanted: '"none" (start although nobody would be called), or no such variable',
    });
  const sketch: Sketch = {
    journal: new Variable('ROTATOR_JOURNAL'),
    cloudbase: { region: new Variable('CLOUDBASE_REGION') },
    targets: [
      {
        name: new Variable('CLOUDBASE_ENV_ID'),
        envId: new Variable('CLOUDBASE_ENV_ID'),
        teamId: new Variable('APPLE_TEAM_ID'),
        clientId: new Variable('APPLE_CLIENT_ID'),
        keyId: new Variable('APPLE_KEY_ID'),
        key: keyFile
          ? { from: 'file', path: new Variable('APPLE_PRIVATE_KEY_FILE') }
          : { from: 'env', variable: 'APPLE_PRIVATE_KEY' },
      },
    ],
    alerts: {
      channels:
        isSet('ALERT_TYPE') || isSet('ALERT_URL')
          ? [{ name: 'default', type: new Variable('ALERT_TYPE'), url: new Variable('ALERT_URL') }]
          : [],
      none: env['ROTATOR_ALERTS'] === 'none' ? 'accepted' : '',
    },
    heartbeat: { url: new Variable('HEARTBEAT_URL') },
  };
  return { raw: { name: ENVIRONMENT, root: node(sketch, env) as RawMap }, problems };
}

function node(sketch: Sketch | Variable, env: Environment): RawNode {
  const line = null;
  if (typeof sketch === 'string') return { kind: 'text', text: sketch, fromEnvironment: false, line };
  if (sketch instanceof Variable)
    return { kind: 'text', text: env[sketch.name] ?? '', fromEnvironment: true, line, variable: sketch.name };
  if (isList(sketch)) return { kind: 'list', items: sketch.map((item) => node(item, env)), line };
  const entries = Object.entries(sketch).map(([key, value]) => [key, { line, node: node(value, env) }] as const);
  return { kind: 'map', entries: new Map(entries), line };
}

function isList(sketch: object): sketch is readonly Sketch[] {
  return Array.isArray(sketch);
}
