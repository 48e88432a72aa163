// Chinese for errors of the command line, the configuration, key material and cloud credentials.
import type { IdName, KeyLook } from '../../error-params.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { program, quoted } from '../command.ts';
import type { SETUP_EN } from '../en/errors-setup.ts';
import { callTrouble, fileTrouble, remoteSentences, verdictDetail } from './calls.ts';
import { listed } from './words.ts';

const WANTED_KEY = '需要的是 Apple 提供的 P-256 私钥（AuthKey_….p8）';
const USE_P8 = '按 Apple 提供的原样使用 .p8 文件（Apple 开发者网站 Keys 页面）。';
const WHOLE_LINES = '连同换行一起存放 .p8：BEGIN 行、各行 base64 以及 END 行。';
const AS_IS = '原样存放 .p8，或存放 JSON，其中 privateKey 为 .p8 的内容。';
const CHECK_NAME = '更正命令中的名称；如果想用的是另一份配置，更正 --config。';
const REACH = '检查本机能否访问该地址，包括 DNS、防火墙、HTTPS_PROXY 和 NO_PROXY。';
const ENDPOINT = '检查私钥来源的接入地址（endpoint）。';

/** What a text is instead of a key, and what to do about it. */
const LOOKS: Readonly<Record<KeyLook, readonly [is: string, next: string]>> = {
  nothing: ['空内容', '填入 .p8 文件的内容。'],
  binary: ['二进制数据或 UTF-16 文本', '使用 Apple 提供的 .p8；DER 或 PKCS#12 文件须先转换为 PEM。'],
  page: ['HTML 或 XML 页面', '登录 Apple 开发者网站，重新下载 .p8。'],
  jwt: ['JWT（可能是客户端密钥），而不是私钥', '提供用来签发客户端密钥的 .p8，客户端密钥由本程序自行生成。'],
  'openssh-public': ['OpenSSH 公钥', USE_P8],
  'base64-pem': ['PEM 的 base64 编码', '解码一次（base64 -d），存放 PEM 本身。'],
  'bare-base64': ['缺少 BEGIN 和 END 行的 base64', WHOLE_LINES],
  'damaged-frame': ['BEGIN 或 END 行已损坏的 PEM', WHOLE_LINES],
  'cut-off': ['缺少 END 行的 PEM', '重新复制完整的 .p8，变量或表单可能只保留了第一行。'],
  encrypted: ['加密的私钥', '使用 Apple 提供的 .p8（没有口令），或先解密（openssl pkcs8 -in FILE）。'],
  'public-key': ['公钥', USE_P8],
  'rsa-public-key': ['RSA 公钥', USE_P8],
  certificate: ['证书', USE_P8],
  'certificate-request': ['证书请求', USE_P8],
  'openssh-private': ['OpenSSH 私钥', USE_P8],
  'ec-parameters': ['EC 参数，其中没有密钥', USE_P8],
  'other-pem': ['并非私钥的 PEM', USE_P8],
  'empty-pem': ['BEGIN 与 END 之间没有内容的 PEM', USE_P8],
  'broken-lines': ['换行已损坏的 PEM', WHOLE_LINES],
  'damaged-pem': ['已损坏的 PEM（缺少字符或字符有误）', USE_P8],
  'foreign-half': ['附带另一把密钥公钥的私钥', USE_P8],
  'json-list': ['JSON 列表', AS_IS],
  'json-value': ['并非对象的 JSON', AS_IS],
  'broken-json': ['看似 JSON 但无法解析的文本', '更正 JSON，或原样存放 .p8。'],
};

interface IdWords {
  readonly title: string;
  readonly flag: string;
  readonly wanted: string;
  readonly where: string;
}

const IDS: Readonly<Record<IdName, IdWords>> = {
  teamId: {
    title: 'Team ID',
    flag: '--team-id',
    wanted: '10 位大写字母或数字',
    where: 'Apple 开发者网站 Membership 页面',
  },
  clientId: {
    title: 'Services ID',
    flag: '--client-id',
    wanted: 'Services ID，例如 com.acme.shop.web',
    where: 'Apple 开发者网站 Identifiers 页面的 Services IDs',
  },
  keyId: {
    title: 'Key ID',
    flag: '--key-id',
    wanted: '10 位大写字母或数字',
    where: 'Apple 开发者网站 Keys 页面',
  },
};

