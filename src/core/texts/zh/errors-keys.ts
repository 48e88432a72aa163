// Chinese for errors of key material.
import type { IdName, KeyLook } from '../../error-troubles.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import { letRead, quoted, restrict } from '../command.ts';
import type { KEYS_EN } from '../en/errors-keys.ts';
import { callTrouble, remoteSentences } from './calls.ts';
import { fileTrouble } from './files.ts';
import { IDS, takeFrom } from './ids.ts';
import { listed } from './words.ts';

const WANTED_KEY = '需要的是 Apple 提供的 P-256 私钥（AuthKey_….p8）';
const USE_P8 = '按 Apple 提供的原样使用 .p8 文件（Apple 开发者网站 Keys 页面）。';
const WHOLE_LINES = '连同换行一起存放 .p8：BEGIN 行、各行 base64 以及 END 行。';
const AS_IS = '原样存放 .p8，或存放 JSON，其中 privateKey 为 .p8 的内容。';
const REACH = '检查本机能否访问该地址，包括 DNS、防火墙、HTTPS_PROXY 和 NO_PROXY。';
const ENDPOINT = '检查私钥来源的接入地址（endpoint）。';

/** What a text is instead of a key, and what to do about it. */
const LOOKS: Readonly<Record<KeyLook, readonly [is: string, next: string]>> = {
  nothing: ['空内容', '填入 .p8 文件的内容。'],
  binary: ['二进制数据或 UTF-16 文本', '使用 Apple 提供的 .p8；DER 或 PKCS#12 文件须先转换为 PEM。'],
  page: ['HTML 或 XML 页面', '登录 Apple 开发者网站，重新下载 .p8。'],
  jwt: ['JWT（可能是客户端密钥），而不是私钥', '提供用来签发客户端密钥的 .p8，客户端密钥由本程序自行生成。'],
  'openssh-public': ['OpenSSH 公钥', USE_P8],
  'base64-pem': ['已损坏的 PEM base64 编码', '重新编码 .p8 并完整复制，或直接存放 PEM。'],
  'bare-base64': ['并非完整私钥的 base64', WHOLE_LINES],
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

const HALVES = { public: '公钥', private: '私钥', secret: '对称密钥' } as const;

export const KEYS_ZH: Pick<ErrorCatalogue, keyof typeof KEYS_EN> = {
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
        letRead(quoted(owner === null ? folder : path), `${uid ?? 'USER'}`),
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
    'no-entry': ({ origin, isThere }) => [
      `${origin} 的 JSON ${isThere ? '中 jsonKey 指定的字段不是文本' : '没有 jsonKey 指定的字段'}，${WANTED_KEY}`,
      '更正私钥来源的 jsonKey，即存放 .p8 的字段名称。',
    ],
    'several-entries': ({ origin, lengths }) => [
      `${origin} 的 JSON 有 ${lengths.length} 个字段存放了不同的私钥（长度分别为 ${lengths.join('、')} 个字符），只需要一个`,
      '在私钥来源的 jsonKey 中指定正确的字段，或移除其他字段。',
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
      restrict(path),
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
    'aws-call': (params) => [
      `暂时无法读取 ${params.origin}：${callTrouble(params)}`,
      params.trouble === 'code' || params.trouble === 'http'
        ? '查看 AWS Health Dashboard 以及 Secrets Manager 的配额。'
        : REACH,
    ],
    'no-value': ({ origin }) => [`暂时无法读取 ${origin}：应答中没有内容`, ENDPOINT],
    'unknown-form': ({ origin }) => [`暂时无法读取 ${origin}：应答格式无法识别`, ENDPOINT],
    remote: remoteSentences,
  },
  ERR_KEY_BINDING: ({ mixup, keyId, known, detail }) => [
    `${
      {
        'other-private-key': `Apple 认可过的 Key ID ${keyId} 对应的是另一把私钥`,
        'other-key-id': `Apple 认可过的这把私钥的 Key ID 是 ${known}，而不是 ${keyId}`,
        'other-team': `Apple 认可过的 Key ID ${keyId} 属于团队 ${known}`,
      }[mixup]
    }，两者之一可能写错或弄混${detail === null ? '' : `（Apple 的答复：${callTrouble(detail)}）`}`,
    '在 Apple 开发者网站（Keys）核对私钥、Key ID 和 Team ID；新密钥会有新的 Key ID。',
  ],
};

function titles(ids: readonly IdName[]): string {
  return listed(ids.map((id) => IDS[id].title));
}

function shownId(found: string | number): string {
  return typeof found === 'number' ? `${found} 个字符的文本` : found;
}
