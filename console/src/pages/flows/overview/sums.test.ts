import type { FlowGroups } from '../../../../../src/api/published.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latencyOf } from './latency.tsx'
import { LiveSeries, liveStep, pastOf } from './live.ts'
import { sharesOf, stackOf } from './sums.ts'

const frame = { next: null, source: 'raw', exact: true }

test('groups and others add up to the total of each bucket, and the buckets to the sum', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          at: fc.integer({ min: 0, max: 9 }),
          group: fc.constantFrom('a', 'b', null, undefined),
          bytes: fc.integer({ min: 0, max: 1e9 }),
        }),
      ),
      (drawn) => {
        const columns = ['time', 'other', 'src_name', 'bytes'].map((name) => ({ name, type: 'X' }))
        const rows = drawn.map(({ at, group, bytes }) => [
          new Date(1_000_000_000_000 + at * 10_000).toISOString(),
          group === undefined,
          group ?? null,
          bytes,
        ])
        const stack = stackOf(
          {
            ...frame,
            columns,
            rows,
            step: 10,
            span: { from: new Date(1e12).toISOString(), to: new Date(1e12 + 100_000).toISOString() },
          },
          'src_name',
          'bytes',
        )
        expect(stack.times.length).toBe(10)
        stack.times.forEach((_, at) => {
          const sum = stack.series.reduce((all, { values }) => all + (values[at] ?? 0), 0)
          expect(sum).toBeCloseTo(stack.total.values[at] ?? -1, 3)
        })
        expect(stack.sum).toBe(drawn.reduce((sum, { bytes }) => sum + bytes, 0))
        expect(stack.series.findIndex(({ other }) => other === true)).toBe(
          drawn.some(({ group }) => group === undefined) ? stack.series.length - 1 : -1,
        )
      },
    ),
  )
})

test('an earlier range is shifted onto the current one', () => {
  const columns = ['time', 'bytes', 'packets', 'flows'].map((name) => ({ name, type: 'X' }))
  const answer = {
    ...frame,
    columns,
    rows: [['2026-11-20T09:00:10Z', 100, 1, 1]],
    step: 10,
    span: { from: '2026-11-20T09:00:00Z', to: '2026-11-20T09:00:30Z' },
  }
  const { times, total } = stackOf(answer, '', 'bytes', 3600)
  expect(new Date((times[0] ?? 0) * 1000).toISOString()).toBe('2026-11-20T10:00:00.000Z')
  expect(total.values).toEqual([0, 10, 0])
})

test('groups and others add up exactly, also beyond 2^53', () => {
  const columns = ['dst_port', 'bytes', 'packets', 'flows'].map((name) => ({ name, type: 'X' }))
  const answer = {
    ...frame,
    columns,
    rows: [
      [443, '18446744073709551615', 1, 1],
      [null, 5, 1, 1],
    ],
    span: { from: '', to: '' },
    others: { groups: 2, bytes: 10, packets: 2, flows: 2 },
    total: { groups: 4, bytes: '18446744073709551630', packets: 4, flows: 4 },
  }
  expect(sharesOf(answer, ['dst_port'], 'bytes')).toEqual({
    shares: [
      { name: '443', cells: [443], amount: 2 ** 64 },
      { name: 'no port', cells: [null], amount: 5 },
      { name: 'others', cells: undefined, amount: 10 },
    ],
    total: 2 ** 64,
    othersCount: 2,
  })
  expect(
    sharesOf(
      { ...answer, rows: answer.rows.slice(1), total: { groups: 1, bytes: 5, packets: 1, flows: 1 } },
      ['dst_port'],
      'bytes',
    ).shares.map(({ name }) => name),
  ).toEqual(['no port'])
})

