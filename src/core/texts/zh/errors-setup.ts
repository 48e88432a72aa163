// Chinese for errors of the command line, the configuration and cloud credentials.
import type { SecretLook } from '../../error-troubles.ts';
import { nearestOf } from '../../nearest.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { command, initCommand, letRead, onFiles, quoted } from '../command.ts';
import type { SETUP_EN } from '../en/errors-setup.ts';
import { exampleFor, nextFor, takesExample } from '../examples.ts';
import { phrased, problemText, stepOf } from '../problems.ts';
import { callTrouble, remoteSentences } from './calls.ts';
import { fileTrouble } from './files.ts';
import { DOUBT_STEPS_ZH, PROBLEMS_ZH } from './problems.ts';
import { listed } from './words.ts';

const CHECK_NAME = '更正命令中的名称；如果想用的是另一份配置，更正 --config。';

function unknownName(noun: string, found: string, known: readonly string[], all = listed(known)): string {
  const nearest = nearestOf(found, known);
  return `没有名为 ${found || '""'} 的${noun}，${nearest === undefined ? `已知的有 ${all}` : `是否想写 ${nearest}？`}`;
}

const PASS_SECRET = '通过标准输入或 --file 传入客户端密钥。';

/** What a text is instead of a client secret, and what to do about it. */
const SECRET_LOOKS: Readonly<Record<SecretLook, readonly [is: string, next: string | (() => string)]>> = {
  pem: [
    ' PEM：这是私钥，而不是用它签发的客户端密钥',
    () => `用 ${command('generate')} 签发客户端密钥；私钥用 --key-file 传入。`,
  ],
  fingerprint: ['指纹或摘要，无法由此还原客户端密钥', '到签发处查找客户端密钥本身；指纹只用于比对。'],
  masked: ['打码后的客户端密钥', '到签发处查找客户端密钥本身。'],
  jwe: ['加密的 JWT（五段），应为已签名的 JWT（三段）', '用 ES256 签名，不要加密。'],
  'cut-off': ['不完整的 JWT，不足三段', '重新完整复制。'],
  page: [' HTML 或 XML 页面', PASS_SECRET],
};

const LISTEN: Readonly<Record<string, readonly [found: string, next: string]>> = {
  EADDRINUSE: ['端口已被占用', '换用其他 http.port，或停止占用该端口的程序。'],
  EACCES: ['当前用户无权使用该端口', '把 http.port 设为 1024 及以上的端口。'],
  EADDRNOTAVAIL: ['本机没有该地址', '把 http.host 设为本机的地址。'],
  ENOTFOUND: ['找不到该主机', '把 http.host 设为本机的地址。'],
};

const SEVERITIES = { warning: '警告', critical: '严重' } as const;

