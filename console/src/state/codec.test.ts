import { expect, test } from 'vitest'
import { codecOf, writeSearch } from './codec.ts'
import { flag, names, text } from './parts.ts'

const codec = codecOf<{ a: string; on: boolean; list: readonly string[] }>({
  a: text(),
  on: flag('on'),
  list: names(['x']),
})

test('defaults are omitted from the URL, other parameters carry the version', () => {
  expect(writeSearch(codec.encode(codec.usual))).toBe('')
  expect(writeSearch(codec.encode({ ...codec.usual, a: 'src.ns = "a/b" and x:1,2' }))).toBe(
    '?v=1&a=src.ns+%3D+%22a/b%22+and+x:1,2',
  )
})

test('unknown, invalid and outdated parameters of a URL are reported', () => {
  expect(codec.decode({ v: '1', a: 'b', on: 'yes', old: '1', list: 'x,y z' }).unread).toEqual([
    '“yes” is not a valid value of “on”.',
    'This page has no parameter “old”.',
    '“x,y z” is not a valid value of “list”.',
  ])
  expect(codec.decode({ v: '7', a: 'b' })).toEqual({
    state: { ...codec.usual, a: 'b' },
    unread: [expect.stringContaining('version 7')],
  })
  expect(codec.decode({ constructor: '1' }).unread).toEqual(['This page has no parameter “constructor”.'])
})
