import { expect, test, vi } from 'vitest'
import { entityColors } from './entity-colors.ts'

test('an entity keeps its colour in another chart and order, and no two of a chart share one', () => {
  const names = ['web', 'api', 'database']
  const first = entityColors(names)
  expect(new Set(first).size).toBe(3)
  expect(entityColors(['database', 'cache', 'web'])).toEqual([first[2], expect.any(Number), first[0]])
  const many = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
  for (let at = 0; at + 15 <= many.length; at += 5) {
    const colors = entityColors(many.slice(at, at + 15))
    expect(new Set(colors).size).toBe(15)
    expect(Math.max(...colors)).toBeLessThan(15)
  }
  expect(entityColors(['api'])).toEqual([first[1]])
})

test('a reload and a shared link show the same colours, in any order of the values', async () => {
  const names = ['TCP', 'UDP', 'ICMP', 'web-7d4b9c-xk2p', 'GRE']
  const first = entityColors(names)
  vi.resetModules()
  const reloaded = await import('./entity-colors.ts')
  expect(reloaded.entityColors(names.toReversed()).toReversed()).toEqual(first)
})
