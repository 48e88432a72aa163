// The order of the rooms in src/, and the rules of style that no linter checks.
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cycleIn, modulesBelow, reachedFrom } from './support/modules.ts';

const modules = modulesBelow('src');

/** From top to bottom: a room imports from itself and from rooms below it. */
const ROOMS = 'main.ts cli service config page http daemon sandbox adapters alerts pass net core'.split(' ');

const roomOf = (path: string) => path.split('/')[1] ?? '';

/** Where `pattern` stands in the code of files that `except` does not cover. */
function places(pattern: RegExp, except: RegExp, within = modules): string[] {
  return within
    .filter(({ path }) => !except.test(path))
    .flatMap(({ path, code }) =>
      code.split('\n').flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
    );
}

describe('imports point one way', () => {
  test('src/ holds these rooms and nothing else', () => {
    expect([...new Set(modules.map(({ path }) => roomOf(path)))].sort()).toEqual([...ROOMS].sort());
  });

  test('no room imports from one above it', () => {
    const up = modules.flatMap(({ path, imports }) =>
      imports
        .filter(({ what }) => what.startsWith('src/') && ROOMS.indexOf(roomOf(what)) < ROOMS.indexOf(roomOf(path)))
        .map(({ what }) => `${path} imports ${what}`),
    );
    expect(up).toEqual([]);
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
  const HEAVY = /^(?:tencentcloud-sdk-nodejs|@aws-sdk|zod|js-yaml|pino|prom-client|hono|@hono|node-cron|node:sqlite)\b/;

  test('a journal in a file loads nothing of PostgreSQL', () => {
    const database = /^pg(?:-boss)?$|^src\/(?:adapters\/(?:journal\/postgres|queue)\/|service\/replicas\.ts$)/;
    const loading = modules.flatMap(({ path, imports }) =>
      imports.filter(({ what, kind }) => kind === 'static' && database.test(what)).map(() => path),
    );
    expect(loading.filter((path) => !database.test(path))).toEqual([]);
    expect(loading).not.toEqual([]);
  });

  test('SDKs are imported when they are first needed', () => {
    const early = modules.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ what, kind }) =>
            kind === 'static' && /^(?:tencentcloud-sdk-nodejs|@aws-sdk|nodemailer|@clack)\b/.test(what),
        )
        .map(({ what }) => `${path} imports ${what}`),
    );
    expect(early).toEqual([]);
  });

  /** A command prints English alone. */
  const OTHER_LANGUAGE = /\/texts\/zh\//;

  test('generate and inspect reach no SDK, schema library, log or other language', () => {
    const reached = reachedFrom('src/cli/by-hand.ts', modules, ['static', 'dynamic']);
    expect(reached).toContain('jose/jwt/sign');
    expect([...reached].filter((what) => HEAVY.test(what) || OTHER_LANGUAGE.test(what))).toEqual([]);
  });

  test('a health check, which is run every 30 s, loads no schema library, SDK or journal', () => {
    const reached = reachedFrom('src/cli/health.ts', modules, ['static', 'dynamic']);
    expect(reached).toContain('src/net/request.ts');
    expect([...reached].filter((what) => HEAVY.test(what) || OTHER_LANGUAGE.test(what))).toEqual(['js-yaml']);
  });

  test('what runs in a browser imports no package but preact, and types alone of what runs in Node', () => {
    const page = modules.filter(({ path }) => path.startsWith('src/page/'));
    const run = page.flatMap(({ imports }) => imports.filter(({ kind }) => kind !== 'type').map(({ what }) => what));
    const outside = new Set(run.filter((what) => !what.startsWith('src/page/')));
    expect(
      [...outside].filter(
        (what) => !/^(?:preact(?:\/hooks)?|src\/core\/.*|src\/alerts\/words\/next-step\.ts)$/.test(what),
      ),
    ).toEqual([]);
    const reached = new Set([...outside].flatMap((what) => [...reachedFrom(what, modules, ['static'])]));
    expect([...reached].filter((what) => !/^(?:preact|src\/)/.test(what))).toEqual([]);
  });

  test('the entry point loads nothing of a command before it is chosen', () => {
    const reached = reachedFrom('src/main.ts', modules, ['static']);
    expect(reached).toContain('src/cli/program.ts');
    expect([...reached].filter((what) => HEAVY.test(what) || what === 'jose' || what.startsWith('jose/'))).toEqual([]);
  });
});

