import { expect, test } from 'vitest'
import { fullTime } from '../../../parts/format.ts'
import { csvOfShares, csvOfTimes } from './panel-csv.ts'

test('figures of a chart are saved with its units, or as numbers, and an unknown value is empty', () => {
  const { shown, raw } = csvOfTimes({
    times: [1_795_600_800, 1_795_600_810],
    series: [{ name: 'web, api', values: [1234.5, null] }],
    format: (value) => `${value / 1000} kB/s`,
  })
  const [head, ...lines] = shown().split('\r\n')
  expect(head).toMatch(/^From \([^)]+\),"web, api"$/)
  expect(lines).toEqual([`${fullTime('2026-11-25T10:00:00Z')},1.2345 kB/s`, `${fullTime('2026-11-25T10:00:10Z')},`, ''])
  expect(raw().split('\r\n')).toEqual([
    'time,"web, api per second"',
    '2026-11-25T10:00:00.000Z,1234.5',
    '2026-11-25T10:00:10.000Z,',
    '',
  ])
})

test('a top list is saved as on the screen, with the others only if they are shown', () => {
  const data = {
    shares: [
      { name: '443 https', cells: [443], amount: 1_500_000 },
      { name: 'others', cells: undefined, amount: 500_000 },
    ],
    total: 2_000_000,
    othersCount: 1200,
  }
  const saved = (others: boolean): string[] =>
    csvOfShares({ data, measure: 'bytes', title: 'Service ports', others, raw: () => '' })
      .shown()
      .split('\r\n')
  expect(saved(true)).toEqual([
    'Service ports,Bytes,Share',
    '443 https,1.50 MB,75.0 %',
    '"1,200 others",500 kB,25.0 %',
    '',
  ])
  expect(saved(false)).toHaveLength(3)
})
