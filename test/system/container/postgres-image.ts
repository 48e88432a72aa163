// PostgreSQL's image as docker-compose.yml names it: as it is here, or pulled, or where no registry can be reached a
// stand-in under the same name: Debian's PostgreSQL of this machine on the base image, which begins as the official one
// does.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { postgresPrograms } from '../programs.ts';
import { isThere } from './base-image.ts';
import { command } from './command.ts';
import { ROOT } from './setup.ts';

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl', 'pg_isready', 'createdb'];

/** With a role and a database as the environment says. */
const ENTRY = `#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust --locale=C
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait --options="-c listen_addresses=''" start
  createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl --wait stop
fi
exec "$@"
`;

/** Has the image there; what removes it, where it is a stand-in. */
export async function postgresImage(base: string, env: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
  const name = String(services.postgres.image);
  if (await isThere(name, env)) return async () => undefined;
  const folder = mkdtempSync(join(tmpdir(), 'rotator-postgres-image-'));
  try {
    const bin = postgresPrograms();
    const version = dirname(bin);
    const share = `/usr/share/postgresql/${version.split('/').at(-1)}`;
    const libraries = readdirSync(join(version, 'lib')).filter(
      (file) => file.endsWith('.so') && !file.startsWith('llvmjit'),
    );
    const own = [
      ...PROGRAMS.map((program) => join(bin, program)),
      ...libraries.map((file) => join(version, 'lib', file)),
    ];
    const linked = await command('ldd', own);
    const needed = [...linked.matchAll(/=> (\/\S+)/g)].map(([, path = '']) => path);
    for (const path of new Set([...own, ...needed, share])) {
      mkdirSync(join(folder, 'root', dirname(path)), { recursive: true });
      cpSync(path, join(folder, 'root', path), { recursive: true, dereference: true });
    }
    writeFileSync(join(folder, 'entry.sh'), ENTRY, { mode: 0o755 });
    writeFileSync(
      join(folder, 'Dockerfile'),
      `FROM ${base}
COPY root /stand-in
# /lib is a link.
RUN cp -r /stand-in/usr / && if [ -d /stand-in/lib ]; then cp -r /stand-in/lib/* /lib/; fi && rm -r /stand-in \\
 && useradd --system postgres && mkdir -p /var/lib/postgresql/data && chown -R postgres /var/lib/postgresql
COPY entry.sh /usr/local/bin/entry.sh
ENV PATH=${bin}:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["entry.sh"]
CMD ["postgres"]
`,
    );
    await command('docker', ['build', '--network', 'none', '--force-rm', '--tag', name, folder], { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return async () => void (await command('docker', ['image', 'rm', '--force', name], { env }));
}
