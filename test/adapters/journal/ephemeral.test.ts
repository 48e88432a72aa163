// Whether a journal goes with its container, by the texts that systems of each kind show in /proc.
import { describe, expect, test } from 'vitest';
import { isEphemeral, type Surroundings } from '../../../src/adapters/journal/ephemeral.ts';

const ID = '3f4e1c'.padEnd(64, '9');
const LAYERS = `lowerdir=/var/lib/docker/overlay2/l/QF5CSBVXGEHKEU3ZVY:/var/lib/docker/overlay2/l/UJK6,upperdir=/var/lib/docker/overlay2/${ID}/diff,workdir=/var/lib/docker/overlay2/${ID}/work`;
const DOCKER = `612 523 0:52 / / rw,relatime master:256 - overlay overlay rw,${LAYERS}
613 612 0:55 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
614 612 0:56 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
615 614 0:57 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666
616 612 0:58 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
617 616 0:31 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate,memory_recursiveprot
618 612 8:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw,discard
619 612 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw,discard
`;
const DOCKER_VOLUME = `${DOCKER}620 612 8:1 /var/lib/docker/volumes/rotator_data/_data /data rw,relatime master:1 - ext4 /dev/sda1 rw,discard
`;
const DOCKER_TMPFS = `${DOCKER}620 612 0:60 / /data rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=65536k
`;
const POD = '6c1f9e0e-35d2-4a53-9d2e-0a6a1f3d7b51';
const KUBERNETES = `1021 901 0:119 / / ro,relatime master:401 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/41/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/77/fs
1022 1021 0:121 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1030 1021 259:1 /var/lib/kubelet/pods/${POD}/etc-hosts /etc/hosts rw,noatime - xfs /dev/nvme0n1p1 rw,attr2,inode64
1031 1021 259:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/hostname /etc/hostname rw,noatime - xfs /dev/nvme0n1p1 rw
1033 1021 0:110 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,size=524288k,inode64
`;
const KUBERNETES_PVC = `${KUBERNETES}1034 1021 259:5 / /data rw,relatime - ext4 /dev/nvme2n1 rw,seclabel
`;
const KUBERNETES_EMPTY_DIR = `${KUBERNETES}1034 1021 259:1 /var/lib/kubelet/pods/${POD}/volumes/kubernetes.io~empty-dir/data /data rw,noatime - xfs /dev/nvme0n1p1 rw
`;
/** A host that runs containers itself. */
const HOST = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard,errors=remount-ro
23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
26 22 0:24 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=402348k,mode=755
45 22 0:40 / /tmp rw,nosuid,nodev shared:30 - tmpfs tmpfs rw
412 22 0:52 / /var/lib/docker/overlay2/${ID}/merged rw,relatime shared:256 - overlay overlay rw,${LAYERS}
`;

interface Place {
  readonly mountinfo?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
}

function place({ mountinfo, files = {}, links = {}, folders }: Place): Surroundings {
  const all = { ...files, ...(mountinfo === undefined ? {} : { '/proc/self/mountinfo': mountinfo }) };
  return {
    read: (path) => new Map(Object.entries(all)).get(path),
    realpath: (path) => {
      if (folders && !folders.includes(path)) throw new Error('ENOENT');
      return links[path] ?? path;
    },
  };
}

const DOCKERENV = { '/.dockerenv': '' };

describe('a journal goes with its container', () => {
  test.each<[string, Place, string]>([
    ['in the layer of a Docker container', { mountinfo: DOCKER, files: DOCKERENV }, '/data/journal.db'],
    ['beside a volume, not in it', { mountinfo: DOCKER_VOLUME, files: DOCKERENV }, '/data2/journal.db'],
    ['on a tmpfs', { mountinfo: DOCKER_TMPFS, files: DOCKERENV }, '/data/journal.db'],
    ['in the layer of a pod', { mountinfo: KUBERNETES }, '/data/journal.db'],
    ['in a volume that dies with the pod', { mountinfo: KUBERNETES_EMPTY_DIR }, '/data/journal.db'],
    ['in a container told by its mounts alone', { mountinfo: DOCKER }, '/app/data/journal.db'],
    [
      'behind a link that leads out of the volume',
      { mountinfo: DOCKER_VOLUME, files: DOCKERENV, links: { '/data/here': '/srv' } },
      '/data/here/journal.db',
    ],
    [
      'on a tmpfs over the volume',
      { mountinfo: `${DOCKER_VOLUME}630 620 0:61 / /data rw - tmpfs tmpfs rw\n`, files: DOCKERENV },
      '/data/journal.db',
    ],
    [
      'under cgroups of the first kind',
      { mountinfo: '1 0 0:5 / / rw - btrfs /dev/sda rw\n', files: { '/proc/1/cgroup': `4:memory:/docker/${ID}\n` } },
      '/data/journal.db',
    ],
    [
      'in a podman container',
      { mountinfo: '1 0 0:5 / / rw - fuse.fuse-overlayfs x rw\n', files: { '/run/.containerenv': '' } },
      '/data/journal.db',
    ],
  ])('%s', (_name, here, path) => {
    expect(isEphemeral(path, {}, place(here))).toBe(true);
  });

  test('by the environment of a pod', () => {
    const mountinfo = '1 0 0:5 / / rw - xfs /dev/sda rw\n';
    expect(isEphemeral('/data/j.db', { KUBERNETES_SERVICE_HOST: '10.96.0.1' }, place({ mountinfo }))).toBe(true);
    expect(isEphemeral('/data/j.db', { KUBERNETES_SERVICE_HOST: '' }, place({ mountinfo }))).toBe(false);
  });
});

describe('a journal stays', () => {
  test.each<[string, Place, string]>([
    ['in a Docker volume', { mountinfo: DOCKER_VOLUME, files: DOCKERENV }, '/data/journal.db'],
    ['in a folder of a Docker volume', { mountinfo: DOCKER_VOLUME, files: DOCKERENV }, '/data/deep/er/journal.db'],
    [
      'in a folder of a volume that does not exist yet',
      { mountinfo: DOCKER_VOLUME, files: DOCKERENV, folders: ['/', '/data'] },
      '/data/deep/er/journal.db',
    ],
    ['on a persistent volume of a pod', { mountinfo: KUBERNETES_PVC }, '/data/journal.db'],
    [
      'behind a link that leads into the volume',
      { mountinfo: DOCKER_VOLUME, files: DOCKERENV, links: { '/srv': '/data' } },
      '/srv/journal.db',
    ],
    [
      'on a mount point with a space in its name',
      { mountinfo: `${DOCKER}620 612 8:1 / /my\\040data rw - ext4 /dev/sdb rw\n`, files: DOCKERENV },
      '/my data/journal.db',
    ],
    ['on a host', { mountinfo: HOST, files: { '/proc/1/cgroup': '0::/init.scope\n' } }, '/var/lib/rotator/journal.db'],
    ['on a host whose folder is in memory, which is no affair of containers', { mountinfo: HOST }, '/tmp/journal.db'],
    ['where mountinfo cannot be read', { files: DOCKERENV }, '/data/journal.db'],
  ])('%s', (_name, here, path) => {
    expect(isEphemeral(path, {}, place(here))).toBe(false);
  });
});