export const SETUP_ZH: Pick<ErrorCatalogue, keyof typeof SETUP_EN> = {
  ERR_USAGE: {
    'no-channel': () => [
      '没有配置告警渠道，因此无从测试',
      '在 `alerts.channels` 下添加渠道，各类型的写法见 config/rotator.example.yaml。',
    ],
    'unknown-channel': ({ found, known }) => [unknownName('渠道', found, known), CHECK_NAME],
    'unknown-target': ({ found, known }) => [unknownName('目标', found, known), CHECK_NAME],
    'unknown-story': ({ found, known }) => [
      unknownName('告警', found, known, known.join('、')),
      '更正 --story 后的名称。',
    ],
    'all-clear-alone': () => ['--all-clear 用于显示告警的结束，但没有指定告警', '用 --story 指定一个。'],
    'unknown-name': ({ found, known }) => [
      unknownName('错误码、原因或告警', found, known),
      `更正名称，或用 ${command('explain')} 列出全部名称。`,
    ],
    'target-gone': () => ['该目标已不在配置中', '指定配置中现有的目标。'],
    'stdin-is-terminal': () => [
      '--key-file - 表示从标准输入读取私钥，而标准输入是终端',
      '通过管道传入 .p8，或指定其文件。',
    ],
    'stdin-too-large': () => ['标准输入超过 1 MB，需要的是客户端密钥', '只通过管道传入客户端密钥。'],
    'no-key-file': () => ['缺少 --key-file', '传入该 Key ID 的 .p8 文件路径（Apple 开发者后台，Keys）。'],
    days: ({ found }) => [
      `--days 为 ${found}，应为 1 到 180 的整数`,
      '省略 --days 即采用最长有效期：Apple 接受的客户端密钥有效期最长为六个月。',
    ],
    'probe-target': ({ envId, target }) => [
      `环境 ${envId} 属于目标 ${target}，而测量会写入`,
      '指定一个配置中没有目标使用的环境。',
    ],
    'no-consent': () => ['没有可供确认的终端', '加上 --yes 以执行更改，或加上 --dry-run 只查看差异。'],
    'no-answers': ({ options }) => [
      `没有可供询问的终端，且缺少 ${options.join('、')}`,
      `补上这些选项，或在终端中执行 ${initCommand()}，由它逐项询问。`,
    ],
    exists: ({ paths }) => [
      `${listed(paths)} 已存在，不会覆盖任何文件`,
      '先把它移走，或用 --config FILE 和 --secrets FOLDER 写到别处。',
    ],
    'not-written': ({ path, code }) => [
      `无法写入 ${path}（${code}），因此没有写入任何文件`,
      '检查路径以及所在目录的写权限，然后重试。',
    ],
    'init-elsewhere': () => ['在此处无法写入配置和密钥文件', `执行 ${initCommand()}。`],
    'same-ids': () => [
      'Team ID 与 Key ID 相同，而 Apple 不会签发相同的值',
      '从 Apple 开发者后台的 Membership 页面复制 Team ID。',
    ],
    'team-prefix': ({ found, bare }) => [
      `Services ID ${found} 以团队编号开头，这是后台显示 App ID 的写法`,
      `使用 Services ID 的标识符，去掉团队编号和点号，也不要使用 App 的标识符（${bare}）。`,
    ],
    'no-domain': ({ found }) => [
      `Services ID 为 ${found}，应为反向域名，例如 com.acme.shop.web`,
      '从 Apple 开发者后台的 Identifiers → Services IDs 复制标识符。',
    ],
    'init-env': ({ found }) => [
      `环境为 ${found || '""'}，应为环境 ID，例如 shop-prod-1g2h3j`,
      '从 CloudBase 控制台复制环境 ID。',
    ],
    'init-name': ({ found }) => [
      `名称为 ${found || '""'}，最多 63 个字符，只能包含 a-z、0-9、点号、下划线和连字符`,
      '换一个名称，例如 shop-prod。',
    ],
    credentials: ({ keys }) => [
      `--credentials ${keys.length === 0 ? '既不是已知的来源，也不是映射' : `的 ${listed(keys)} 有误`}`,
      "写法与配置文件相同：profile、env、cvm-role、tke-oidc 或 '{ from: profile, profile: setup }'。",
    ],
    'two-secrets': () => ['同时给出了参数和 --file，只需要一个客户端密钥', '去掉其中一个。'],
    'no-secret': () => ['没有可供检查的客户端密钥', PASS_SECRET],
    'secret-file': ({ path, code }) => [`文件 ${path} ${fileTrouble(code)}`, '更正 --file。'],
    'secret-look': ({ look, origin }) => {
      const [is, next] = SECRET_LOOKS[look];
      return [`${origin} 中是${is}`, typeof next === 'string' ? next : next()];
    },
    'no-jwt': ({ length, origin }) => [
      length === 0 ? `${origin} 为空` : `${origin} 中不是 JWT（共 ${length} 个字符）`,
      '传入客户端密钥：由点号分隔的三段 base64url 文本，以 eyJ 开头。',
    ],
    'secret-in-argument': () => [
      '参数中的客户端密钥会显示在进程列表中，并留在 Shell 历史记录里',
      '改用标准输入或 --file。',
    ],
    'secret-with-spaces': ({ origin }) => [
      `${origin} 中的客户端密钥含有空格或换行，检查时已忽略`,
      '保存时去掉它们：CloudBase 不会忽略。',
    ],
    'secret-in-text': ({ origin }) => [
      `${origin} 中的客户端密钥前后还有其他文字，检查时已忽略`,
      '只保存密钥本身：以 eyJ 开头，不含空格和引号。',
    ],
    'several-secrets': ({ count, origin }) => [
      `${origin} 中有 ${count} 个不同的 JWT，应只有一个`,
      '只传入要检查的那一个。',
    ],
    'old-node': ({ found, wanted }) => [
      `当前为 Node ${found}，需要 Node ${wanted} 或更高版本`,
      `使用 Node ${wanted} 启动；在代码检出目录中使用 npm run -s rotator -- ARGS。`,
    ],
    'no-demo-config': ({ path }) => [
      `当前目录中没有演示所需的 ${path}`,
      '在项目的代码检出目录中启动演示。',
      'npm run demo',
    ],
    'demo-folder': ({ path, isLink }) => [
      `${path} ${isLink ? '是符号链接' : '不是目录'}，而演示会清空它`,
      '删除它，或在其他目录中启动演示。',
    ],
    'rehearsal-elsewhere': ({ setting, found, wanted }) => [
      `${setting} 为 ${found}，而演练只调用沙箱，应为 ${wanted}`,
      `在配置的副本中把 ${setting} 设为 ${wanted}，并指定该副本。`,
    ],
    'sandbox-host': ({ host }) => [`沙箱只监听本机回环地址，不监听 ${host}`, '使用 127.0.0.1、::1 或 localhost。'],
    'sandbox-port': ({ host, port, code }) => [
      code === 'EADDRINUSE' ? `${host} 的端口 ${port} 已被占用` : `无法监听 ${host} 的端口 ${port}：${code}`,
      '停止占用该端口的程序，或用 --port 换用其他端口。',
    ],
    'no-journal': ({ path }) => [`${path} 处没有状态库，因此无从复制`, '用 --config FILE 指定所需服务的配置。'],
    'no-such-journal': ({ path }) => [
      `${path || '""'} 处没有状态库`,
      '更正 --journal，或去掉该选项以读取配置所指定的状态库。',
    ],
    'no-such-file': ({ path }) => [`没有文件 ${path}`, '指定由 `journal export` 或 `journal backup` 写出的文件。'],
    'journal-not-empty': ({ path }) => [
      `状态库 ${path} 中已有记录，导入不会覆盖任何内容`,
      '在配置中指定空的状态库：尚不存在的文件，或数据库中的另一个 schema。',
    ],
    'backup-database': ({ path, schema, file }) => [
      `状态库 ${path} 是数据库，应由数据库自己的程序备份`,
      '运行 pg_dump；恢复用 pg_restore。',
      `pg_dump --schema=${quoted(schema)} --format=custom --file=${quoted(file)} ${quoted(path.replace(/\?.*$/, ''))}`,
    ],
    'journal-url': () => [
      '--journal 中的数据库写法不符合 postgres://USER@HOST/DATABASE?sslmode=verify-full',
      '更正该选项，或去掉它以读取配置所指定的状态库。',
    ],
    'password-in-argument': () => [
      '参数中的密码会显示在进程列表中，并留在 Shell 历史记录里',
      '改为在配置中指定状态库，或用 ROTATOR_JOURNAL_FILE 指定存放其 URL 的文件。',
    ],
    'file-exists': ({ path }) => [`${path} 已存在，备份不会覆盖任何文件`, '指定一个尚不存在的文件。'],
    'no-folder': ({ path, folder }) => [
      `${path} 所在的目录不存在`,
      '先创建该目录。',
      onFiles(`mkdir -p ${quoted(folder)}`),
    ],
  },

  ERR_CONFIG: {
    invalid: ({ file, line, next, more, ...problem }) => {
      const example = exampleFor({ ...problem, next });
      const step = phrased(nextFor({ ...problem, next }, example), PROBLEMS_ZH);
      const message = `配置有误：${file}${line === null ? '' : ` 第 ${line} 行`}：${problemText(problem, PROBLEMS_ZH)}${more === 0 ? '' : `（另有 ${more} 处）`}`;
      return example !== null && takesExample(next) ? [message, step, example] : [message, step];
    },
    unheard: ({ file, alerts, more }) => {
      const whose = alerts.map(({ target, severity }) => `${target ?? '服务自身'}的${SEVERITIES[severity]}告警`);
      return [
        `${file ?? '环境变量'}：无人会收到通知，因为没有渠道接收这些告警：${listed(whose)}${more === 0 ? '' : `（另有 ${more} 项）`}`,
        file === null
          ? '设置 ALERT_TYPE 和 ALERT_URL，或用 ROTATOR_ALERTS=none 表示接受静默。'
          : '在 `alerts.channels` 下添加一个接收所有目标两种级别告警的渠道，或用 `alerts: { none: accepted }` 表示接受静默。',
      ];
    },
    'left-out': ({ target, problems }) => [
      `目标 ${target} 的配置有误，已被跳过：${problems.map((each) => problemText(each, PROBLEMS_ZH)).join('；')}`,
      '更正后发送 SIGHUP，在此之前无人轮换其客户端密钥。',
    ],
    doubt: ({ about }) => [
      `配置中有可疑之处：${phrased(about, PROBLEMS_ZH)}`,
      stepOf(about, DOUBT_STEPS_ZH) ?? '检查配置。',
    ],
    fixed: ({ keys }) => [`重新加载不会更改 ${listed(keys)}，仍沿用原值`, '重启服务使其生效。'],
    'http-listen': ({ host, port, code }) => {
      const [found, next] = LISTEN[code] ?? [code, '更正 http.host 和 http.port。'];
      return [`无法监听 http.host ${host}、http.port ${port}：${found}`, next];
    },
    'plain-http': ({ channel }) => [
      `渠道 ${channel} 的 URL 为 http://，需要 https://`,
      '改用 https://，或为该渠道设置 insecure: true。',
    ],
    proxy: ({ variable, scheme }) => [
      `${variable} 的值${scheme === null ? '不是 URL' : `是 ${scheme}// 代理`}，需要 http:// 或 https:// 的 URL`,
      `把 ${variable} 设为 http://proxy.example:3128 这样的代理地址，或取消该变量。`,
    ],
    'files-hang': () => [
      '配置或环境变量指定的文件中有太多没有响应，进程退出',
      '检查存放这些文件的磁盘和挂载点（例如已断开的网络文件系统），然后重新启动。',
    ],
    endpoint: () => [
      '腾讯云接入地址不是 https://tcb.tencentcloudapi.com 这样的纯主机地址',
      '只填写协议和主机，不带路径、查询参数和用户名。',
    ],
  },

  ERR_CREDENTIALS_MISSING: {
    aws: ({ origin, said }) => [
      `没有可用于 ${origin} 的 AWS 凭证：“${said}”`,
      '设置 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY，或使用 profile（AWS_PROFILE），或为本机或 Pod 绑定角色。',
    ],
    characters: ({ place }) => [
      `${place} 含有密钥中不会出现的字符，例如空白、引号、省略号或非 UTF-8 文本`,
      '从云控制台以纯文本重新复制完整的密钥。',
    ],
    empty: ({ source }) => [`${source} 给出的云 API 密钥为空`, '同时提供 SecretId 和 SecretKey。'],
    variables: ({ id, key, unset }) => [
      `环境变量中没有腾讯云 API 密钥：${listed(unset)} 未设置或为空`,
      `设置 ${id} 和 ${key}（或 ${id}_FILE 和 ${key}_FILE），或在 cloudbase.credentials 中选择其他来源。`,
    ],
    'variable-file': ({ variable, path, code, uid }) => {
      const message = `${variable}_FILE 指定的文件${fileTrouble(code)}：${path}`;
      return code === 'EACCES'
        ? [message, '让本进程的用户可以读取它。', letRead(quoted(path), `${uid ?? 'USER'}`)]
        : [message, `挂载该文件，或更正 ${variable}_FILE。`];
    },
    'profile-file': ({ path, code }) => [
      code === 'ENOENT' ? `密钥文件 ${path} 不存在` : `密钥文件 ${path} ${fileTrouble(code)}`,
      '创建该文件（含 [default]、secret_id = … 和 secret_key = …，仅当前用户可读），或指定其他路径。',
    ],
    profile: ({ path, profile, known }) => [
      `密钥文件 ${path} 中没有 [${profile}]，${known.length === 0 ? '也没有任何其他配置段' : `只有 ${listed(known.map((name) => `[${name}]`))}`}`,
      `添加 [${profile}] 并写入 secret_id 和 secret_key，或指定其他 profile。`,
    ],
    'profile-keys': ({ path, profile, lacking }) => [
      `${path} 的 [${profile}] 中缺少 ${listed(lacking)}`,
      `在 [${profile}] 下补全 ${listed(lacking.map((key) => `${key} = …`))}。`,
    ],
    'no-role': () => [
      '元数据服务中没有本机的 CAM 角色',
      '在云服务器（CVM）控制台为本机绑定 CAM 角色，或在 cloudbase.credentials 中选择其他来源。',
    ],
    tke: ({ unset }) => [
      `环境变量中缺少 TKE 为绑定了 CAM 角色的 Pod 提供的内容：${listed(unset)}`,
      '为 ServiceAccount 添加 CAM 角色注解并重启 Pod，或选择其他来源。',
    ],
    'tke-token': ({ path, code }) => [
      code === null
        ? `TKE_WEB_IDENTITY_TOKEN_FILE 指定的文件为空：${path}`
        : `TKE_WEB_IDENTITY_TOKEN_FILE 指定的文件${fileTrouble(code)}：${path}`,
      '检查 Pod 的卷，TKE 会把 token 挂载到该位置。',
    ],
  },
  ERR_CREDENTIALS_REJECTED: {
    'aws-call': ({ origin, said }) => [
      `AWS 拒绝了用于 ${origin} 的凭证（${said}）`,
      '更新 AWS 凭证；如凭证无误，校准本机时钟。',
    ],
    'aws-chain': ({ origin, said }) => [
      `无法取得用于 ${origin} 的 AWS 凭证：“${said}”`,
      '检查角色及其信任策略，以及用来扮演该角色的 token 或密钥。',
    ],
    remote: remoteSentences,
  },
  ERR_CREDENTIALS_UNAVAILABLE: {
    aws: ({ origin, ...call }) => [
      `暂时无法取得用于 ${origin} 的 AWS 凭证：${callTrouble(call)}`,
      '检查本机能否访问 STS（HTTPS_PROXY、NO_PROXY）。',
    ],
    metadata: (params) => [
      `元数据服务没有给出云 API 密钥：${callTrouble(params)}`,
      '如本机不是云服务器（CVM），在 cloudbase.credentials 中选择其他来源。',
    ],
    'sts-form': ({ action }) => [`sts ${action} 的应答中没有临时密钥`, '检查 assumeRole 的接入地址（endpoint）。'],
    remote: remoteSentences,
  },
};
