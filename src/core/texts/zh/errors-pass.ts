// Chinese for errors of the provider, of Apple's verdicts, of a pass, and of the service itself.

import type { CallTrouble, JournalTrouble, RoundTripTrouble } from '../../error-troubles.ts';
import { type ErrorCatalogue, nextOf, type Sentences } from '../catalogue.ts';
import { command, onFiles, ownFolder, program, quoted } from '../command.ts';
import type { PASS_EN } from '../en/errors-pass.ts';
import { comparedId } from '../quote.ts';
import { verdictDetail } from './calls.ts';
import { databaseText } from './database.ts';
import { objectionText } from './objections.ts';
import { whyText } from './why.ts';
import { at, listed, REASONS } from './words.ts';

const CONSOLE = '云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）';
const byHand = () => `用 ${command('generate')} 生成客户端密钥，并在${CONSOLE}中手动填入。`;
const byHandNow = () => `立即${byHand()}`;
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

const OWN_FOLDER = ({ folder, uid }: Place) => ownFolder(folder, `${uid ?? 'USER'}`);
const FREE_SPACE = ({ folder }: Place) => onFiles(`df -h ${quoted(folder)}`);
const MOVE_AWAY = ({ path }: Place) => onFiles(`mv ${quoted(path)} ${quoted(`${path}.damaged`)}`);
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
    ({ folder }) => onFiles(`findmnt -T ${quoted(folder)}`),
  ],
  'disk-full': ['无法增长：磁盘或配额已满', '释放所在磁盘的空间。', FREE_SPACE],
  'no-folder': ['所在的目录不存在', '创建该目录。', ({ folder }) => onFiles(`mkdir -p ${quoted(folder)}`)],
  'is-device': ['是设备或管道，而不是文件', '在 journal 中指定一个文件。', () => 'sqlite:./data/journal.db'],
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
    absent: ({ envId, providerId }, { target }) => [
      `环境 ${envId} 中没有身份源 ${providerId}`,
      `在${CONSOLE}中或用 ${command(`provision --target ${target}`)} 创建 Apple 登录方式，或更正该目标的 envId 和 providerId。`,
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
      `如 CloudBase 会合并所写入的内容，将 \`cloudbase.write\` 设为 secret，写入时便不再发送这些字段；否则${byHand()}`,
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
  ERR_PROVISION: {
    meanwhile: (_, { target }) => [
      '身份源与刚才显示的不同，因此未作任何改动',
      '重新查看。',
      program(`provision --target ${target}`),
    ],
    'other-secret': (_, { target }) => [
      '身份源保存的客户端密钥与发送的不同，因此保持关闭',
      '重新执行，若仍如此，向腾讯云反馈 CloudBase 保存的客户端密钥与收到的不同。',
      program(`provision --target ${target}`),
    ],
    'secret-hidden': () => [
      'CloudBase 不显示客户端密钥，写入整个 Config 会使其丢失，因此未作任何改动',
      `如果 CloudBase 会合并写入的内容，设置 \`cloudbase.write: secret\`，否则在${CONSOLE}中手动设置。`,
    ],
    'not-shown': ({ fields }, { target }) => [
      fields.length === 0 ? 'CloudBase 没有显示刚创建的身份源' : `CloudBase 显示的 ${listed(fields)} 与写入的不同`,
      '一分钟后重新执行，若仍如此，改用不会触发自动发现的 `provider.type: oauth`。',
      program(`provision --target ${target}`),
    ],
    harmed: ({ fields }) => [
      `写入时 ${fields.length === 0 ? '客户端密钥' : listed(fields)} 也随之改变，且未能恢复`,
      `在${CONSOLE}中手动更正，在此之前登录可能失败。`,
    ],
    'left-off': ({ why, detail }, { target }) => {
      const again = program(`provision --target ${target}`);
      const said: Readonly<Record<typeof why, Sentences>> = {
        rejected: [
          `Apple 拒绝该客户端密钥${answered(detail)}，身份源保持关闭`,
          '在 Apple 开发者后台确认该密钥已启用“通过 Apple 登录”，并与 Team ID、Services ID、Key ID 相符，然后继续。',
          again,
        ],
        unanswered: [
          `Apple 没有对客户端密钥给出可用的应答${answered(detail)}，身份源保持关闭`,
          '确保本机可以访问 Apple，然后继续。',
          again,
        ],
        'accepts-all': [
          'Apple 连伪造的客户端密钥也接受，其应答没有意义，身份源保持关闭',
          '检查 `apple.tokenUrl`，然后继续。',
          again,
        ],
        'not-asked': [
          '`apple.check` 为 off，无法得知 Apple 是否接受客户端密钥，身份源保持关闭',
          `设置 \`apple.check: compare\` 后继续，或在${CONSOLE}中手动启用。`,
          again,
        ],
      };
      return said[why];
    },
  },
  ERR_PROBE: {
    full: ({ count }) => [`该环境已有 ${count} 个身份源（上限 20 个），没有测量的余地`, '选择身份源较少的环境。'],
    'not-shown': () => ['CloudBase 半分钟内没有显示写入的内容，因此停止测量', '稍后重试。'],
    leftover: ({ envId, providerId }) => [
      `中断的测量在环境 ${envId} 中留下了身份源 ${providerId}`,
      '先在该环境中执行测量，它会将其删除。',
      program(`probe --env ${envId} --credentials SOURCE`),
    ],
    'no-mark': ({ envId, providerId }) => [
      `环境 ${envId} 的身份源 ${providerId} 没有测量的标记，因此没有删除`,
      '在云开发 CloudBase 控制台中查看，如无人需要则在那里删除。',
    ],
    left: ({ envId, providerId }) => [
      `无法确认环境 ${envId} 的身份源 ${providerId} 已删除`,
      '再次在该环境中执行测量，它会将其删除。',
      program(`probe --env ${envId} --credentials SOURCE`),
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
        '在 Apple 开发者网站（Keys）确认该私钥未被吊销、已启用 Sign in with Apple，且与 Team ID、Services ID、Key ID 匹配；若已被吊销，则新建一个并配置给本服务。',
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
      `如反复出现，${byHand().slice(0, -1)}，并把请求 ID 告知腾讯云。`,
    ],
    'cut-off': () => ['程序中途停止，身份源中仍是原有客户端密钥', OFTEN_STOPPED],
  },
  ERR_CONFLICT: {
    'after-write': () => ['写入后身份源中是第三个客户端密钥，可读且未过期，已予保留', WHO_ELSE],
    'after-cut-off': () => ['程序中途停止，身份源中的客户端密钥既非原有的也非新的，已予保留', WHO_ELSE],
  },
  ERR_ROLLED_BACK: () => ['写入后没有可用的客户端密钥，已恢复原有密钥', `如反复出现，检查${CONSOLE}中的身份源设置。`],
  ERR_ROLLBACK_FAILED: {
    'left-alone': () => ['写入后没有可用的客户端密钥，也未能恢复原有密钥：身份源期间又有变化，或无法写回', byHandNow()],
    'not-shown': () => ['写入后没有可用的客户端密钥，也未能恢复原有密钥：身份源没有显示它', byHandNow()],
    error: ({ because }, { of }) => [`写入后没有可用的客户端密钥，也未能恢复原有密钥：${of(because)[0]}`, byHandNow()],
  },
  ERR_READ_BACK: () => ['写入后身份源中没有可用的客户端密钥，也没有可恢复的密钥', byHandNow()],
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
    `使用该凭证和接口地址的轮换暂停至 ${at(until)}，因为上一次写入失败：${of(because)[0]}`,
    ...nextOf(of(because)),
  ],

  ERR_JOURNAL_UNWRITABLE: {
    file: (place) => {
      const [found, next, copy] = JOURNAL[place.trouble];
      const message = `${FILES[place.what]} ${place.path} ${found}`;
      return copy === undefined ? [message, next] : [message, next, copy(place)];
    },
    database: databaseText,
    failed: ({ path, said }) => [`状态库 ${path} 出错：“${said}”`, '检查磁盘和系统日志。', 'dmesg | tail'],
    'open-to-all': ({ path, mode }) => [
      `本机所有用户都可以写入 ${path}（权限 ${mode}），而它属于状态库`,
      '收回其他用户的写权限。',
      onFiles(`chmod o-w ${quoted(path)}`),
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
          onFiles(`rm -f ${quoted(`${path}-wal`)} ${quoted(`${path}-shm`)} && cp ${quoted(copy)} ${quoted(path)}`),
        ],
  ERR_DAEMON_RUNNING: ({ path, holder }) => [
    `已有守护进程在使用状态库 ${path}：${holder === null ? '身份不明' : `实例 ${holder.instance}，${holder.host} 上的进程 ${holder.pid}，自 ${at(Date.parse(holder.since))}起运行`}`,
    '可让本进程待命；否则停止那个守护进程，或为本进程配置单独的状态库。',
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
