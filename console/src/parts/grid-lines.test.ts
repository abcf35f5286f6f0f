import { expect, test } from 'vitest'
import { linesOf, type LinedColumn } from './grid-lines.ts'

const time = { id: 'time', width: 116 }
const [source, destination] = [
  { id: 'source', width: 190, grow: 2 },
  { id: 'destination', width: 190, grow: 2 },
]
const port = { id: 'port', width: 72 }
const protocol = { id: 'protocol', width: 76 }
const bytes = { id: 'bytes', width: 140, end: true }
const packets = { id: 'packets', width: 92, grow: 1, end: true }

const idsOf = (columns: readonly LinedColumn[]) => columns.map(({ id }) => id)

test('names and the first amount are in the first line, what has room is in the second', () => {
  const lines = linesOf([time, source, port, destination, protocol, bytes, packets], 'details')
  expect(idsOf(lines?.columns ?? [])).toEqual(['source', 'destination', 'bytes', 'time', 'port', 'protocol', 'packets'])
  expect(lines?.first).toBe(3)
  expect(lines?.tracks).toEqual([
    'minmax(0, 141fr) minmax(0, 141fr) minmax(0, 132px)',
    'minmax(0, 116fr) minmax(0, 72fr) minmax(0, 76fr) minmax(0, 92px)',
  ])
})

test('rows without details keep every column, or one line if there are many', () => {
  const few = linesOf([time, source, port, destination, protocol, bytes], 'plain')
  expect(idsOf(few?.columns ?? []).toSorted()).toEqual(
    ['bytes', 'destination', 'port', 'protocol', 'source', 'time'].toSorted(),
  )
  expect(linesOf([time, source, port, destination, protocol, bytes, packets], 'plain')).toBeUndefined()
  expect(linesOf([source, bytes], 'details')).toBeUndefined()
  const listed = [
    time,
    { ...source, line: 1 as const },
    port,
    destination,
    protocol,
    { ...bytes, line: 1 as const },
    packets,
  ]
  expect(linesOf(listed, 'plain')?.columns.map(({ id }) => id)).toEqual([source.id, bytes.id])
})

test('columns with a line have it, and the others are hidden', () => {
  const lines = linesOf([{ ...time, line: 2 }, { ...source, line: 1 }, destination, { ...bytes, line: 1 }], 'details')
  expect(idsOf(lines?.columns ?? [])).toEqual(['source', 'bytes', 'time'])
})

test('a checkbox stays in front of the first line', () => {
  const lines = linesOf([{ id: 'chosen', width: 36 }, time, source, bytes], 'details')
  expect(idsOf(lines?.columns ?? [])).toEqual(['chosen', 'source', 'bytes', 'time'])
  expect(lines?.tracks[0]).toBe('minmax(0, 36px) minmax(0, 141fr) minmax(0, 132px)')
})
