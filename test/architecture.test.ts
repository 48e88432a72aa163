// Imports point one way: core ← ports ← pass ← daemon ← cli and main; adapters know core and ports, and never each
// other. A table row a layer says what it may import; a file that no row covers is an error, so that a new folder is
// given its place. The rest of the rules are those of style that no linter holds.
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cycleIn, type Module, modulesBelow, reachedFrom } from './modules.ts';

const modules = modulesBelow('src');

interface Layer {
  readonly of: RegExp;
  /** Beginnings of what it may import: files, packages, modules of Node's. */
  readonly may: readonly string[];
}

const PORTS = ['src/core/', 'src/ports.ts'];
const EVENTS = [...PORTS, 'src/events.ts'];
const PASS = [...EVENTS, 'src/pass'];
const ADAPTERS = [...PORTS, 'src/net/', 'src/tencent/', 'src/aws/', 'src/key-file.ts', 'zod', '@aws-sdk/', 'node:'];
const DAEMON = [
  'src/admission.ts',
  'src/sweep.ts',
  'src/rotation-requests.ts',
  'src/agenda.ts',
  'src/daemon.ts',
  'src/cron.ts',
  'src/ticks.ts',
];
const ALERTS = ['src/alerting.ts', 'src/alerts/'];
const SERVICE = [
  ...ALERTS,
  'src/daemon-journal.ts',
  'src/service-warnings.ts',
  'src/start-refusal.ts',
  'src/http/server.ts',
  'src/metrics/',
  ...PASS,
  ...DAEMON,
  'src/composition.ts',
  'src/adapters/',
  'src/config/',
];