test('a live series accumulates messages, drops old buckets, and the others are the remainder', () => {
  const live = new LiveSeries(1)
  const at = (second: number): string => new Date(1e12 + second * 1000).toISOString()
  live.take({
    step: 1000,
    snapshot: true,
    groups: [['web'], ['db'], [null]],
    buckets: [
      [at(0), [9, 900, 90], [[5, 500, 50], [2, 200, 20], null]],
      [at(1), [1, 100, 10], [null, null, [1, 100, 10]]],
    ],
  })
  live.take({
    step: 1000,
    groups: [['web'], ['db'], [null]],
    buckets: [[at(1), [3, 300, 30], [[2, 200, 20], null, [1, 100, 10]]]],
  })
  const { series, total, sum } = live.stack('src_name', 'bytes', 1, 1e9 + 1)
  expect(series.map(({ name, other }) => [name, other])).toEqual([
    ['web', false],
    ['others', true],
  ])
  expect([series[0]?.values.slice(-2), series[1]?.values.slice(-2), total.values.slice(-2)]).toEqual([
    [500, 200],
    [400, 100],
    [900, 300],
  ])
  expect(sum).toBe(1200)
  live.take({ step: 1000, groups: [['web']], buckets: [[at(500), [1, 7, 1], [[1, 7, 1]]]] })
  expect([...live.buckets.keys()]).toEqual([1e9 + 500])
  expect([liveStep(60), liveStep(900), liveStep(3600), liveStep(1e9)]).toEqual([1, 5, 20, 600])
})

test('percentiles belong to the bucket of their flows and are null without values', () => {
  const columns = [
    'time',
    'bytes',
    'packets',
    'flows',
    'rtt_flows',
    'rtt_min',
    'rtt_avg',
    'rtt_p50',
    'rtt_p90',
    'rtt_p99',
    'rtt_max',
  ].map((name) => ({ name, type: 'X' }))
  const rows = [
    ['2026-11-20T09:00:10Z', 1, 1, 3, 2, 1e6, 2e6, 2e6, 3e6, 3e6, 4e6],
    ['2026-11-20T09:00:20Z', 1, 1, 3, 0, null, null, null, null, null, null],
  ]
  const { series, flows } = latencyOf(
    { ...frame, columns, rows, step: 10, span: { from: '2026-11-20T09:00:00Z', to: '2026-11-20T09:00:30Z' } },
    'rtt',
    1e6,
  )
  expect(flows).toBe(2)
  expect(series.map(({ name, values }) => [name, values[1], values[0], values[2]])).toEqual([
    ['quickest', 1, null, null],
    ['average', 2, null, null],
    ['90 % are faster', 3, null, null],
    ['99 % are faster', 3, null, null],
    ['slowest', 4, null, null],
  ])
})

const second = (at: number): string => new Date(1e12 + at * 1000).toISOString()
const streamed = (): LiveSeries => {
  const live = new LiveSeries(10, 6)
  live.take({
    step: 10_000,
    snapshot: true,
    since: second(35),
    groups: [['web']],
    buckets: [
      [second(30), [2, 100, 2], [[2, 100, 2]]],
      [second(40), [3, 300, 3], [[2, 200, 2]]],
      [second(50), [1, 50, 1], [[1, 50, 1]]],
    ],
  })
  return live
}

test('before the live memory the live chart uses the store, and has no 0 without data', () => {
  const rows = [
    [second(0), false, 'db', 900],
    [second(0), true, null, 100],
    [second(30), false, 'web', 500],
  ]
  const columns = ['time', 'other', 'src_name', 'bytes'].map((name) => ({ name, type: 'X' }))
  const past = pastOf(
    { columns, rows, step: 10, next: null, source: 'raw', exact: true, span: { from: second(0), to: second(35) } },
    'bytes',
  )
  const all = streamed().stack('src_name', 'bytes', 2, 1e9 + 50, past)
  expect(all.times[0]).toBe(1e9)
  // Bytes per second; the bucket in which the stream begins combines both.
  expect(all.total.values).toEqual([100, 0, 0, 60, 30, 5])
  expect(all.series.map(({ name, values }) => [name, values])).toEqual([
    ['db', [90, 0, 0, 0, 0, 0]],
    ['web', [0, 0, 0, 60, 20, 5]],
    ['others', [10, 0, 0, 0, 10, 0]],
  ])
  expect(all.unknown).toBeUndefined()
})

function pastWith(more: Partial<Parameters<typeof pastOf>[0]>): ReturnType<typeof pastOf> {
  const columns = ['time', 'other', 'src_endpoint', 'bytes'].map((name) => ({ name, type: 'X' }))
  const rows = [[second(20), false, 'web', 100]]
  return pastOf({ ...frame, columns, rows, step: 10, span: { from: second(0), to: second(40) }, ...more }, 'bytes')
}

