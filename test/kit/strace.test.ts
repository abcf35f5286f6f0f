import { describe, expect, it } from 'vitest'
import { bytesOf, openedPath, parseTrace } from './strace.ts'

const hex = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')

describe('a trace of system calls', () => {
  it('joins a call that another thread interrupted', () => {
    const calls = parseTrace(
      [
        `10 pwritev(21<${hex('/a/1.seg')}>, [{iov_base="${hex('one')}", iov_len=3}, ` +
          `{iov_base="${hex('two')}", iov_len=3}], 2, 0 <unfinished ...>`,
        `11 fdatasync(22<${hex('/a/2.seg')}> <unfinished ...>`,
        '10 <... pwritev resumed>)           = 6',
        '11 <... fdatasync resumed>)         = -1 EIO (Input/output error)',
        `12 write(30<TCP:[${hex('127.0.0.1:1')}->${hex('127.0.0.1:2')}]>, "${hex('HTTP/1.1 200')}", 12) = 12`,
        '12 +++ exited with 0 +++',
        '13 fdatasync(21',
      ].join('\n'),
    )
    expect(calls.map(({ name, target, began, done, result }) => ({ name, target, began, done, result }))).toEqual([
      { name: 'pwritev', target: '/a/1.seg', began: 0, done: 2, result: 6 },
      { name: 'fdatasync', target: '/a/2.seg', began: 1, done: 3, result: -1 },
      { name: 'write', target: 'TCP:[127.0.0.1:1->127.0.0.1:2]', began: 4, done: 4, result: 12 },
      { name: 'fdatasync', target: '', began: 6, done: 6, result: Number.NaN },
    ])
    expect(bytesOf(calls[0]!).toString()).toBe('onetwo')
  })

  it('names opened files', () => {
    const [call] = parseTrace(
      `9 openat(AT_FDCWD<${hex('/')}>, "${hex('/a/b.seg')}", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = ` +
        `23<${hex('/a/b.seg')}>`,
    )
    expect(openedPath(call!)).toEqual({ path: '/a/b.seg', creates: true })
    expect(call!.result).toBe(23)
  })
})