const LAYERS: readonly Layer[] = [
  { of: /^src\/core\//, may: ['src/core/', 'jose', 'node:crypto'] },
  { of: /^src\/(?:ports|events)\.ts$/, may: ['src/core/'] },
  { of: /^src\/pass(?:\.ts|\/)/, may: PASS },
  { of: /^src\/clock\.ts$/, may: ['src/ports.ts', 'node:timers/promises'] },
  { of: /^src\/timezone\.ts$/, may: [] },
  { of: /^src\/cron\.ts$/, may: [...PORTS, 'src/timezone.ts', 'node-cron'] },
  { of: /^src\/ticks\.ts$/, may: ['src/daemon.ts', 'node-cron'] },
  { of: /^src\/(?:sweep|admission|rotation-requests|agenda|daemon)\.ts$/, may: [...PASS, ...DAEMON, 'p-limit'] },
  { of: /^src\/log\.ts$/, may: [...EVENTS, 'pino'] },
  { of: /^src\/metrics\//, may: [...EVENTS, 'src/metrics/', 'prom-client'] },
  { of: /^src\/net\//, may: [...PORTS, 'src/net/', 'node:'] },
  { of: /^src\/key-file\.ts$/, may: [...PORTS, 'src/net/', 'node:'] },
  { of: /^src\/aws\//, may: [...PORTS, 'src/net/', 'src/aws/', 'node:'] },
  { of: /^src\/tencent\//, may: [...PORTS, 'src/net/', 'src/tencent/', 'zod', 'tencentcloud-sdk-nodejs/', 'node:'] },
  { of: /^src\/adapters\/apple\//, may: [...ADAPTERS, 'src/adapters/apple/'] },
  { of: /^src\/adapters\/provider\//, may: [...ADAPTERS, 'src/adapters/provider/'] },
  { of: /^src\/adapters\/journal\//, may: [...ADAPTERS, 'src/adapters/journal/'] },
  { of: /^src\/adapters\/keys\/registry\.ts$/, may: [...ADAPTERS, 'src/adapters/keys/'] },
  { of: /^src\/adapters\/keys\/(?!registry)/, may: ADAPTERS },
  { of: /^src\/adapters\/channels\/registry\.ts$/, may: [...ADAPTERS, 'src/adapters/channels/'] },
  {
    of: /^src\/adapters\/channels\/(?!registry)/,
    // What they share is no channel: how to post, and the values of options.
    may: [
      ...ADAPTERS,
      'src/adapters/channels/http.ts',
      'src/adapters/channels/options.ts',
      'src/adapters/channels/webhook-body.ts',
      'nodemailer',
    ],
  },
  {
    of: /^src\/config\//,
    may: [
      ...PORTS,
      'src/config/',
      'src/cron.ts',
      'src/net/',
      // The definition joins the options that each adapter gives of itself.
      'src/adapters/keys/registry.ts',
      'src/adapters/channels/registry.ts',
      'src/adapters/channels/webhook-body.ts',
      'src/tencent/credentials/registry.ts',
      'zod',
      'yaml',
      'node:',
    ],
  },
  // It judges what the product does, and so shares next to nothing with it.
  {
    of: /^src\/sandbox\//,
    may: ['src/sandbox/', 'src/ports.ts', 'src/core/errors.ts', 'src/net/proxy.ts', 'zod', 'hono', '@hono/', 'node:'],
  },
  {
    of: /^src\/http\//,
    may: [
      ...EVENTS,
      'src/daemon.ts',
      'src/rotation-requests.ts',
      'src/net/proxy.ts',
      'src/http/',
      'zod',
      'hono',
      '@hono/',
      'node:',
    ],
  },
  { of: /^src\/alerts\//, may: [...EVENTS, 'src/alerts/', 'src/net/', 'zod', 'node:'] },
  { of: /^src\/composition\.ts$/, may: [...SERVICE, 'src/net/', 'src/tencent/'] },
  { of: /^src\/alerting\.ts$/, may: SERVICE },
  { of: /^src\/(?:service|service-warnings|daemon-journal|once|start-refusal)\.ts$/, may: [...SERVICE, 'node:'] },
  {
    of: /^src\/cli\//,
    may: [
      ...PASS,
      'src/cli/',
      'src/config/',
      'src/net/',
      'src/http/problem.ts',
      'src/service.ts',
      'src/start-refusal.ts',
      'src/key-file.ts',
      'src/sandbox/',
      'commander',
      'pino',
      'node:',
    ],
  },
  { of: /^src\/main\.ts$/, may: ['src/', 'commander', 'package.json', 'node:'] },
];

function layersOf({ path }: Module): Layer[] {
  return LAYERS.filter(({ of }) => of.test(path));
}

/** Where `pattern` stands in the code of files that `except` does not cover. */
function places(pattern: RegExp, except: RegExp, within = modules): string[] {
  return within
    .filter(({ path }) => !except.test(path))
    .flatMap(({ path, code }) =>
      code.split('\n').flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
    );
}

describe('imports point one way', () => {
  test('every file belongs to exactly one layer, and no layer is empty', () => {
    expect(modules.filter((module) => layersOf(module).length !== 1).map(({ path }) => path)).toEqual([]);
    expect(LAYERS.filter(({ of }) => !modules.some(({ path }) => of.test(path))).map(({ of }) => of.source)).toEqual(
      [],
    );
  });

  test.each(LAYERS.map((layer) => [layer.of.source, layer] as const))('%s', (_, { of, may }) => {
    const wrong = modules
      .filter(({ path }) => of.test(path))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ what }) => !may.some((allowed) => what.startsWith(allowed)))
          .map(({ what }) => `${path} imports ${what}`),
      );
    expect(wrong).toEqual([]);
  });

  test('nothing imports in a circle, not even types', () => {
    expect(cycleIn(modules)).toBeUndefined();
  });

  test('every import of a file names one that is there', () => {
    const paths = new Set([...modules.map(({ path }) => path), 'package.json']);
    const missing = modules.flatMap(({ path, imports }) =>
      imports.filter(({ what }) => /^(?:src\/|package)/.test(what) && !paths.has(what)).map(({ what }) => [path, what]),
    );
    expect(missing).toEqual([]);
  });
});

describe('what is not used is not loaded', () => {
  const HEAVY =
    /^(?:tencentcloud-sdk-nodejs|@aws-sdk|zod|yaml|pino|prom-client|hono|@hono|node-cron|p-limit|node:sqlite)\b/;

  test('SDKs are imported when they are first needed', () => {
    const early = modules.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ what, kind }) => kind === 'static' && /^(?:tencentcloud-sdk-nodejs|@aws-sdk|nodemailer)\b/.test(what),
        )
        .map(({ what }) => `${path} imports ${what}`),
    );
    expect(early).toEqual([]);
  });

  test.each(['src/cli/generate.ts', 'src/cli/inspect.ts'])('%s reaches no SDK, schema library or log', (start) => {
    const reached = reachedFrom(start, modules, ['static', 'dynamic']);
    expect(reached).toContain('jose/jwt/sign');
    expect([...reached].filter((what) => HEAVY.test(what))).toEqual([]);
  });

  test('a health check, which is run every 30 s, loads no schema library, SDK or journal', () => {
    const reached = new Set(
      ['src/cli/health.ts', 'src/config/listening.ts'].flatMap((start) => [
        ...reachedFrom(start, modules, ['static', 'dynamic']),
      ]),
    );
    expect(reached).toContain('src/net/request.ts');
    expect([...reached].filter((what) => HEAVY.test(what))).toEqual(['yaml']);
  });

  test('the entry point loads nothing of a command before it is chosen', () => {
    const reached = reachedFrom('src/main.ts', modules, ['static']);
    expect(reached).toContain('src/cli/program.ts');
    expect([...reached].filter((what) => HEAVY.test(what) || what === 'jose' || what.startsWith('jose/'))).toEqual([]);
  });
});

describe('the world is met at its edges alone', () => {
  test('only the command line writes to the terminal', () => {
    expect(places(/\bconsole\.\w+\(|\bprocess\.(?:stdout|stderr|stdin)\b/, /^src\/(?:cli\/|main\.ts$)/)).toEqual([]);
  });

  test('only main reads the environment, ends the process and hears its signals', () => {
    const meeting = /\bprocess\.(?:env|argv|exit|exitCode|execArgv)\b|\bprocess\s*\.on(?:ce)?\(/;
    // The demo's process must not leave its daemon behind.
    expect(places(meeting, /^src\/(?:main|cli\/sandbox)\.ts$/)).toEqual([]);
  });

  test('time is an argument: only the clock, main and the sandbox read it', () => {
    const reading = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bsetIssuedAt\(\)|\bsetExpirationTime\('/;
    // A configuration that is loaded without an instant is loaded now.
    expect(places(reading, /^src\/(?:clock|main|config\/load)\.ts$|^src\/sandbox\//)).toEqual([]);
  });

  test('nothing waits but by the clock, but for the limit of a call and the simulated world', () => {
    const waiting = /\bset(?:Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|node:timers/;
    expect(places(waiting, /^src\/(?:clock|net\/abort|cli\/sandbox)\.ts$|^src\/sandbox\//)).toEqual([]);
  });

  test('chance is an argument, but for the throwaway key that Apple must reject and the simulated world', () => {
    const chance = /\bMath\.random\b|\brandom(?:Bytes|UUID|Int)\b|\bgenerateKeyPair/;
    expect(places(chance, /^src\/(?:main|core\/client-secret)\.ts$|^src\/sandbox\//)).toEqual([]);
  });
});

describe('style', () => {
  const everything = [...modules, ...modulesBelow('test')];

  test('no file is called by a word that says nothing', () => {
    const empty = /^(?:(?:.*-)?(?:utils?|helpers?|impl)|common|managers?|services|misc|types|index)\.ts$/;
    expect(everything.map(({ path }) => path).filter((path) => empty.test(basename(path)))).toEqual([]);
  });

  test('nothing is any', () => {
    expect(places(/(?:[:<|&,]|\bas) *any\b(?! *['\w])/, /^test\/architecture/, everything)).toEqual([]);
  });

  test('no rule is switched off, and nothing is left to do', () => {
    const marks = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|\bTODO\b|\bFIXME\b/;
    const texts = everything.map(({ path, text }) => ({ path, code: text, imports: [], text }));
    expect(places(marks, /^test\/architecture/, texts)).toEqual([]);
  });

  test('every file begins by saying what it is', () => {
    const silent = everything.filter(({ text }) => !/^(?:#!.*\n)?\/\/ \S/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('names are exported, not defaults', () => {
    expect(places(/^export default\b/, /^test\/(?:container\/)?(?:vitest\.config|setup)/, everything)).toEqual([]);
  });
});
