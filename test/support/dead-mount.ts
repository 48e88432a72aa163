// A mount that does not answer, as a network file system whose server is gone: a module that the program loads first
// sends every look below the folder to a named pipe without a writer, so that a real thread of its pool hangs in the
// kernel. The mount is back once the pipe is gone.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A mount below `folder` for the programs that get `env`, which print `hanging` when they meet it. It answers until it dies. */
export function deadMount(folder: string) {
  const [mount, pipe] = [join(folder, 'mount'), join(folder, 'hang.pipe')];
  mkdirSync(mount);
  const preload = `
    import { existsSync } from 'node:fs';
    import files from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const { open } = files;
    for (const name of ['open', 'stat']) {
      const real = files[name];
      files[name] = (path, ...rest) => {
        if (!String(path).startsWith(${JSON.stringify(mount)}) || !existsSync(${JSON.stringify(pipe)}))
          return real(path, ...rest);
        process.stderr.write('hanging\\n');
        return open(${JSON.stringify(pipe)}, 'r');
      };
    }
    syncBuiltinESMExports();`;
  return {
    path: (name: string) => join(mount, name),
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` },
    die: () => execFileSync('mkfifo', [pipe]),
    comeBack() {
      // Whoever waits for a writer goes on.
      closeSync(openSync(pipe, constants.O_RDWR));
      rmSync(pipe);
    },
  };
}
