import { expect, test } from 'vitest'
import type { SinkRow } from '../../engine/delivery/rows.ts'
import { inLanes } from './sink-lanes.ts'

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
  inLanes(rows, most).map((lane) => lane.map(({ key, event, index }) => `${key ?? event.id}${index}`).join(' '))

test('what takes more than one transaction goes in two rows of them, the events of a key, and one that comes twice, in one of both and in their order', () => {
  const rows = rowsOf(['a', 'b', 'a', undefined, 'c', 'a', 'b', 'c', 'a', undefined])
  expect(lanesOf(rows, 9)).toEqual(['a0 a2 c4 a5 c7 a8', 'b1 e33 b6 e39'])
  expect(lanesOf(rows, 10)).toHaveLength(1)
})

test('the history of an object, which has another key when it is made anew, is not split; nor are changes', () => {
  for (const family of ['resource', 'change'])
    expect(lanesOf([...rowsOf(['a', 'b']), ...rowsOf(['c'], family)], 1)).toEqual(['a0 b1 c0'])
})
