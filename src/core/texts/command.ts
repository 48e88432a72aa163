// The program's own commands as messages show them: in the form in which they are typed where this process runs, so that
// they can be pasted.
import { detail } from './quote.ts';

export const PROGRAM = 'apple-secret-rotator';
/** How `npm run` starts it in a checkout. */
const IN_CHECKOUT = 'npm run -s rotator --';
/** Longer than `kubectl` with a context and two names takes; a message must have room for the rest. */
const LONGEST = 200;

let typed = PROGRAM;
let typedInit: string | null = null;

/**
 * From now on commands begin as they do where this environment is: with ROTATOR_COMMAND, such as `docker compose run
 * --rm rotator`, which image, Compose file and manifest set. ROTATOR_INIT_COMMAND is how `init` is started where this
 * process may not write what it writes.
 */
export function nameProgram(env: Readonly<Record<string, string | undefined>>): void {
  typedInit = detail(env['ROTATOR_INIT_COMMAND'] ?? '', LONGEST) || null;
  const named = detail(env['ROTATOR_COMMAND'] ?? '', LONGEST);
  const isByNpm = env['npm_package_name'] === PROGRAM && /^(?:rotator|demo)$/.test(env['npm_lifecycle_event'] ?? '');
  typed = named || (isByNpm ? IN_CHECKOUT : PROGRAM);
}

/** A command as it is typed: `apple-secret-rotator once --target shop-prod`. */
export function program(words: string): string {
  return `${typed} ${words}`;
}

/** The same within a sentence, as code. `target` fills the place of NAME. */
export function command(words: string, target?: { readonly name: string } | null): string {
  const named = target ? words.replace(/\bNAME\b/g, () => detail(target.name, 63)) : words;
  return `\`${program(named)}\``;
}

/** `init` as it is typed where it can write, as code; null: it can right here. */
export function initElsewhere(): string | null {
  return typedInit && `\`${typedInit}\``;
}

/** `init` as it is typed, as code. */
export function initCommand(): string {
  return initElsewhere() ?? command('init');
}

/** Where docker-compose.yml mounts the folders that lie beside it. */
const [MOUNTED_SECRETS, MOUNTED_CONFIG] = [/^\/run\/secrets(?:\/|$)/, /^\/?config(?:\/|$)/];

/** What lets this user read a path, which is quoted: with Docker Compose, for the shell beside docker-compose.yml. */
export function letRead(path: string, uid: string): string {
  const isCompose = typed.startsWith('docker compose ');
  if (isCompose && MOUNTED_SECRETS.test(path)) return `sudo chown -R ${uid} secrets && sudo chmod -R u=rwX,go= secrets`;
  return isCompose && MOUNTED_CONFIG.test(path) ? 'chmod -R go+rX config' : `chown ${uid} ${path}`;
}

/** A command of the system about a file of the program, as it is typed outside of its container. */
export function onFiles(words: string): string {
  const one = /[&|']/.test(words) ? `sh -c ${quoted(words)}` : words;
  const [, before] = /^((?:kubectl|docker) .* )apple-secret-rotator$/.exec(typed) ?? [];
  if (before !== undefined) return before + one;
  const [, run, service] = COMPOSE_RUN.exec(typed) ?? [];
  const [entrypoint, ...rest] = one.split(' ');
  return run === undefined ? words : [run, '--entrypoint', entrypoint, service, ...rest].join(' ');
}

/** Gives a folder and what is in it to this user, whose number it is. With Docker Compose nobody in the service may do that. */
export function ownFolder(folder: string, uid: string): string {
  const words = `-R ${uid} ${quoted(folder)}`;
  const [, run, service] = COMPOSE_RUN.exec(typed) ?? [];
  if (run === undefined) return `chown ${words}`;
  const compose = run.replace(/ run\b.*$/, '');
  const of = (what: string) => `"$(${compose} ${what} -q ${service})"`;
  return `docker run --rm --user 0 --volumes-from ${of('ps')} --entrypoint chown ${of('images')} ${words}`;
}

/** Lets nobody but its owner read a file. */
export function restrict(path: string): string {
  const isMounted = typed.startsWith('docker compose ') && MOUNTED_SECRETS.test(path);
  return isMounted ? `sudo chmod 600 ${quoted(path.replace(/^\/run\//, ''))}` : `chmod 600 ${quoted(path)}`;
}

const COMPOSE_RUN = /^(docker compose (?:.* )?run\b.*) (\S+)$/;

/** A path or name for a POSIX shell: quoted where it has to be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
