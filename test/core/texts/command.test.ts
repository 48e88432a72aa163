// How hints name the program: in the form that works where it runs, so that every command can be pasted.
import { afterEach, describe, expect, test } from 'vitest';
import {
  command,
  initCommand,
  initElsewhere,
  letRead,
  nameProgram,
  onFiles,
  ownFolder,
  program,
  restrict,
} from '../../../src/core/texts/command.ts';

afterEach(() => nameProgram({}));

test.each([
  ['by its name', {}, 'apple-secret-rotator'],
  [
    'as ROTATOR_COMMAND says',
    { ROTATOR_COMMAND: 'docker compose run --rm rotator' },
    'docker compose run --rm rotator',
  ],
  ['by its name where ROTATOR_COMMAND is empty', { ROTATOR_COMMAND: ' ' }, 'apple-secret-rotator'],
  ['on one line', { ROTATOR_COMMAND: ' sudo\n rotator ' }, 'sudo rotator'],
  [
    'as npm starts it in a checkout',
    { npm_package_name: 'apple-secret-rotator', npm_lifecycle_event: 'rotator' },
    'npm run -s rotator --',
  ],
  [
    'by its name where npm starts something else',
    { npm_package_name: 'apple-secret-rotator', npm_lifecycle_event: 'test' },
    'apple-secret-rotator',
  ],
])('%s', (_, env, begins) => {
  nameProgram(env);
  expect(program('status')).toBe(`${begins} status`);
  expect(command('once --target NAME', { name: 'shop' })).toBe(`\`${begins} once --target shop\``);
});

test('it is bounded, so that a message has room for the rest', () => {
  nameProgram({ ROTATOR_COMMAND: 'x'.repeat(1_000) });
  expect(program('status').length).toBeLessThan(220);
});

test('`init` is named as ROTATOR_INIT_COMMAND says, where it cannot write', () => {
  expect([initCommand(), initElsewhere()]).toEqual(['`apple-secret-rotator init`', null]);
  nameProgram({
    ROTATOR_COMMAND: 'docker compose run --rm rotator',
    ROTATOR_INIT_COMMAND: 'docker run -it image init',
  });
  expect([initCommand(), initElsewhere()]).toEqual(['`docker run -it image init`', '`docker run -it image init`']);
});

test.each([
  ['npm', '/run/secrets/alert_url', 'chown 10001 /run/secrets/alert_url'],
  [
    'docker compose run --rm rotator',
    '/run/secrets/alert_url',
    'sudo chown -R 10001 secrets && sudo chmod -R u=rwX,go= secrets',
  ],
  ['docker compose run --rm rotator', '/run/secrets', 'sudo chown -R 10001 secrets && sudo chmod -R u=rwX,go= secrets'],
  ['docker compose run --rm rotator', 'config/rotator.yaml', 'chmod -R go+rX config'],
  ['docker compose run --rm rotator', '/srv/key.p8', 'chown 10001 /srv/key.p8'],
])('what lets a user read is typed beside the Compose file: %s, %s', (begins, path, wanted) => {
  nameProgram({ ROTATOR_COMMAND: begins });
  expect(letRead(path, '10001')).toBe(wanted);
});

describe('a command of the system about files of the program', () => {
  const SERVICE = 'docker compose run --rm rotator';

  test.each([
    ['apple-secret-rotator', 'mv a b', 'mv a b'],
    ['npm run -s rotator --', 'rm a && cp b c', 'rm a && cp b c'],
    [SERVICE, 'mv a b', 'docker compose run --rm --entrypoint mv rotator a b'],
    [SERVICE, 'rm a && cp b c', "docker compose run --rm --entrypoint sh rotator -c 'rm a && cp b c'"],
    [
      'docker compose --profile own run --rm own-rehearsal',
      'df -h /data',
      'docker compose --profile own run --rm --entrypoint df own-rehearsal -h /data',
    ],
    ['docker exec rotator apple-secret-rotator', 'df -h /data', 'docker exec rotator df -h /data'],
    [
      'kubectl -n x exec -i deploy/y -- apple-secret-rotator',
      'df -h /data',
      'kubectl -n x exec -i deploy/y -- df -h /data',
    ],
    ['sudo -u apple-secret-rotator apple-secret-rotator', 'df -h /data', 'df -h /data'],
  ])('with %s: %s', (begins, words, wanted) => {
    nameProgram({ ROTATOR_COMMAND: begins });
    expect(onFiles(words)).toBe(wanted);
  });

  test('gives a folder away as root, which the service is not, on the volumes of the service', () => {
    expect(ownFolder('/data', '10001')).toBe('chown -R 10001 /data');
    nameProgram({ ROTATOR_COMMAND: SERVICE });
    expect(ownFolder('/data', '10001')).toBe(
      'docker run --rm --user 0 --volumes-from "$(docker compose ps -q rotator)" --entrypoint chown "$(docker compose images -q rotator)" -R 10001 /data',
    );
  });

  test('restricts a key where it lies', () => {
    expect(restrict('/run/secrets/a.p8')).toBe('chmod 600 /run/secrets/a.p8');
    nameProgram({ ROTATOR_COMMAND: SERVICE });
    expect(restrict('/run/secrets/a.p8')).toBe('sudo chmod 600 secrets/a.p8');
    expect(restrict('/srv/a.p8')).toBe('chmod 600 /srv/a.p8');
  });
});
