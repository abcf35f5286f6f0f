import { expect, test } from 'vitest'
import { foldSmall, tilesOf } from './treemap-layout.ts'

const box = { width: 600, height: 300 }
const asItIs = (value: number): number => value

test('tiles have areas in proportion, fill the box and do not overlap', () => {
  const values = [6, 6, 4, 3, 2, 2, 1]
  const tiles = tilesOf(values, box)
  const unit = (box.width * box.height) / 24
  expect(tiles.map(({ width, height }) => Math.round((width * height) / unit))).toEqual(values)
  for (const [at, a] of tiles.entries()) {
    expect(a.x + a.width).toBeLessThanOrEqual(box.width + 1e-6)
    expect(a.y + a.height).toBeLessThanOrEqual(box.height + 1e-6)
    expect(Math.max(a.width / a.height, a.height / a.width)).toBeLessThan(4)
    for (const b of tiles.slice(at + 1)) {
      const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
      const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
      expect(across > 1e-6 && down > 1e-6).toBe(false)
    }
  }
})

test('one value fills the box, and none has no tile', () => {
  expect(tilesOf([5], box)).toEqual([{ x: 0, y: 0, ...box }])
  expect(tilesOf([], box)).toEqual([])
})

test('small parts are folded, credits are left out, and a single small part stays', () => {
  expect(foldSmall([1, 60, 1, -5, 38], asItIs)).toEqual({ shown: [60, 38], folded: [1, 1] })
  expect(foldSmall([99, 1], asItIs)).toEqual({ shown: [99, 1], folded: [] })
})
