import { expect, test } from 'vitest'
import type { SinkRow } from '../../engine/delivery/rows.ts'
import { splitByKey } from './sink-split.ts'

const rowsOf = (keys: readonly (string | undefined)[], family = 'audit'): SinkRow[] =>
  keys.map((key, index) => ({
    index,
    id: `${index}`,
    kind: 'events',
    family,
    key,
    event: { id: `e${index % 6}`, source: '/s', type: 't', encoding: 'none' },
  }))
const lanesOf = (rows: readonly SinkRow[], most: number): string[] =>
  splitByKey(rows, most).map((worker) => worker.map(({ key, event, index }) => `${key ?? event.id}${index}`).join(' '))

test('a large batch is split in two; rows of one key, and repeated events, stay together and in order', () => {
  const rows = rowsOf(['a', 'b', 'a', undefined, 'c', 'a', 'b', 'c', 'a', undefined])
  expect(lanesOf(rows, 9)).toEqual(['a0 a2 c4 a5 c7 a8', 'b1 e33 b6 e39'])
  expect(lanesOf(rows, 10)).toHaveLength(1)
})

test('resource and change events are not split', () => {
  for (const family of ['resource', 'change'])
    expect(lanesOf([...rowsOf(['a', 'b']), ...rowsOf(['c'], family)], 1)).toEqual(['a0 b1 c0'])
})
