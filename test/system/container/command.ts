// Runs a program to its end, for what prepares and describes containers. Tests follow containers by ../../support/program.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandOptions {
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard input; default: nothing. */
  readonly input?: string;
}

/** What it wrote to stdout, without the last newline. Throws with its whole output where it ends with another status. */
export async function command(
  executable: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { env = {}, input = '', ...rest } = options;
  const child = spawn(executable, args, { ...rest, env: { ...process.env, ...env }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  child.stdin.on('error', () => undefined).end(input);
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${executable} ${args.join(' ')}\nended with ${code}:\n${Object.values(output).join('')}`);
  return output.stdout.trimEnd();
}

/** True if it ends with 0. */
export function succeeds(executable: string, args: readonly string[], options: CommandOptions = {}): Promise<boolean> {
  return command(executable, args, options).then(
    () => true,
    () => false,
  );
}