describe('the world is met at its edges alone', () => {
  test('only main reads the environment, ends the process and hears its signals', () => {
    const meeting = /\bprocess\.(?:env|argv|exit|exitCode|execArgv)\b|\bprocess\s*\.on(?:ce)?\(/;
    // The demo's process must not leave its daemon behind.
    expect(places(meeting, /^src\/(?:main|cli\/sandbox)\.ts$/)).toEqual([]);
  });

  test('time is an argument: only the clock, the event loop, main and the sandbox read it', () => {
    const reading = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bsetIssuedAt\(\)|\bsetExpirationTime\('/;
    // A configuration that is loaded without an instant is loaded now; the page has the clock of its browser.
    const allowed =
      /^src\/(?:service\/system-clock|net\/event-loop|main|config\/load|page\/(?:connection|context))\.ts$|^src\/page\/main\.tsx$|^src\/sandbox\//;
    expect(places(reading, allowed)).toEqual([]);
  });

  test('nothing waits but by the clock, but for the limit of a call, work in slices and the simulated world', () => {
    const waiting = /\bset(?:Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|node:timers/;
    expect(
      places(
        waiting,
        /^src\/(?:service\/system-clock|net\/abort|net\/event-loop|cli\/sandbox|page\/(?:connection|context))\.ts$|^src\/sandbox\//,
      ),
    ).toEqual([]);
  });

  test('only the adapter, the sandbox and the texts know the words of CloudBase', () => {
    const words =
      /\b(?:ClientSecret|ClientId|EnvId|ProviderType|(?:Get|Modify|Add|Delete)Providers?)\b|(['"`])(?:On|Config)\1|\bConfig\.[A-Z$]/;
    // The table of errors names the actions that CAM must allow.
    const knowing = /^src\/(?:adapters\/(?:provider\/|tencent\/error-table)|(?:cli\/)?sandbox\b|.*\/texts\/)/;
    expect(places(words, knowing)).toEqual([]);
  });

  test('chance is an argument, but for the throwaway key that Apple must reject and the simulated world', () => {
    const chance = /\bMath\.random\b|\brandom(?:Bytes|UUID|Int)\b|\bgetRandomValues\b|\bgenerateKeyPair/;
    expect(places(chance, /^src\/(?:main|core\/client-secret)\.ts$|^src\/sandbox\//)).toEqual([]);
  });
});

describe('what leaves goes past core/output.ts at one place for each exit', () => {
  const EXITS: readonly [what: string, how: RegExp, where: RegExp][] = [
    ['the terminal', /\bconsole\.\w+\(|\bprocess\s*\.\s*std(?:out|err|in)\b/, /^src\/main\.ts$/],
    ['text as it is', /\bwriteSecret\b/, /^src\/cli\/(?:context|terminal|generate|sandbox)\.ts$/],
    [
      'JSON of a command',
      /\bprintJson = |\bJSON\.stringify\(/,
      /^src\/(?!cli\/)|^src\/cli\/(?:print-json|generate)\.ts$/,
    ],
    ['the log', /\bpino(?:-pretty)?\b/, /^src\/(?:service\/log|cli\/log-destination)\.ts$/],
    ['JSON over HTTP', /\bJSON\.stringify\(/, /^src\/(?!http\/)|^src\/http\/body\.ts$/],
    [
      'an answer over HTTP',
      /\bnew Response\(|\bResponse\.json\(|\.writeHead\(|\b(?:socket|res|response)\.(?:end|write)\(|\bc\.(?:json|text|body|html)\(/,
      /^src\/(?:http\/(?:application|server)\.ts$|sandbox\/)/,
    ],
    [
      'a row of the journal',
      /\bJSON\.stringify\(/,
      /^src\/(?!adapters\/journal\/)|\/(?:tables|alert-tables|old-conditions|lock|postgres\/(?:alert-|replica-)?rows)\.ts$/,
    ],
    ['an alert', /\bchannel\.(?:send|refresh)\(/, /^src\/(?:alerts\/(?:deliverer|start-refused)|cli\/alerts)\.ts$/],
  ];

  test.each(EXITS)('%s', (_, how, where) => {
    expect(places(how, where)).toEqual([]);
    expect(places(how, /^$/)).not.toEqual([]);
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
    expect(places(/^export default\b/, /\/vitest\.config\.ts$/, everything)).toEqual([]);
  });
});