const HALVES = { public: '公钥', private: '私钥', secret: '对称密钥' } as const;

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
    'unknown-channel': ({ found, known }) => [`没有名为 ${found} 的渠道，配置中有 ${listed(known)}`, CHECK_NAME],
    'unknown-target': ({ found, known }) => [`没有名为 ${found} 的目标，配置中有 ${listed(known)}`, CHECK_NAME],
    'target-gone': () => ['该目标已不在配置中', '指定配置中现有的目标。'],
    'stdin-is-terminal': () => [
      '--key-file - 表示从标准输入读取私钥，而标准输入是终端',
      '通过管道传入 .p8，或指定其文件。',
    ],
    'stdin-too-large': () => ['标准输入超过 1 MB，需要的是客户端密钥', '只通过管道传入客户端密钥。'],
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
    'sandbox-host': ({ host }) => [`沙箱只监听本机回环地址，不监听 ${host}`, '使用 127.0.0.1、::1 或 localhost。'],
    'sandbox-port': ({ host, port, code }) => [
      code === 'EADDRINUSE' ? `${host} 的端口 ${port} 已被占用` : `无法监听 ${host} 的端口 ${port}：${code}`,
      '停止占用该端口的程序，或换用其他端口。',
      program('sandbox --port 0'),
    ],
    'no-journal': ({ path }) => [`${path} 处没有状态库，因此无从复制`, '用 --config FILE 指定所需服务的配置。'],
    'file-exists': ({ path }) => [`${path} 已存在，备份不会覆盖任何文件`, '指定一个尚不存在的文件。'],
    'no-folder': ({ path, folder }) => [`${path} 所在的目录不存在`, '先创建该目录。', `mkdir -p ${quoted(folder)}`],
  },

  ERR_CONFIG: {
    invalid: ({ file, line, key, found, wanted, next, more }) => {
      const place = `${file}${line === null ? '' : ` 第 ${line} 行`}${key === '' ? '' : `，${key}`}`;
      return [
        `配置有误：${place}：当前为“${found}”，应为“${wanted}”${more === 0 ? '' : `（另有 ${more} 处）`}`,
        next === null ? '按上述说明更正配置后重试。' : `按提示更正配置：“${next}”。`,
      ];
    },
    unheard: ({ file, alerts, more }) => {
      const whose = alerts.map(({ target, severity }) => `${target ?? '服务自身'}的${SEVERITIES[severity]}告警`);
      return [
        `${file ?? '环境变量'}：没有渠道接收${listed(whose)}${more === 0 ? '' : `（另有 ${more} 项）`}`,
        '在 `alerts.channels` 下添加一个接收所有目标两种级别告警的渠道，或用 `alerts: { none: accepted }`（ROTATOR_ALERTS=none）表示接受静默。',
      ];
    },
    'left-out': ({ target, problems }) => [
      `目标 ${target} 的配置有误，已被跳过：“${problems.join('; ')}”`,
      '更正后发送 SIGHUP，在此之前无人轮换其客户端密钥。',
    ],
    doubt: ({ text }) => [`配置中有可疑之处：“${text}”`, '检查配置。'],
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

  ERR_KEY_NOT_FOUND: {
    'no-path': ({ length }) => [
      `私钥文件的路径不是路径，而是 ${length} 个字符的其他文本`,
      '此处填写文件路径，而不是文件内容。',
    ],
    'bad-path': ({ path, code }) => [`路径 ${path} 无法访问（${code}）`, '更正私钥文件的路径。'],
    'broken-link': ({ name, folder }) => [
      `${folder} 中的 ${name} 是链接，其指向的文件不存在`,
      '挂载或写入该链接指向的文件。',
    ],
    'no-folder': ({ name, folder }) => [
      `找不到私钥文件 ${name}：目录 ${folder} 不存在或无法读取`,
      '更正路径；如在容器中运行，确认密钥已挂载到该位置。',
    ],
    'no-file': ({ name, folder, keys }) => [
      `${folder} 中没有私钥文件 ${name}，${keys.length === 0 ? '也没有任何 .p8 文件' : `其中有 ${listed(keys)}`}`,
      '更正路径，或把 .p8 放到该目录。',
    ],
    variable: ({ variable, isSet }) => [
      isSet ? `$${variable} 为空，且未设置 $${variable}_FILE` : `$${variable} 和 $${variable}_FILE 均未设置`,
      `把 ${variable} 设为 .p8 的内容，或把 ${variable}_FILE 设为其路径。`,
    ],
    'aws-absent': ({ origin, code }) => [
      `${origin} 不存在，或没有该阶段的版本（${code}）`,
      '更正 secretId、region 和 versionStage：密钥按地域存放。',
    ],
    'aws-no-value': ({ origin, code }) => [
      `${origin} 已标记为删除，或尚无内容（${code}）`,
      '恢复该密钥（aws secretsmanager restore-secret），或换用其他密钥。',
    ],
    'aws-name': ({ origin, code }) => [`${origin} 的名称无效（${code}）`, '更正 secretId 和 versionStage。'],
    'ssm-empty': ({ origin }) => [`${origin} 为空`, '把 .p8 文件的内容，或带有各项标识的 JSON，存为该凭据的值。'],
    remote: remoteSentences,
  },
  ERR_KEY_FORBIDDEN: {
    file: ({ path, owner, folder, uid }) => {
      const why = owner === null ? `无权进入目录 ${folder}` : `文件属于用户 ${owner.uid}，权限为 ${owner.mode}`;
      return [
        `无权读取 ${path}：${why}，本进程以用户 ${uid ?? '（未知）'} 运行`,
        '以此用户的 ID 挂载密钥，或把文件交给此用户。',
        `chown ${uid ?? 'USER'} ${quoted(owner === null ? folder : path)}`,
      ];
    },
    'aws-denied': ({ origin, said }) => [
      `无权读取 ${origin}：“${said}”`,
      '授予该密钥的 secretsmanager:GetSecretValue 权限；如其使用单独的 KMS 密钥，还须授予 kms:Decrypt。',
    ],
    'aws-kms': ({ origin, code }) => [
      `无法用 KMS 密钥解密 ${origin}（${code}）`,
      '确认该密钥所用的 KMS 密钥已启用，并授予 kms:Decrypt 权限。',
    ],
    remote: remoteSentences,
  },
  ERR_KEY_INVALID: {
    look: ({ origin, look }) => {
      const [is, next] = LOOKS[look];
      return [look === 'nothing' ? `${origin} 为空，${WANTED_KEY}` : `${origin} 的内容是${is}，${WANTED_KEY}`, next];
    },
    'other-key': ({ origin, kind, half }) => [
      `${origin} 的内容是 ${kind} ${HALVES[half]}，${WANTED_KEY}`,
      '使用已启用 Sign in with Apple 的密钥的 .p8（Apple 开发者网站 Keys 页面），Apple 只接受 P-256。',
    ],
    several: ({ origin, count }) => [
      `${origin} 含有 ${count} 把私钥，只需一把`,
      '保留与 Key ID 对应的私钥，删除其余的。',
    ],
    'other-text': ({ origin, length }) => [`${origin} 中没有私钥（${length} 个字符的其他文本），${WANTED_KEY}`, USE_P8],
    'no-private-key': ({ origin, names, isThere }) => [
      `${origin} 的 JSON ${isThere ? '中 privateKey 不是文本' : `没有 privateKey（${names.length === 0 ? '没有任何字段' : `现有字段：${names.join('、')}`}）`}，需要 teamId、clientId、keyId 和 privateKey`,
      AS_IS,
    ],
    folder: ({ path, key }) => [
      `${path} 是目录，需要的是私钥文件`,
      key === null ? '指定 .p8 文件本身。' : `指定文件本身，例如其中的 ${key}。`,
    ],
    device: ({ path }) => [`${path} 是设备或管道，需要的是私钥文件`, '指定 .p8 文件本身。'],
    'too-large': ({ path }) => [`${path} 超过 64 KB，需要的是私钥`, '指定 .p8 文件，其大小约为 250 字节。'],
    'readable-by-all': ({ path, mode }) => [
      `本机所有用户都能读取私钥文件 ${path}（权限 ${mode}）`,
      '限制为仅当前用户可读。',
      `chmod 600 ${quoted(path)}`,
    ],
    'other-name': ({ path, named, keyId }) => [
      `私钥文件 ${path} 的文件名中 Key ID 为 ${named}，实际使用的是 ${keyId}`,
      '核对这把私钥与 Key ID 是否对应。',
    ],
  },
  ERR_KEY_IDS_MISSING: {
    configuration: ({ ids, origin, named }) => {
      const [first] = ids;
      const where = ids.length === 1 && first !== undefined ? `（${IDS[first].where}）` : '';
      return [
        `缺少 ${titles(ids)}：配置和 ${origin} 均未给出`,
        named === null
          ? `在该目标的私钥旁，或在 JSON 的 privateKey 旁，填写 ${listed(ids)}${where}。`
          : `按私钥文件名，在该目标的私钥旁填写 keyId: ${named}。`,
      ];
    },
    'command-line': ({ ids, named }) => [
      `缺少参数 ${listed(ids.map((id) => IDS[id].flag))}`,
      named === null
        ? `提供 ${listed(ids.map((id) => `${IDS[id].title}（${IDS[id].wanted}，见 ${IDS[id].where}）`))}。`
        : `按私钥文件名提供 --key-id ${named}。`,
    ],
  },
  ERR_KEY_IDS_CONFLICT: {
    configuration: ({ id, here, there, origin }) => [
      `${IDS[id].title} 互相矛盾：配置中为 ${here}，${origin} 中为 ${there}`,
      `确认哪一个属于这把私钥，并更正或删除另一个 ${id}。`,
    ],
    'command-line': ({ id, here, there, origin }) => [
      `${IDS[id].flag} 为 ${here}，而 ${origin} 中为 ${there}`,
      '确认哪一个属于这把私钥，并更正或去掉另一个。',
    ],
  },
  ERR_KEY_IDS_INVALID: {
    placeholder: ({ id, found }) => [`${IDS[id].title} ${shownId(found)} 是占位符`, takeFrom(id)],
    form: ({ id, found }) => [`${IDS[id].title} 为 ${shownId(found)}，应为${IDS[id].wanted}`, takeFrom(id)],
    type: ({ id, found, origin }) => [`${origin} 中的 ${id} 是 ${found}，应为文本`, `在 JSON 中为 ${id} 加上引号。`],
  },
  ERR_KEY_SOURCE_UNAVAILABLE: {
    disk: ({ path, code }) => [
      code === 'ETIMEDOUT' ? `${path} ${fileTrouble(code)}` : `暂时无法读取 ${path}（${code}）`,
      '检查存放私钥文件的磁盘或挂载点。',
    ],
    call: (params) => [
      `暂时无法读取 ${params.origin}：${callTrouble(params)}`,
      params.trouble === 'code' || params.trouble === 'http'
        ? '查看 AWS Health Dashboard 以及 Secrets Manager 的配额。'
        : REACH,
    ],
    'no-value': ({ origin }) => [`暂时无法读取 ${origin}：应答中没有内容`, ENDPOINT],
    'unknown-form': ({ origin }) => [`暂时无法读取 ${origin}：应答格式无法识别`, ENDPOINT],
    remote: remoteSentences,
  },
  ERR_KEY_BINDING: ({ detail }) => [
    `该 Key ID 以前对应另一把公钥，且 Apple 未认可现在这把（${verdictDetail(detail)}）`,
    '核对私钥来源中的私钥是否就是 Apple 以该 Key ID 签发的那一把，新密钥会有新的 Key ID。',
  ],

  ERR_CREDENTIALS_MISSING: {
    aws: ({ origin, said }) => [
      `没有可用于 ${origin} 的 AWS 凭证：“${said}”`,
      '设置 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY，或使用 profile（AWS_PROFILE），或为本机或 Pod 绑定角色。',
    ],
    empty: ({ source }) => [`${source} 给出的云 API 密钥为空`, '同时提供 SecretId 和 SecretKey。'],
    variables: ({ id, key, unset }) => [
      `环境变量中没有腾讯云 API 密钥：${listed(unset)} 未设置或为空`,
      `设置 ${id} 和 ${key}（或 ${id}_FILE 和 ${key}_FILE），或在 cloudbase.credentials 中选择其他来源。`,
    ],
    'variable-file': ({ variable, path, code }) => [
      `${variable}_FILE 指定的文件${fileTrouble(code)}：${path}`,
      `挂载该文件，或更正 ${variable}_FILE。`,
    ],
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
    aws: ({ origin, said }) => [
      `暂时无法取得用于 ${origin} 的 AWS 凭证：“${said}”`,
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

function titles(ids: readonly IdName[]): string {
  return listed(ids.map((id) => IDS[id].title));
}

function takeFrom(id: IdName): string {
  return `从${IDS[id].where}复制 ${IDS[id].title}。`;
}

function shownId(found: string | number): string {
  return typeof found === 'number' ? `${found} 个字符的文本` : found;
}
