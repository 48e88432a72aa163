// Chinese for errors of the provider, of Apple's verdicts, of a pass, and of the service itself.

import type { CallTrouble, JournalTrouble, RoundTripTrouble } from '../../error-troubles.ts';
import { isoSeconds } from '../../instants.ts';
import type { ErrorCatalogue, Sentences } from '../catalogue.ts';
import { command, program, quoted } from '../command.ts';
import type { PASS_EN } from '../en/errors-pass.ts';
import { comparedId } from '../quote.ts';
import { verdictDetail } from './calls.ts';
import { objectionText } from './objections.ts';
import { whyText } from './why.ts';
import { listed, REASONS } from './words.ts';

const CONSOLE = '云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）';
const BY_HAND = `用 ${command('generate')} 生成客户端密钥，并在${CONSOLE}中手动填入。`;
const BY_HAND_NOW = `立即${BY_HAND}`;
const WHO_ELSE = '查明还有谁在写入该密钥（人工、脚本或其他轮换程序），约定只由一方负责。';
const OFTEN_STOPPED = '如反复出现，查明服务为何被停止。';
const TRY_LOGIN = '如下一次检查仍无法确认，试一次 Apple 登录。';
const REACH_APPLE = '确保本机可以访问 `apple.tokenUrl`。';

const ROUND_TRIP: Readonly<Record<RoundTripTrouble, string>> = {
  masked: '以掩码显示，写入会使其被掩码覆盖',
  'unsafe-number': '是 JSON 无法准确表示的数字',
  'not-utf8': '含有不是 UTF-8 的字符，读取时已丢失',
  key: '的名称无法随写入发送',
  gone: '以前存在，现已不再显示',
};

interface Place {
  readonly path: string;
  readonly folder: string;
  readonly uid: number | null;
}

const OWN_FOLDER = ({ folder, uid }: Place) => `chown -R ${uid ?? 'USER'} ${quoted(folder)}`;
const FREE_SPACE = ({ folder }: Place) => `df -h ${quoted(folder)}`;
const MOVE_AWAY = ({ path }: Place) => `mv ${quoted(path)} ${quoted(`${path}.damaged`)}`;
const FILES = { journal: '状态库', lock: '状态库的锁文件', copy: '备份' } as const;
const RESTORE = '恢复备份，或将其移走（只丢失历史记录，不影响登录）。';

/** What is wrong with the file of the journal, the next step, and what to paste. */
const JOURNAL: Readonly<
  Record<JournalTrouble, readonly [found: string, next: string, copy?: (place: Place) => string]>
> = {
  'not-writable': ['无法由当前用户写入', '把所在目录交给运行本服务的用户。', OWN_FOLDER],
  'read-only-disk': [
    '位于只读文件系统',
    '在 journal 中指定其他文件，或查明所在磁盘为何只读。',
    ({ folder }) => `findmnt -T ${quoted(folder)}`,
  ],
  'disk-full': ['无法增长：磁盘或配额已满', '释放所在磁盘的空间。', FREE_SPACE],
  'no-folder': ['所在的目录不存在', '创建该目录。', ({ folder }) => `mkdir -p ${quoted(folder)}`],
  'is-folder': ['是目录，而不是文件', '在 journal 中指定一个文件。', () => 'sqlite:./data/journal.db'],
  held: ['被其他进程占用', '查明是哪个进程占用了它。', ({ path }) => `fuser -v ${quoted(path)}`],
  'disk-error': ['无法使用：磁盘报告错误', '检查磁盘和系统日志。', () => 'dmesg | tail'],
  damaged: ['已损坏', RESTORE, MOVE_AWAY],
  'not-sqlite': ['不是 SQLite 数据库', RESTORE, MOVE_AWAY],
  foreign: ['是其他程序的数据库', '在 journal 中指定其他文件。'],
  moved: ['在使用中被移动、删除或替换', '重启服务；移动状态库之前先停止服务。'],
};

const CHECK_IDS = '试一次 Apple 登录，如果失败就在 Apple 开发者网站核对私钥、Team ID 和 Services ID。';

