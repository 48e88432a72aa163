// Chinese for what keeps the journal's database from being used.
import type { ErrorParams } from '../../error-params.ts';
import type { DatabaseTrouble } from '../../error-troubles.ts';
import { quoted } from '../command.ts';
import { identifier } from '../sql.ts';

type Database = Extract<ErrorParams['ERR_JOURNAL_UNWRITABLE'], { readonly problem: 'database' }>;

const REACH = ({ host, port }: Database) => `pg_isready -h ${quoted(host)} -p ${port}`;

/** What is wrong with it, the next step, and what to paste. */
const DATABASE: Readonly<
  Record<DatabaseTrouble, readonly [found: string, next: string, copy?: (database: Database) => string]>
> = {
  away: ['无法连接', '检查数据库是否在运行，以及本机能否访问它。', REACH],
  slow: [
    '没有及时应答',
    '检查数据库的负载和网络，以及是否有人锁住了其中的表。',
    () => `psql -c 'SELECT pid, state, wait_event, query FROM pg_stat_activity'`,
  ],
  login: ['拒绝了用户名和密码', '更正配置中 journal 的用户名和密码，或允许该用户从本机登录（pg_hba.conf）。'],
  'no-database': [
    '不存在',
    '请管理员创建该数据库。',
    ({ database, user }) => `CREATE DATABASE ${identifier(database)} OWNER ${identifier(user)};`,
  ],
  'no-right': [
    '未授予状态库所需的权限',
    '请管理员授予该用户在数据库中创建 schema 的权限。',
    ({ database, user }) => `GRANT CONNECT, CREATE ON DATABASE ${identifier(database)} TO ${identifier(user)};`,
  ],
  'no-journal': ['中还没有状态库', '用该状态库启动一次服务，它会创建所需的表。'],
  older: ['的格式属于较旧的版本', '用本版本启动一次服务，它会更新格式。'],
  standby: ['只读：它是备库', '在 journal 中指定主库，使用随主库切换的名称。'],
  tls: ['无法建立可信的 TLS 连接', '检查服务器的证书及其主机名；自建证书颁发机构的证书文件用 sslrootcert 指定。'],
  full: ['无法增长：磁盘已满或内存不足', '释放所在磁盘的空间。'],
  'too-many': ['不再接受新的连接', '调大 max_connections，或在前面部署连接池。'],
  foreign: ['的这个 schema 中没有状态库，而有其他程序的表', '在 journal 中用 ?schema= 指定其他 schema。'],
  failed: ['出错', '检查数据库的日志。'],
};

export function databaseText(found: Database): readonly [message: string, next: string, copy?: string] {
  const [what, next, copy] = DATABASE[found.trouble];
  const said = found.said === '' ? '' : `（${found.said}）`;
  const message = `状态库 ${found.path} ${what}${said}`;
  return copy === undefined ? [message, next] : [message, next, copy(found)];
}
