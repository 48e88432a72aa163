// A thousand targets within the memory that docker-compose.yml allows, health checks included; prints the figures that
// the project states of its memory and of its beginning and end.
import { describe, expect, test } from 'vitest';
import { container, ownPlace } from './docker.ts';

/** docker-compose.yml's mem_limit. No swap beside it. */
const LIMIT = ['--memory', '256m', '--memory-swap', '256m'];
/** Much more often than in earnest. */
const CHECKED = ['--health-interval', '2s', '--health-timeout', '10s', '--health-start-period', '0s'];

/** The most that the container held at once, in MB, and what process 1 holds; in cgroups v1 and v2. */
const MEMORY = `(() => {
  const first = (...paths) => Number(fs.readFileSync(paths.find((path) => fs.existsSync(path)), 'utf8'));
  const held = (name) => Number(new RegExp('^' + name + ':\\\\s+(\\\\d+)', 'm').exec(fs.readFileSync('/proc/1/status', 'utf8'))?.[1]) / 1024;
  return {
    peak: first('/sys/fs/cgroup/memory.peak', '/sys/fs/cgroup/memory/memory.max_usage_in_bytes') / 1048576,
    resident: held('VmRSS'),
    anonymous: held('RssAnon'),
  };
})()`;

interface Memory {
  readonly peak: number;
  readonly resident: number;
  readonly anonymous: number;
}

describe('256 MB of memory', () => {
  test.each([1, 1_000])(
    'are enough for %i targets',
    async (targets) => {
      const place = await ownPlace({
        names: Array.from({ length: targets }, (_, index) => `t-${index}`),
        daysLeft: 150,
        settings: { schedule: { cron: '*/5 * * * *' } },
      });
      place.place(place.mint(5), 't-0');
      const started = performance.now();
      const { program, evaluate, state, stop } = container([...place.mount, ...LIMIT, ...CHECKED]);
      await program.waitFor(/"event":"(?:pass.healthy|rotation.started)"/);
      const firstCheck = performance.now() - started;
      await program.waitFor(/"event":"rotation.succeeded"/);
      await program.waitFor((seen) => seen.stdout().split('"event":"pass.healthy"').length > targets - 1);
      const { peak, resident, anonymous } = await evaluate<Memory>(MEMORY);
      expect(await state()).toMatchObject({ Running: true, OOMKilled: false });
      expect(program.log().filter(({ event }) => /failed/.test(event))).toEqual([]);
      const beforeStop = performance.now();
      expect(await stop()).toBe(0);
      const mb = (size: number) => `${Math.round(size)} MB`;
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      process.stdout.write(
        `${targets} targets: resident ${mb(resident)} (${mb(anonymous)} of its own), the container at most ${mb(peak)}; ` +
          `first check after ${seconds(firstCheck)}, stopped in ${seconds(performance.now() - beforeStop)}\n`,
      );
    },
    300_000,
  );
});
