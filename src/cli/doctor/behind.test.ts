import { expect, test } from 'vitest'
import { behindFindings } from './behind.ts'

test('a store and a sink that are behind are warnings with advice, others are none', () => {
  const sink = { type: 'http', from: [], state: 'running' as const }
  const found = behindFindings([
    { ...sink, name: 'store', lagMs: 74_000 },
    { ...sink, name: 'bus', lagMs: 31_000 },
    { ...sink, name: 'archive', lagMs: 31_000, waitMs: 60_000 },
    { ...sink, name: 'hook', lagMs: 900 },
  ])
  expect(found.map(({ check, status, fact }) => [check, status, fact])).toEqual([
    ['store', 'warn', 'the store is 74 s behind the journal'],
    ['sink bus', 'warn', 'sink bus is 31 s behind the journal'],
  ])
  expect(found.every(({ advice }) => advice !== undefined)).toBe(true)
})
