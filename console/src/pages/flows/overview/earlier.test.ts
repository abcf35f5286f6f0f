import { expect, test } from 'vitest'
import { anyOf, withEarlier, withEarlierSeries } from './earlier.ts'
import type { Shares, Stack } from './sums.ts'

const shares: Shares = {
  total: 100,
  othersCount: 3,
  shares: [
    { name: 'api', cells: ['api'], amount: 60 },
    { name: 'web', cells: ['web'], amount: 30 },
    { name: 'others', cells: undefined, amount: 10 },
  ],
}
const earlierOf = (amounts: Readonly<Record<string, number>>, isStored = true) => ({
  isStored,
  of: ([name]: readonly unknown[]) => amounts[String(name)],
  total: 90,
  note: isStored ? '' : 'not stored',
})

test('the others of the earlier range are what the shown groups leave of its total', () => {
  const { shares: compared, earlier } = withEarlier(shares, earlierOf({ api: 50, web: 0 }))
  expect(compared.map((share) => share.earlier)).toEqual([50, 0, 40])
  expect(earlier).toEqual({ total: 90 })
})

test('without the amount of a group the others are not known, and a range that is not stored is not compared', () => {
  expect(withEarlier(shares, earlierOf({ api: 50 })).shares.map((share) => share.earlier)).toEqual([
    50,
    undefined,
    undefined,
  ])
  const { shares: plain, earlier, note } = withEarlier(shares, earlierOf({ api: 50, web: 0 }, false))
  expect([plain, earlier, note]).toEqual([shares.shares, undefined, 'not stored'])
})

test('a filter names as many groups as a URL holds, and only these count as read', () => {
  expect(anyOf([['api'], [null]], ['src_name'])).toEqual({
    filter: '((src_name = "api") or (not exists(src_name)))',
    keys: new Set(['["api"]', '[null]']),
  })
  const { filter, keys } = anyOf(
    Array.from({ length: 500 }, (_, at) => [`a-workload-with-a-long-name-${at}`]),
    ['src_endpoint'],
  )
  expect(encodeURIComponent(filter).length).toBeLessThan(6100)
  expect(keys.size).toBeGreaterThan(10)
  expect([...keys].every((key) => filter.includes((JSON.parse(key) as string[])[0] ?? '?'))).toBe(true)
  expect(filter).not.toContain(`a-workload-with-a-long-name-${keys.size}"`)
  expect(anyOf([], ['src_name'])).toEqual({ filter: '', keys: new Set() })
})

test('each series has its own earlier values, and a bucket without stored data has none', () => {
  const stack = (series: Stack['series'], total: readonly (number | null)[]): Stack => ({
    times: [0, 10, 20],
    series,
    total: { name: 'total', values: total },
    sum: 0,
  })
  const now = stack(
    [
      { name: 'api', values: [1, 1, 1] },
      { name: 'new', values: [1, 1, 1] },
      { name: 'others', values: [1, 1, 1], other: true },
    ],
    [3, 3, 3],
  )
  const groups = { stack: stack([{ name: 'api', values: [2, 3, null] }], [2, 3, null]), names: new Set(['api', 'new']) }
  expect(withEarlierSeries(now, stack([], [5, 3, null]), groups).series.map(({ earlier }) => earlier)).toEqual([
    [2, 3, undefined],
    [0, 0, undefined],
    [3, 0, undefined],
  ])
  const onlyApi = { ...groups, names: new Set(['api']) }
  expect(withEarlierSeries(now, stack([], [5, 3, null]), onlyApi).series.map(({ earlier }) => earlier?.[0])).toEqual([
    2,
    undefined,
    undefined,
  ])
})
