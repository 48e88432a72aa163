// English for what is wrong with a file.

const FILE_TROUBLES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory',
  ENOTREG: 'is a device or a pipe',
  EFBIG: 'is larger than 1 MB',
  ETIMEDOUT: 'does not answer: its disk or mount hangs',
  ENOTUTF8: 'is not UTF-8 text',
  ENOTPATH: 'is named by text that is not a path',
};

/** What is wrong with a file, by the code of net/named-file.ts: `does not exist`, `cannot be read (EIO)`. */
export function fileTrouble(code: string): string {
  return FILE_TROUBLES[code] ?? `cannot be read (${code})`;
}
