import { expect, test } from 'vitest'
import { tracksOf } from './grid-widths.ts'

const columns = [
  { id: 'name', width: 100, grow: 2 },
  { id: 'time', width: 116 },
  { id: 'bytes', width: 92, end: true },
]

test('columns that grow share the remaining width', () => {
  expect(tracksOf(columns)).toBe('minmax(100px, 2fr) 116px 92px')
})

test('without a growing column, the last text column fills the table', () => {
  expect(tracksOf(columns, { id: 'name', width: 300 })).toBe('300px minmax(116px, 1fr) 92px')
  expect(tracksOf([{ id: 'bytes', width: 92, end: true }])).toBe('minmax(92px, 1fr)')
})
