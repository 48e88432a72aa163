// Builds what is measured: this tree, and with --against an earlier commit in a worktree of its own.
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A bundle that is measured. */
export interface Build {
  /** Its commit, as the tables call it. */
  readonly name: string;
  /** dist/main.js. */
  readonly main: string;
  /** Letters that keep its environments at the server apart from those of the other build. */
  readonly prefix: string;
}

export function buildThis(folder: string): Build {
  const out = join(folder, 'this');
  execFileSync(process.execPath, ['.ci/build.ts', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  const changes = git('status', '--porcelain', '--', 'src', 'package-lock.json') === '' ? '' : ' with changes';
  return { name: `${git('rev-parse', '--short', 'HEAD')}${changes}`, main: join(out, 'main.js'), prefix: 'this' };
}

/**
 * Takes the packages of this tree where the commit wants the same ones; otherwise npm installs them, from its cache as
 * far as it can. Throws a TypeError if there is no such commit.
 */
export function buildRevision(revision: string, folder: string): Build {
  const commit = resolveRevision(revision);
  const tree = join(folder, 'before');
  git('worktree', 'add', '--detach', tree, commit);
  // Before the folder goes, in which the worktree is.
  process.prependOnceListener('exit', () => git('worktree', 'remove', '--force', tree));
  const lock = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(tree) === lock('.')) symlinkSync(join(process.cwd(), 'node_modules'), join(tree, 'node_modules'));
  else npm(tree, 'ci', '--prefer-offline', '--no-audit', '--no-fund');
  npm(tree, 'run', 'build');
  return { name: git('rev-parse', '--short', commit), main: join(tree, 'dist', 'main.js'), prefix: 'before' };
}

function resolveRevision(revision: string): string {
  try {
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  } catch {
    throw new TypeError(`--against ${revision}: there is no such commit`);
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function npm(cwd: string, ...args: readonly string[]): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