export const PASS_ZH: Pick<ErrorCatalogue, keyof typeof PASS_EN> = {
  ERR_PROVIDER_NOT_FOUND: {
    absent: ({ envId, providerId }) => [
      `环境 ${envId} 中没有身份源 ${providerId}`,
      `在${CONSOLE}中创建 Apple 登录方式，或更正该目标的 envId 和 providerId。`,
    ],
    deleted: ({ envId, providerId }) => [
      `环境 ${envId} 的身份源 ${providerId} 在写入之后被删除`,
      `在${CONSOLE}中重新创建 Apple 登录方式，或从配置中删除该目标。`,
    ],
  },
  ERR_CLIENT_ID_MISMATCH: ({ found, wanted }) => [
    `身份源的 Client ID ${found === null ? '未设置' : `为 ${comparedId(found)}`}，而私钥对应的是 ${comparedId(wanted)}`,
    `更正该目标的 clientId，或更正${CONSOLE}中的 Client ID。`,
  ],
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: {
    unsafe: ({ fields }) => [
      `写入会损坏身份源的其他字段，因此没有写入：${harm(fields)}`,
      `如 CloudBase 会合并所写入的内容，将 \`cloudbase.write\` 设为 secret，写入时便不再发送这些字段；否则${BY_HAND}`,
    ],
    spared: ({ fields }) => [
      `无法原样写回的字段由 CloudBase 保留：${harm(fields)}`,
      `写入后在${CONSOLE}中核对这些字段。`,
    ],
    form: (_, { target }) => [
      '先前只写入客户端密钥时改变了其他字段，因此不再以这种形式写入',
      '将 `cloudbase.write` 设为 whole；如 CloudBase 现已合并所写入的内容，则手动轮换。',
      program(`once --force --target ${target}`),
    ],
    'only-gone': ({ fields }, { target }) => [
      `写入会损坏身份源的其他字段，因此没有写入：${harm(fields)}`,
      `在${CONSOLE}中核对这些字段，确认无误后予以接受。`,
      program(`once --force --target ${target}`),
    ],
  },
  ERR_PROVIDER_CHANGED: {
    'our-write': ({ fields }) => [
      `新的客户端密钥已写入，但 ${listed(fields)} 随之改变且未能恢复`,
      `在${CONSOLE}中手动更正这些字段，在此之前登录可能失败。`,
    ],
    'somebody-else': ({ fields }) => [
      `写入期间，他人修改了 ${listed(fields)}，已予保留`,
      `如非您或同事所改，在${CONSOLE}中核对这些字段。`,
    ],
    'left-alone': ({ field }) => [
      `没有作任何恢复，身份源保持现状：${field === null ? '期间身份源又有变化' : `${field} 写回会造成损坏`}`,
      `在${CONSOLE}中检查身份源，并手动更正。`,
    ],
  },
  ERR_CONSENT_REQUIRED: ({ reason }, { target }) => [
    `需要新的客户端密钥（${REASONS[reason]}），但 \`apple.check\` 为 off，无从证明新的比现有的更好`,
    '如果 Apple 登录失败，或已确认新私钥无误，执行以下命令。',
    program(`once --force --target ${target}`),
  ],

  ERR_CANDIDATE_INVALID: ({ objections }) => [
    `新的客户端密钥未通过自检：${objections.map(objectionText).join('；')}`,
    `用 ${command('generate')} 和 ${command('inspect')} 核对私钥与各项标识，如均无误则作为本程序的故障上报。`,
  ],
  ERR_APPLE_REJECTED: ({ of, detail }) => {
    const said: Readonly<Record<typeof of, Sentences>> = {
      candidate: [
        `Apple 拒绝了新的客户端密钥${answered(detail)}，原有密钥未动`,
        '在 Apple 开发者网站确认该私钥未被吊销、已启用 Sign in with Apple，且与 Team ID、Services ID、Key ID 匹配。',
      ],
      everybody: ['Apple 拒绝了所有查询过的客户端密钥，因此无法得知现有密钥是否可用', CHECK_IDS],
      'login-check': ['CloudBase 的登录接口转达了 Apple 对客户端密钥的拒绝', CHECK_IDS],
    };
    return said[of];
  },
  ERR_APPLE_REJECTED_ONCE: ({ of, detail }) => [
    {
      candidate: `Apple 拒绝了一次新的客户端密钥${answered(detail)}，有效的密钥偶尔也会遇到`,
      deployed: 'Apple 拒绝了一次现有的客户端密钥，有效的密钥偶尔也会遇到',
      uncounted: `Apple 拒绝了新的客户端密钥${answered(detail)}，而近来也没有认可过其他密钥，可能是一概拒绝`,
    }[of],
    of === 'uncounted' ? CHECK_IDS : '等待几分钟，本服务会再次向 Apple 查询。',
  ],
  ERR_APPLE_UNKNOWN: {
    unproven: () => ['替换无效密钥的客户端密钥尚未得到 Apple 认可，登录可能失败', CHECK_IDS],
    'unproven-unasked': (_, { target }) => [
      '`apple.check` 为 off，无从证明替换无效密钥的客户端密钥可用',
      '试一次 Apple 登录，如果成功就确认该密钥。',
      program(`once --force --target ${target}`),
    ],
    require: ({ detail }) => [
      `Apple 没有就新的客户端密钥给出明确答复（${verdictDetail(detail)}），而 apple.check 要求得到认可`,
      REACH_APPLE,
    ],
    'not-proven': ({ detail }) => [
      `Apple 没有就新的客户端密钥给出明确答复（${verdictDetail(detail)}），而这把私钥尚未得到验证`,
      REACH_APPLE,
    ],
  },

  ERR_CLOCK_SKEWED: {
    differs: ({ skewMs }) => [
      `本机时钟与 CloudBase 相差 ${Math.round(Math.abs(skewMs) / 1000)} 秒`,
      '校准本机时钟，例如启用 NTP。',
    ],
    stepped: ({ stepMs }) => [`系统时钟跳变了 ${Math.round(stepMs / 1000)} 秒`, '如非刚刚校准，检查本机时钟。'],
  },
  ERR_LEASE_HELD: (_, { target }) => [
    '另一个进程正在处理该目标，或在处理时被强行终止；若是后者，该目标会在 1 分钟内空出',
    '查看该进程的处理结果。',
    program(`history --target ${target}`),
  ],
  ERR_LEASE_LOST: (_, { target }) => [
    '另一个进程接手了该目标',
    '查看该进程的处理结果。',
    program(`history --target ${target}`),
  ],
  ERR_PROVIDER_MOVING: {
    changed: ({ secret, fields }) => [
      `读取之后身份源发生变化（${listed(secret ? ['客户端密钥', ...fields] : fields)}），没有写入`,
      '如反复出现，查明还有谁在修改该身份源。',
    ],
    gone: () => ['读取之后身份源被删除，没有写入', `在${CONSOLE}中检查 Apple 登录方式。`],
    late: ({ seconds }) => [`读取与写入之间相隔 ${seconds} 秒，因此没有写入`, '如反复出现，检查本机负载。'],
  },
  ERR_SUPERSEDED: ({ because }, { of, target }) => [
    `写入之前已取消：${of(because)[0]}`,
    '查看当前的判断。',
    program(`plan --target ${target}`),
  ],
  ERR_INTERRUPTED: {
    'before-read': () => ['读取身份源之前程序被停止', OFTEN_STOPPED],
    'before-write': () => ['写入之前程序已结束', OFTEN_STOPPED],
    'no-new': () => ['程序正在停止，不再开始新的轮换', '待程序重新运行后再请求。'],
  },
  ERR_NOT_APPLIED: {
    answered: () => [
      'CloudBase 答复写入成功，但读到的仍是原有客户端密钥',
      `如反复出现，${BY_HAND.slice(0, -1)}，并把请求 ID 告知腾讯云。`,
    ],
    'cut-off': () => ['程序中途停止，身份源中仍是原有客户端密钥', OFTEN_STOPPED],
  },
  ERR_CONFLICT: {
    'after-write': () => ['写入后身份源中是第三个客户端密钥，可读且未过期，已予保留', WHO_ELSE],
    'after-cut-off': () => ['程序中途停止，身份源中的客户端密钥既非原有的也非新的，已予保留', WHO_ELSE],
  },
  ERR_ROLLED_BACK: () => ['写入后没有可用的客户端密钥，已恢复原有密钥', `如反复出现，检查${CONSOLE}中的身份源设置。`],
  ERR_ROLLBACK_FAILED: {
    'left-alone': () => ['写入后没有可用的客户端密钥，也未能恢复原有密钥：身份源期间又有变化，或无法写回', BY_HAND_NOW],
    'not-shown': () => ['写入后没有可用的客户端密钥，也未能恢复原有密钥：身份源没有显示它', BY_HAND_NOW],
    error: ({ because }, { of }) => [`写入后没有可用的客户端密钥，也未能恢复原有密钥：${of(because)[0]}`, BY_HAND_NOW],
  },
  ERR_READ_BACK: () => ['写入后身份源中没有可用的客户端密钥，也没有可恢复的密钥', BY_HAND_NOW],
  ERR_OUTCOME_UNKNOWN: {
    'cut-off': () => ['写入途中程序被停止，无法确认新的客户端密钥是否已写入', TRY_LOGIN],
    'not-shown': () => ['程序在写入途中停止，身份源没有显示可读的客户端密钥', TRY_LOGIN],
    error: ({ because }, { of }) => [`无法确认新的客户端密钥是否已写入：${of(because)[0]}`, TRY_LOGIN],
  },
  ERR_WRITTEN_LATELY: ({ days, why }, { target }) => [
    `${days === 1 ? '24 小时' : '7 天'}内已写入过新的客户端密钥，而现在${whyText(why)}`,
    '查明还有谁在写入该客户端密钥，或 CloudBase 为何没有保留它，然后手动轮换。',
    program(`once --force --target ${target}`),
  ],
  ERR_LANE_CLOSED: ({ until, because }, { of }) => [
    `使用该凭证和接口地址的轮换暂停至 ${isoSeconds(until)}，因为上一次写入失败：${of(because)[0]}`,
    '查明写入失败的原因。',
    program('history'),
  ],

  ERR_JOURNAL_UNWRITABLE: {
    file: (place) => {
      const [found, next, copy] = JOURNAL[place.trouble];
      const message = `${FILES[place.what]} ${place.path} ${found}`;
      return copy === undefined ? [message, next] : [message, next, copy(place)];
    },
    failed: ({ path, said }) => [`状态库 ${path} 出错：“${said}”`, '检查磁盘和系统日志。', 'dmesg | tail'],
    'open-to-all': ({ path, mode }) => [
      `本机所有用户都可以写入 ${path}（权限 ${mode}），而它属于状态库`,
      '收回其他用户的写权限。',
      `chmod o-w ${quoted(path)}`,
    ],
    network: ({ path, fileSystem }) => [
      `状态库 ${path} 位于 ${fileSystem} 上；SQLite 需要本地磁盘，网络文件系统上的锁可能失效`,
      '将状态库移到本机磁盘上。',
    ],
    'damaged-row': ({ path, row, said }) => [
      `状态库 ${path} 已损坏：其中的 ${row} 记录不符合格式（“${said}”）`,
      RESTORE,
      MOVE_AWAY({ path, folder: '', uid: null }),
    ],
    'dropped-row': ({ path, row, said }) => [
      `状态库 ${path} 已损坏：其中的 ${row} 记录不符合格式（“${said}”），已删除，其余保留`,
      '检查所在磁盘，并查看未恢复的告警。',
      program('alerts'),
    ],
    waiting: () => ['状态库无法写入期间，只在紧急情况下轮换', '使状态库恢复可写。'],
  },
  ERR_JOURNAL_NEWER: ({ path, version, known, copy }) =>
    copy === null
      ? [
          `状态库 ${path} 的格式版本为 ${version}，本程序最高支持 ${known}`,
          '改用较新版本的程序，或将状态库移走（只丢失历史记录，不影响登录）。',
        ]
      : [
          `状态库 ${path} 的格式版本为 ${version}，本程序最高支持 ${known}`,
          '改用较新版本的程序，或停止所有使用该状态库的程序后恢复备份。',
          `rm -f ${quoted(`${path}-wal`)} ${quoted(`${path}-shm`)} && cp ${quoted(copy)} ${quoted(path)}`,
        ],
  ERR_DAEMON_RUNNING: ({ path, holder }) => [
    `已有守护进程在使用状态库 ${path}：${holder === null ? '身份不明' : `实例 ${holder.instance}，${holder.host} 上的进程 ${holder.pid}，自 ${holder.since} 起运行`}`,
    '先停止那个守护进程，或为本进程配置单独的状态库。',
  ],
  ERR_INTERNAL: ({ said }) => [`程序内部错误：“${said}”`, '保留前后的日志并上报。'],
};

function harm(fields: readonly { readonly path: string; readonly why: RoundTripTrouble }[]): string {
  return fields.map(({ path, why }) => `${path} ${ROUND_TRIP[why]}`).join('；');
}

/** Why Apple rejected it, in brackets; nothing where an earlier answer was used. */
function answered(detail: CallTrouble | null): string {
  return detail === null ? '' : `（${verdictDetail(detail)}）`;
}
