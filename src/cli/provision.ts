// `provision`: shows how each provider differs from the configuration, asks, and makes it so.
import { errorView, RotatorError } from '../core/errors.ts';
import { type Color, paint } from '../core/output.ts';
import type { Target } from '../core/ports.ts';
import type { ProvisionAction } from '../core/provision.ts';
import { program } from '../core/texts/command.ts';
import { permissionText } from '../core/texts/en/setup.ts';
import { counted } from '../core/texts/en/words.ts';
import { settingValue } from '../core/texts/quote.ts';
import type { Prospect, Provisioned, ProvisionStep } from '../pass/provision.ts';
import { type Look, openProvision } from '../service/provision.ts';
import { strictConfig } from '../service/session.ts';
import { EXIT, type ExitStatus, type Host } from './context.ts';
import { printJson } from './print-json.ts';
import { writeTable } from './table.ts';

export interface ProvisionCommandOptions {
  readonly config?: string;
  readonly target: readonly string[];
  readonly credentials?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What became of a target. */
interface Ending {
  readonly look: Look;
  readonly outcome: 'planned' | 'unchanged' | 'done' | 'declined' | 'failed';
  readonly result: Provisioned | RotatorError | undefined;
}

/** 0: every provider is as the configuration says, or would be. */
export async function provision(options: ProvisionCommandOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  // Before anything is asked of the cloud.
  if (!options.yes && !options.dryRun && host.ask === undefined)
    throw new RotatorError('ERR_USAGE', { problem: 'no-consent' });
  const { target, credentials } = options;
  const tell = (of: Target, step: ProvisionStep) => host.stderr.write(`${of.name}: ${STEPS[step]}\n`);
  const tools = { ...host, emit: () => undefined };
  const session = await openProvision(config, tools, { target, credentials, stop: host.stopSignal(), tell });
  if (!options.json) for (const look of session.looks) show(look, host);
  host.stderr.write(permissionText(session.policy));
  const endings = await end(session.looks, options, host);
  if (options.json) printJson(host.stdout, { targets: endings.map(endingView) });
  else for (const ending of endings) tellEnding(ending, host);
  return endings.every(({ outcome }) => outcome !== 'failed' && outcome !== 'declined') ? EXIT.ok : EXIT.failed;
}

async function end(
  looks: readonly Look[],
  { yes, dryRun }: ProvisionCommandOptions,
  host: Host,
): Promise<readonly Ending[]> {
  const due = looks.filter(({ found }) => 'plan' in found && found.plan.action !== 'none');
  const isAgreed =
    due.length > 0 && !dryRun && (yes || (await host.ask?.(`Change ${counted(due.length, 'provider')}?`)) === true);
  const endings: Ending[] = [];
  for (const look of looks) {
    const { found } = look;
    if (!('plan' in found)) endings.push({ look, outcome: 'failed', result: found });
    else if (found.plan.action === 'none') endings.push({ look, outcome: 'unchanged', result: undefined });
    else if (!isAgreed) endings.push({ look, outcome: dryRun ? 'planned' : 'declined', result: undefined });
    else {
      const result = await look.apply();
      endings.push({ look, outcome: result instanceof RotatorError ? 'failed' : 'done', result });
    }
  }
  return endings;
}

const STEPS: Readonly<Record<ProvisionStep, string>> = {
  created: 'created, switched off',
  changed: 'written',
  'reading-back': 'waiting until CloudBase shows it',
  repaired: 'written again what CloudBase had changed by itself',
  'asking-apple': 'asking Apple about the client secret',
  'switched-on': 'switched on',
  finished: 'finished, switched off',
};

const HEADS: Readonly<Record<ProvisionAction, string>> = {
  create: 'is created, switched off until Apple accepts its client secret',
  finish: 'was created by this command and not finished; this goes on',
  complete: 'differs from the configuration',
  none: 'is as the configuration says',
  refuse: 'differs from the configuration, but its Client ID cannot be changed while logins may work with it',
};

const COLUMNS = [{ title: 'SETTING' }, { title: 'NOW' }, { title: 'WANTED' }];

function show({ target, found }: Look, { stdout }: Host): void {
  if (!('plan' in found)) return;
  const { plan, makesSecret } = found;
  stdout.write(`${target.name}: provider ${target.providerId} of ${target.envId} ${HEADS[plan.action]}\n`);
  const cell = (text: string, color?: Color) => (color === undefined ? { text } : { text, color });
  const rows = plan.differences.map(({ name, found: now, wanted }) => ({
    cells: [cell(name), cell(now === null ? '-' : settingValue(now)), cell(settingValue(wanted), 'yellow')],
  }));
  const secret = { cells: [cell('clientSecret'), cell('-'), cell('a new one', 'yellow')] };
  if (rows.length > 0 || makesSecret) writeTable(stdout, COLUMNS, makesSecret ? [...rows, secret] : rows);
  for (const note of notes(found)) stdout.write(`  ${note}\n`);
}

/** What a person should know before agreeing. */
function notes({ target: { stated }, plan: { action, differences, switchOn } }: Prospect): string[] {
  const isNew = action === 'create' || action === 'finish';
  const links = differences.filter(({ name }) => name === 'linkByEmail' || name === 'linkByPhone');
  return [
    ...(links.length > 0
      ? [
          'Linking by address lets anybody who holds an address at Apple into the account here that has the same address.',
          ...(isNew ? ['It is off unless the configuration states it.'] : []),
        ]
      : []),
    ...(isNew && stated.redirectUri === undefined
      ? [
          'No callback URL is stated, and none is guessed: set provider.redirectUri to what the CloudBase console shows.',
        ]
      : []),
    ...(action !== 'none' && !switchOn && stated.enabled === false ? ['It stays switched off, as stated.'] : []),
  ];
}

function tellEnding({ look: { target }, outcome, result }: Ending, { stdout, stderr }: Host): void {
  if (result instanceof RotatorError) {
    const { code, message, hint } = errorView(result.stored, target.name);
    stderr.write(`${paint('red', 'error:')} ${target.name}: ${message} ${paint('dim', `(${code})`)}\n  ${hint}\n`);
    return;
  }
  if (outcome === 'declined') stdout.write(`${target.name}: nothing was changed\n`);
  if (outcome !== 'done' || result === undefined) return;
  const { enabled, fields } = result.provider;
  const { redirectUri } = fields.settings();
  stdout.write(`${target.name}: as the configuration says, switched ${enabled === false ? 'off' : 'on'}\n`);
  if (redirectUri !== undefined)
    stdout.write(`  Callback URL, which has to be among Apple's Return URLs: ${redirectUri}\n`);
  if (result.isHidden)
    stdout.write('  CloudBase does not show the client secret: Apple was asked about one of the same key.\n');
  stdout.write(`  Next: ${program(`once --target ${target.name}`)}\n`);
}

function endingView({ look: { target, found }, outcome, result }: Ending) {
  const { name, envId, providerId } = target;
  const plan = 'plan' in found ? found.plan : undefined;
  const error = result instanceof RotatorError ? errorView(result.stored, name) : null;
  return {
    name,
    envId,
    providerId,
    action: plan?.action ?? null,
    differences:
      plan?.differences.map((each) => ({ setting: each.name, found: each.found, wanted: each.wanted })) ?? [],
    makesSecret: 'plan' in found && found.makesSecret,
    outcome,
    redirectUri:
      result === undefined || result instanceof RotatorError
        ? null
        : (result.provider.fields.settings().redirectUri ?? null),
    error,
  };
}
