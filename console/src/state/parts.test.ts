import { expect, test } from 'vitest'
import { listText, readList } from './parts.ts'

test('a list is read as it was written, commas within its values included', () => {
  for (const values of [
    [],
    ['a'],
    ['a', 'b'],
    ['user:123/Doe, Jane', '!b', 'EU\\jane'],
    [',', ',,'],
    ['\\', ' ', '\\,', 'a\\'],
  ])
    expect(readList(listText(values))).toEqual(values)
  expect(readList('a,,b,a,EU\\jane')).toEqual(['a', 'b', 'EU\\jane'])
})
