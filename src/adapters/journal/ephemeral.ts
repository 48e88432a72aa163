// Whether the journal goes when its container goes: the process runs in one, and the journal's folder lies in the
// container's own layer, in memory, or in a volume that dies with the pod. Told as the condition JournalEphemeral.
// Lines of mountinfo are those of proc_pid_mountinfo(5).
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What is asked of the system; tests hand in texts of real ones. */
export interface Surroundings {
  /** The text of a file; `undefined` where it is not there or may not be read. */
  readonly read: (path: string) => string | undefined;
  /** The path behind every symbolic link; throws where there is none. */
  readonly realpath: (path: string) => string;
}

const SYSTEM: Surroundings = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  realpath: (path) => realpathSync(path),
};

interface Mount {
  /** What of the file system is mounted. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly superOptions: string;
}

/**
 * True if the process runs in a container and the journal at `path` would be gone with it. False where that cannot be
 * found out. `env` is the process's environment.
 */
export function isEphemeral(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  surroundings: Surroundings = SYSTEM,
): boolean {
  const mounts = parseMounts(surroundings.read('/proc/self/mountinfo') ?? '');
  if (!isContainer(mounts, env, surroundings)) return false;
  const mount = mountOf(realFolder(dirname(resolve(path)), surroundings.realpath), mounts);
  return mount !== undefined && isLostWithContainer(mount);
}

const RUNTIMES = /\b(?:docker|containerd|kubepods|libpod)\b/;
/** Files that every runtime mounts into its containers, from a folder of its own. */
const RUNTIME_FILES = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];
const RUNTIME_FOLDERS = /\/(?:containers|overlay-containers|sandboxes|pods)\//;

/** On a host that runs containers their mounts stand in its mountinfo too: only what is mounted at our own root counts. */
function isContainer(
  mounts: readonly Mount[],
  env: Readonly<Record<string, string | undefined>>,
  { read }: Surroundings,
): boolean {
  if ((env['KUBERNETES_SERVICE_HOST'] ?? '') !== '') return true;
  if (read('/.dockerenv') !== undefined || read('/run/.containerenv') !== undefined) return true;
  if (RUNTIMES.test(read('/proc/1/cgroup') ?? '')) return true;
  return mounts.some(({ point, root, type, superOptions }) => {
    if (point === '/') return type === 'overlay' && /docker|containerd|containers\/storage/.test(superOptions);
    return RUNTIME_FILES.includes(point) && RUNTIME_FOLDERS.test(root);
  });
}

const LAYERS = ['overlay', 'aufs', 'fuse.fuse-overlayfs'];
const MEMORY = ['tmpfs', 'ramfs'];

function isLostWithContainer({ point, root, type }: Mount): boolean {
  return point === '/' || LAYERS.includes(type) || MEMORY.includes(type) || root.includes('/kubernetes.io~empty-dir/');
}

/** The mount that holds a folder: the deepest, and among several at one point the one that was made last. */
function mountOf(folder: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const holds = mount.point === '/' || folder === mount.point || folder.startsWith(`${mount.point}/`);
    if (holds && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}

/** The folder behind its symbolic links; what does not exist yet will lie in the nearest folder that does. */
function realFolder(folder: string, realpath: Surroundings['realpath']): string {
  try {
    return realpath(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : realFolder(above, realpath);
  }
}

function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ', 2);
    const [, , , root, point] = left.split(' ');
    const [type, , superOptions = ''] = right.split(' ');
    if (root === undefined || point === undefined || type === undefined) return [];
    return [{ root: unescaped(root), point: unescaped(point), type, superOptions }];
  });
}

/** Space, tab, newline and backslash are written in octal. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
