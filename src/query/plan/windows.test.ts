import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { flowNames } from '../index.ts'
import { parse } from '../parse.ts'
import type { PageRequest } from './page.ts'
import { fieldTime, flowTimes } from './row-query.ts'
import { nextWindows, windowsOf, windowSql } from './windows.ts'

const now = 1_764_000_000_000

function request(random: SeededRandom): PageRequest {
  const from = BigInt(now - random.integer(0, 100_000_000)) * 1000n
  const span = { from, to: from + BigInt(random.integer(0, 90_000_000)) * 1000n }
  const isComputed = random.chance(0.3)
  const key = span.from + BigInt(random.integer(0, Math.max(0, Number(span.to - span.from) - 1)))
  return {
    names: flowNames,
    filter: parse('', flowNames),
    time: isComputed ? flowTimes : fieldTime('time_received'),
    span,
    columns: [],
    sort: [{ field: flowNames.field('time_received')!, descending: random.chance(0.5) }],
    limit: random.pick([1, 100, 10_000]),
    backwards: random.chance(0.5),
    upTo: BigInt(now + 60_000) * 1000n,
    ...(random.chance(0.5)
      ? {}
      : { after: { fingerprint: '', ...span, upTo: 0n, keys: [String(key)], position: 'a:1:1:1' } }),
  }
}

test('windows adjoin, are in the order of the page, and cover all of its rows', () => {
  const random = new SeededRandom(11)
  let most = 0
  for (let time = 0; time < 500; time++) {
    const one = request(random)
    const hours = Array.from({ length: random.integer(0, 30) }, () => {
      const from = now - random.integer(0, 100_000_000)
      return { from, to: from + random.pick([0, 1, 3_600_000]), rows: random.pick([1, 100_000, 10_000_000]) }
    })
    const windows = windowsOf(one, hours) ?? []
    most = Math.max(most, windows.length)
    const { sort, backwards, after, time: by, span } = one
    const isNewestFirst = sort[0]?.descending !== backwards
    const all = by.received?.(span).all ?? span
    const key = after === undefined ? undefined : BigInt(after.keys[0] as string)
    const from = isNewestFirst || key === undefined ? all.from : key
    const end = !isNewestFirst || key === undefined ? all.to : key + 1n
    const to = end > one.upTo ? one.upTo + 1n : end
    const parts = windows.map(({ span: part }) => [part.from, part.to] as const)
    const ordered = isNewestFirst ? parts.toReversed() : parts
    expect(windows.every(({ rows }) => rows >= 0)).toBe(true)
    if (from >= to) expect(ordered).toEqual([])
    else expect([ordered[0]?.[0], ordered.at(-1)?.[1]]).toEqual([from, to])
    for (const [at, [begin, close]] of ordered.entries()) {
      expect(begin < close).toBe(true)
      if (at > 0) expect(begin).toBe(ordered[at - 1]?.[1])
    }
  }
  expect(most).toBeGreaterThan(3)
})

test('a page in another order has no windows', () => {
  const one = request(new SeededRandom(1))
  expect(windowsOf({ ...one, sort: [{ field: flowNames.field('bytes')!, descending: true }] }, [])).toBeUndefined()
  expect(windowsOf({ ...one, sort: [] }, [])).toBeUndefined()
})

test('a window that is not expected to fill the page is read with the next one', () => {
  const windows = [4000, 60_000, 1_000_000, 5_000_000].map((rows, index) => ({
    span: { from: BigInt(-index - 1), to: BigInt(-index) },
    rows,
  }))
  const next = (at: number, found: number, missing: number) => nextWindows(windows, { at, found, missing })
  expect(next(0, 0, 1001)).toEqual({ span: { from: -1n, to: 0n }, end: 1 })
  expect(next(1, 100, 901)).toEqual({ span: { from: -2n, to: -1n }, end: 2 })
  expect(next(1, 0, 1001)).toEqual({ span: { from: -3n, to: -1n }, end: 3 })
  expect(next(1, 20, 981)).toEqual({ span: { from: -3n, to: -1n }, end: 3 })
  expect(next(3, 0, 1001)).toEqual({ span: { from: -4n, to: -3n }, end: 4 })
})

test('the condition of a window is in the order of the page', () => {
  const page = request(new SeededRandom(1))
  expect(windowSql(page, { from: 1n, to: 3n })).toBe(
    '"time_received" >= make_timestamptz(1) AND "time_received" < make_timestamptz(3)',
  )
})
