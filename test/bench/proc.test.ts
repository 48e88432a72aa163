// What the bench reads from /proc, on texts as Linux writes them.
import { expect, test } from 'vitest';
import { bytesWritten, childrenCpu, megabytesOf, threadsCpu } from './proc.ts';

test('CPU of children is user and system time, whatever the program is called', () => {
  const stat =
    '4242 (a) b (c) S 1 4242 4242 0 -1 4194560 9 8 7 6 150 25 30 12 20 0 11 0 5 1000 200 18446744073709551615';
  expect(childrenCpu(stat)).toBe(420);
});

test('CPU of a process is that of its threads', () => {
  expect(threadsCpu(['1500000 20 3\n', '250000 1 1\n'])).toBe(1.75);
});

test('memory is found by its name alone', () => {
  const text =
    'Rss:              104448 kB\nPss:               2048 kB\nPss_Anon:          1024 kB\nAnonymous:        46080 kB\n';
  expect(megabytesOf(text, 'Pss')).toBe(2);
  expect(megabytesOf(text, 'Anonymous')).toBe(45);
  expect(megabytesOf(text, 'VmHWM')).toBeUndefined();
});

test('bytes written are those for a disk', () => {
  const io = 'rchar: 1\nwchar: 99\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 4096\ncancelled_write_bytes: 8\n';
  expect(bytesWritten(io)).toBe(4_096);
  expect(bytesWritten('rchar: 1\n')).toBeNaN();
});
