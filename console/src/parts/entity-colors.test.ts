import { expect, test } from 'vitest'
import { entityColors } from './entity-colors.ts'

test('an entity keeps its colour in another chart and order, and no two of a chart share one', () => {
  const first = entityColors(['web', 'api', 'database'])
  expect(first).toEqual([0, 1, 2])
  expect(entityColors(['database', 'cache', 'web'])).toEqual([2, 3, 0])
  const many = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
  for (let at = 0; at + 15 <= many.length; at += 5) {
    const colors = entityColors(many.slice(at, at + 15))
    expect(new Set(colors).size).toBe(15)
    expect(Math.max(...colors)).toBeLessThan(15)
  }
  expect(entityColors(['api'])).toEqual([1])
})
