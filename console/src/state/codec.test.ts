import { expect, test } from 'vitest'
import { codecOf, writeSearch } from './codec.ts'
import { flag, names, text } from './parts.ts'

const codec = codecOf<{ a: string; on: boolean; list: readonly string[] }>({
  a: text(),
  on: flag(true),
  list: names(['x']),
})

test('what is as usual does not stand in the address, and the rest says its version', () => {
  expect(writeSearch(codec.encode(codec.usual))).toBe('')
  expect(writeSearch(codec.encode({ ...codec.usual, a: 'src.ns = "a/b" and x:1,2' }))).toBe(
    '?v=1&a=src.ns+%3D+%22a/b%22+and+x:1,2',
  )
})

test('what an address has that the page does not know, cannot read, or knew in another version is named', () => {
  expect(codec.decode({ v: '1', a: 'b', on: 'yes', old: '1', list: 'x,y z' }).unread).toEqual([
    '"on" can’t be "yes".',
    '"old" is nothing that this page knows.',
    '"list" can’t be "x,y z".',
  ])
  expect(codec.decode({ v: '7', a: 'b' })).toEqual({
    state: { ...codec.usual, a: 'b' },
    unread: [expect.stringContaining('version 7')],
  })
  expect(codec.decode({ constructor: '1' }).unread).toEqual(['"constructor" is nothing that this page knows.'])
})
