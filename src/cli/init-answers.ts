// What `init` has to know: each answer with its option, its question and its check. An option is checked in the same way
// as what somebody types. No answer is a secret: keys and credentials are in files that answers name.
import { readKeyFile } from '../adapters/keys/key-file.ts';
import type { FirstAlerts, FirstPlace, FirstSite } from '../config/first-choices.ts';
import { TARGET } from '../config/schema.ts';
import type { IdName } from '../core/error-troubles.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import { joinIds, keyIdOfFileName, type PartialKeyIds } from '../core/key-ids.ts';
import { parseKeyText } from '../core/key-material.ts';
import { shownName } from '../core/shown.ts';

/** In the order in which they are asked and checked: later checks look at earlier answers. */
export interface Answers {
  readonly keyFile: string;
  readonly keyId: string;
  readonly teamId: string;
  readonly clientId: string;
  readonly env: string;
  readonly name: string;
  readonly site: FirstSite;
  readonly alerts: FirstAlerts;
  readonly runsWith: FirstPlace;
}
export type AnswerName = keyof Answers;
/** Texts have not been checked where they are of this type. */
export type Given = { readonly [Name in AnswerName]?: Answers[Name] | undefined };

interface Question {
  readonly option: string;
  readonly ask: string;
  /** What stands there already when it is asked. */
  readonly suggest?: (known: Given) => string | undefined;
  /** A choice; the option is held to it by the command line. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** What is wrong with a text, beside the answers that are known. */
  readonly check?: (text: string, known: Given) => Promise<RotatorError[]> | RotatorError[];
}

const ALERTS: Readonly<Record<Answers['alerts'], string>> = {
  wecom: 'a group in WeCom (企业微信)',
  dingtalk: 'a group in DingTalk (钉钉)',
  feishu: 'a group in Feishu (飞书)',
  slack: 'a channel in Slack',
  webhook: 'a program of your own, by a webhook',
  none: 'nobody: I accept that a failure goes unnoticed',
};

export const QUESTIONS: Readonly<Record<AnswerName, Question>> = {
  keyFile: {
    option: '--key-file',
    ask: 'Where is the .p8 of Sign in with Apple? (a path)',
    check: (path) => keyProblems(path),
  },
  keyId: {
    option: '--key-id',
    ask: 'Its Key ID? (Apple Developer portal, Keys)',
    suggest: ({ keyFile = '' }) => keyIdOfFileName(keyFile),
    check: async (keyId, known) => [...(await idProblems('keyId', keyId, known)), ...nameProblems(keyId, known)],
  },
  teamId: {
    option: '--team-id',
    ask: 'The Team ID? (Apple Developer portal, Membership)',
    check: async (teamId, known) => [
      ...(await idProblems('teamId', teamId, known)),
      ...(teamId === known.keyId ? [new RotatorError('ERR_USAGE', { problem: 'same-ids' })] : []),
    ],
  },
  clientId: {
    option: '--client-id',
    ask: 'The Services ID? (Apple Developer portal, Identifiers, Services IDs)',
    check: async (clientId, known) => {
      const problems = await idProblems('clientId', clientId, known);
      return problems.length > 0 ? problems : domainProblems(clientId);
    },
  },
  env: {
    option: '--env',
    ask: 'The id of the CloudBase environment? (CloudBase console)',
    check: (env) => (TARGET.shape.envId.safeParse(env).success ? [] : [bad('init-env', env)]),
  },
  name: {
    option: '--name',
    ask: 'How shall this program call it?',
    suggest: ({ env }) => suggestedName(env),
    check: (name) => (TARGET.shape.name.safeParse(name).success ? [] : [bad('init-name', name)]),
  },
  site: {
    option: '--site',
    ask: 'On which site of Tencent Cloud is it?',
    choices: [
      { value: 'domestic', label: 'the domestic one, cloud.tencent.com' },
      { value: 'international', label: 'the international one, tencentcloud.com' },
    ],
  },
  alerts: {
    option: '--alerts',
    ask: 'Who is notified when something fails?',
    choices: Object.entries(ALERTS).map(([value, label]) => ({ value, label })),
  },
  runsWith: {
    option: '--runs-with',
    ask: 'How will the program run?',
    choices: [
      { value: 'docker', label: 'with Docker Compose' },
      { value: 'machine', label: 'on this machine, without Docker' },
    ],
  },
};

export const ANSWER_NAMES = Object.keys(QUESTIONS) as AnswerName[];

/** The id of the environment where it is fit to be a name. */
export function suggestedName(env: string | undefined): string | undefined {
  const name = env?.toLowerCase();
  return TARGET.shape.name.safeParse(name).success ? name : undefined;
}

function bad(problem: 'init-env' | 'init-name' | 'no-domain', found: string): RotatorError {
  return new RotatorError('ERR_USAGE', { problem, found: shownName(found) });
}

async function keyProblems(path: string): Promise<RotatorError[]> {
  const found = await idsInKey(path);
  return found instanceof RotatorError ? [found] : [];
}

/** The ids that come with the key in JSON, or what is wrong with the key. */
async function idsInKey(path: string): Promise<PartialKeyIds | RotatorError> {
  try {
    return parseKeyText((await readKeyFile(path)).text, path).ids;
  } catch (thrown) {
    return asRotatorError(thrown);
  }
}

/** Its form, and whether the key says otherwise. */
async function idProblems(id: IdName, value: string, { keyFile }: Given): Promise<RotatorError[]> {
  const found = keyFile === undefined ? {} : await idsInKey(keyFile);
  const withKey = found instanceof RotatorError ? {} : { [id]: found[id] };
  const { problems } = joinIds({ [id]: value }, withKey, keyFile ?? '', 'command-line');
  return problems.filter(({ code }) => code !== 'ERR_KEY_IDS_MISSING');
}

function nameProblems(keyId: string, { keyFile: path = '' }: Given): RotatorError[] {
  const named = keyIdOfFileName(path) ?? keyId;
  return named === keyId ? [] : [new RotatorError('ERR_KEY_INVALID', { problem: 'other-name', path, named, keyId })];
}

/** Ten characters as Apple issues them, before a dot: an App ID as the portal writes it, with the team in front. */
const TEAM_PREFIX = /^[A-Z0-9]{10}\.(.+)$/;
const REVERSE_DOMAIN = /^[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9_-]+)+$/;

function domainProblems(clientId: string): RotatorError[] {
  const [, bare] = TEAM_PREFIX.exec(clientId) ?? [];
  if (bare !== undefined) return [new RotatorError('ERR_USAGE', { problem: 'team-prefix', found: clientId, bare })];
  return REVERSE_DOMAIN.test(clientId) ? [] : [bad('no-domain', clientId)];
}
