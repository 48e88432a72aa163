// Chinese for what is wrong with a file.

const FILE_TROUBLES: Readonly<Record<string, string>> = {
  ENOENT: '不存在',
  EACCES: '当前用户无权读取',
  EPERM: '当前用户无权读取',
  EISDIR: '是目录',
  ENOTREG: '是设备或管道',
  EFBIG: '超过 1 MB',
  ETIMEDOUT: '没有响应（其磁盘或挂载点已挂起）',
  ENOTUTF8: '不是 UTF-8 文本',
  ENOTPATH: '的路径不是有效路径',
};

/** 文件的问题，代码来自 net/named-file.ts。 */
export function fileTrouble(code: string): string {
  return FILE_TROUBLES[code] ?? `无法读取（${code}）`;
}
