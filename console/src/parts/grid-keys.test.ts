import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moved } from './grid-keys.ts'

const plain = { ctrlKey: false, metaKey: false }
const extent = { rows: 100, columns: 5, page: 20 }

test('arrows go one cell, PageUp and PageDown a page, Home and End along the row, with Ctrl to the corners', () => {
  const from = { row: 10, column: 2 }
  const key = (name: string, all = false): unknown => moved(from, { key: name, ctrlKey: all, metaKey: false }, extent)
  expect([key('ArrowDown'), key('ArrowUp'), key('ArrowLeft'), key('ArrowRight')]).toEqual([
    { row: 11, column: 2 },
    { row: 9, column: 2 },
    { row: 10, column: 1 },
    { row: 10, column: 3 },
  ])
  expect([key('PageDown'), key('PageUp')]).toEqual([
    { row: 30, column: 2 },
    { row: 0, column: 2 },
  ])
  expect([key('Home'), key('End'), key('Home', true), key('End', true)]).toEqual([
    { row: 10, column: 0 },
    { row: 10, column: 4 },
    { row: 0, column: 0 },
    { row: 99, column: 4 },
  ])
  expect(key('a')).toBeUndefined()
})

test('the heading is above the first row', () => {
  expect(moved({ row: 0, column: 0 }, { key: 'ArrowUp', ...plain }, extent)).toEqual({ row: -1, column: 0 })
  expect(moved({ row: -1, column: 0 }, { key: 'ArrowDown', ...plain }, extent)).toEqual({ row: 0, column: 0 })
})

test('no key leaves the grid', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          key: fc.constantFrom('ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp', 'PageDown'),
          ctrlKey: fc.boolean(),
          metaKey: fc.boolean(),
        }),
      ),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 1, max: 9 }),
      (keys, rows, columns) => {
        const at = keys.reduce((place, key) => moved(place, key, { rows, columns, page: 7 }) ?? place, {
          row: -1,
          column: 0,
        })
        return at.row >= -1 && at.row < Math.max(rows, 1) && at.column >= 0 && at.column < columns
      },
    ),
  )
  expect(
    moved({ row: -1, column: 0 }, { key: 'End', ctrlKey: true, metaKey: false }, { rows: 0, columns: 1, page: 1 }),
  ).toEqual({ row: -1, column: 0 })
})