test('the time before the first stored flow is unknown in the live chart', () => {
  const past = pastWith({ since: second(25) })
  const { unknown, total } = streamed().stack('src_endpoint', 'bytes', 2, 1e9 + 50, past)
  expect(unknown).toEqual([{ from: 1e9, to: 1e9 + 20 }])
  expect(total.values.slice(0, 3)).toEqual([null, null, 10])
})

test('time that neither store nor live memory covers is unknown in the live chart', () => {
  const alone = streamed().stack('src_name', 'bytes', 2, 1e9 + 50)
  expect(alone.unknown).toEqual([{ from: 1e9, to: 1e9 + 40 }])
  expect(alone.total.values).toEqual([null, null, null, null, 30, 5])
  expect(alone.series.every(({ values }) => values.slice(0, 4).every((value) => value === null))).toBe(true)
  const late = { from: 1e9 + 10, to: 1e9 + 20, missing: [], rows: [] }
  const behind = streamed().stack('src_name', 'bytes', 2, 1e9 + 50, late)
  expect(behind.unknown).toEqual([
    { from: 1e9, to: 1e9 + 10 },
    { from: 1e9 + 20, to: 1e9 + 40 },
  ])
})

test('the time in which Weir did not run is unknown in the live chart', () => {
  const past = pastWith({ stopped: [{ from: second(24), to: second(33) }] })
  const { unknown, total } = streamed().stack('src_endpoint', 'bytes', 2, 1e9 + 50, past)
  expect(unknown).toEqual([{ from: 1e9 + 30, to: 1e9 + 40 }])
  expect(total.values.slice(0, 4)).toEqual([0, 0, 10, null])
})

test('buckets before the first stored flow are unknown in each series and in the total', () => {
  const columns = ['time', 'other', 'src_name', 'bytes'].map((name) => ({ name, type: 'X' }))
  const { series, total, unknown } = stackOf(
    {
      ...frame,
      columns,
      rows: [['2026-11-20T09:00:20Z', false, 'a', 100]],
      step: 10,
      span: { from: '2026-11-20T09:00:00Z', to: '2026-11-20T09:00:30Z' },
      since: '2026-11-20T09:00:15Z',
    },
    'src_name',
    'bytes',
  )
  const start = Date.parse('2026-11-20T09:00:00Z') / 1000
  expect([series[0]?.values, total.values, unknown]).toEqual([
    [null, 0, 10],
    [null, 0, 10],
    [{ from: start, to: start + 10 }],
  ])
})

test('the bucket of a total is divided once, so that it rounds as the sum of the flows does', () => {
  const columns = ['time', 'other', 'src_name', 'bytes'].map((name) => ({ name, type: 'X' }))
  const start = '2026-11-20T10:00:00Z'
  const { series, total } = stackOf(
    {
      ...frame,
      columns,
      rows: [
        ...Array.from({ length: 10 }, (_, index) => [start, false, `pod-${index}`, 1]),
        [start, false, null, 2],
        [start, false, 'null', 3],
        [start, true, null, 4],
      ],
      step: 30,
      span: { from: start, to: '2026-11-20T10:00:30Z' },
    },
    'src_name',
    'bytes',
  )
  expect(total.values).toEqual([19 / 30])
  expect(series.slice(0, 2)).toEqual([
    { name: 'null', other: false, values: [3 / 30] },
    { name: 'no name', other: false, values: [2 / 30] },
  ])
  expect(series.at(-1)).toEqual({ name: 'others', other: true, values: [4 / 30] })
})

test('the others of pairs are the remaining edges', () => {
  const columns = ['src_endpoint', 'dst_endpoint', 'bytes'].map((name) => ({ name, type: 'VARCHAR' }))
  const total = { edges: 25, bytes: 100 } as unknown as FlowGroups['total']
  const pairs = { columns, rows: [['a', 'b', 60]], total } as unknown as FlowGroups
  expect(sharesOf(pairs, ['src_endpoint', 'dst_endpoint'], 'bytes')).toMatchObject({
    othersCount: 24,
    shares: [{ name: 'a → b' }, { name: 'others', amount: 40 }],
  })
})
