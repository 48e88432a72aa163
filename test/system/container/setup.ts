// Before all container tests: an engine, the base image, and the image, built from this checkout by the Dockerfile
// itself. After them what was made is removed again; what was there before is not touched.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { type BaseImage, baseImage } from './base-image.ts';
import { command } from './command.ts';
import { engine } from './engine.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    /** Finds the engine. */
    readonly dockerEnv: Readonly<Record<string, string>>;
    readonly image: string;
    readonly base: string;
    readonly isStandIn: boolean;
  }
}

/** Set where npm or the shell is to go through a proxy; Docker hands them on under these names without being told. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { env: host, stop } = await engine();
  // Without BuildKit, which needs a plugin and, for its own front end, a registry.
  const env = { ...host, DOCKER_BUILDKIT: '0' };
  const base = /^ARG BASE_IMAGE=(\S+)$/m.exec(readFileSync(`${ROOT}/Dockerfile`, 'utf8'))?.[1] ?? '';
  const image = /image: (apple-secret-rotator:\S+)/.exec(readFileSync(`${ROOT}/docker-compose.yml`, 'utf8'))?.[1] ?? '';
  let found: BaseImage | undefined;
  const remove = async () => {
    await command('docker', ['image', 'rm', '--force', image], { env }).catch(() => undefined);
    if (found?.isStandIn === true) await command('docker', ['image', 'rm', '--force', base], { env });
    await stop();
  };
  try {
    found = await baseImage(base, env);
    const proxies = PROXIES.filter((name) => process.env[name]).flatMap((name) => ['--build-arg', name]);
    await command('docker', ['build', '--network', 'host', '--force-rm', ...proxies, '--tag', image, ROOT], { env });
  } catch (failed) {
    await remove();
    throw failed;
  }
  provide('dockerEnv', env);
  provide('image', image);
  provide('base', base);
  provide('isStandIn', found.isStandIn);
  return remove;
}
