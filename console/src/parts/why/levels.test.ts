import { expect, test } from 'vitest'
import { foldedLevels } from './levels.tsx'

const levels = (selected: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ time: index, selected: index === selected }))

test('of many levels only the one that is explained is shown, so that its causes are in sight', () => {
  const { shown, folded } = foldedLevels(levels(1, 8))
  expect([shown.map(({ time }) => time), folded.length]).toEqual([[1], 7])
})

test('few levels, and levels of which none is explained, are all shown', () => {
  expect(foldedLevels(levels(1, 3)).folded).toEqual([])
  expect(foldedLevels(levels(-1, 8)).shown.length).toBe(8)
})
