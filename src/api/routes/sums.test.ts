import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { startStored } from '../testing/stored.ts'

const minute = 60_000
// Not aligned to five minutes, so that only minutes fit.
const begin = Math.floor(Date.now() / (5 * minute)) * 5 * minute - 14 * minute

test('a series sums each bucket; the largest groups and the others add up to its total', async () => {
  const api = await startStored()
  await api.add(
    [
      { src: '10.0.0.1', dst: '10.0.0.9', bytes: 1000, sampling: 10 },
      { src: '10.0.0.2', dst: '10.0.0.9', bytes: 500 },
      { src: '10.0.0.3', dst: '10.0.0.9', bytes: 400 },
    ],
    begin + 30_000,
  )
  await api.add(
    [
      { src: '10.0.0.1', dst: '10.0.0.9', bytes: 7 },
      { src: '10.0.0.4', dst: '10.0.0.9', bytes: 18_446_744_073_709_551_615n },
    ],
    begin + 2 * minute + 30_000,
  )
  const span = { from: String(begin), to: String(begin + 5 * minute), step: '1m' }
  const at = (minutes: number): string => new Date(begin + minutes * minute).toISOString()
  const plain = (await api.get('series', span)).body
  expect(plain).toMatchObject({ step: 60, source: 'flows_1m', exact: true, next: null })
  expect(plain['columns']).toMatchObject([
    { name: 'time' },
    { name: 'bytes', unit: 'By' },
    { name: 'packets' },
    { name: 'flows' },
  ])
  expect(plain['rows']).toEqual([
    [at(0), 10_900, 120, 3],
    [at(2), '18446744073709551622', 20, 2],
  ])
  const grouped = (await api.get('series', { ...span, group: 'src.addr', limit: '2' })).body
  expect((grouped['columns'] as { name: string }[]).map(({ name }) => name)).toEqual([
    'time',
    'other',
    'src_addr',
    'bytes',
    'packets',
    'flows',
  ])
  expect(grouped['rows']).toEqual([
    [at(0), false, '10.0.0.1', 10_000, 100, 1],
    [at(0), true, null, 900, 20, 2],
    [at(2), false, '10.0.0.4', '18446744073709551615', 10, 1],
    [at(2), false, '10.0.0.1', 7, 10, 1],
  ])
  expect((await api.get('series', { ...span, source: 'raw' })).body).toMatchObject({
    source: 'raw',
    rows: plain['rows'],
  })
  const filtered = (await api.get('series', { ...span, filter: 'bytes < 1k', group: 'vlan' })).body
  expect(filtered['source']).toBe('raw')
  expect(filtered['rows']).toEqual([
    [at(0), false, null, 900, 20, 2],
    [at(2), false, null, 7, 10, 1],
  ])
})

test("a series of a span that begins before the oldest stored flow reports that flow's time", async () => {
  const api = await startStored()
  const span = { from: String(begin), to: String(begin + 5 * minute), time: 'time_received' }
  const iso = (ms: number): string => new Date(ms).toISOString()
  expect((await api.get('series', span)).body['since']).toBe(iso(begin + 5 * minute))
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.9' }], begin + 2 * minute)
  expect((await api.get('series', span)).body['since']).toBe(iso(begin + 2 * minute))
  expect((await api.get('series', { ...span, from: String(begin + 2 * minute) })).body).not.toHaveProperty('since')
})

test('the automatic step is round and makes at most 300 buckets', async () => {
  const api = await startStored()
  const step = async (from: string): Promise<unknown> => (await api.get('series', { from, to: 'now' })).body['step']
  expect([await step('now-5m'), await step('now-1h'), await step('now-24h'), await step('now-7d')]).toEqual([
    1, 15, 300, 3600,
  ])
})

test('topology has the largest edges and the sums of all', async () => {
  const api = await startStored()
  await api.add(
    [
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 100, sampling: 10 },
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 1 },
      { src: '10.0.0.2', dst: '10.0.0.1', bytes: 50 },
      { src: '10.0.0.3', dst: '10.0.0.1', bytes: 3 },
    ],
    begin,
  )
  const { body } = await api.get('topology', { limit: '2' })
  expect((body['columns'] as { name: string }[]).map(({ name }) => name)).toEqual([
    'src_addr',
    'dst_addr',
    'bytes',
    'packets',
    'flows',
  ])
  expect(body['rows']).toEqual([
    ['10.0.0.1', '10.0.0.2', 1001, 110, 2],
    ['10.0.0.2', '10.0.0.1', 50, 10, 1],
  ])
  expect(body['total']).toEqual({ edges: 3, bytes: 1054, packets: 130, flows: 4 })
  const named = (await api.get('topology', { scope: 'name,label', by: 'flows' })).body
  expect(named['rows']).toEqual([
    ['gateway', 'net=core', null, null, 1001, 110, 2],
    [null, null, 'gateway', 'net=core', 53, 20, 2],
  ])
  expect((await api.get('topology', { filter: 'bytes > 1M' })).body).toMatchObject({
    rows: [],
    total: { edges: 0, bytes: 0, flows: 0 },
  })
})

test('rollups give the results of raw flows and are named as the data source', async () => {
  const api = await startStored()
  const random = new SeededRandom(3)
  for (let minutes = 0; minutes < 9; minutes++) {
    const flows = Array.from({ length: 40 }, () => ({
      src: `10.0.0.${random.integer(1, 5)}`,
      dst: random.pick(['10.0.1.1', '2001:db8::1']),
      bytes: random.integer(0, 5000),
      ...(random.chance(0.5) ? { sampling: 100 } : {}),
    }))
    await api.add(flows, begin + minutes * minute + 30_000)
  }
  const span = { from: String(begin), to: String(begin + 10 * minute) }
  // In a small store, whatever a rollup may lack is read from the flows.
  expect((await api.get('series', { ...span, step: '1m', group: 'src_addr' })).body['source']).toBe('raw')
  expect((await api.get('series', { ...span, step: '1m' })).body['source']).toBe('flows_1m')
  const { sums } = api.store.status()
  api.control.store = {
    query: (sql, format, signal) => api.store.reader.query(sql, format, signal),
    edges: (query, signal) => api.store.reader.edges(query, signal),
    sums: async () => ({ ...sums, flows: { ...sums.flows, rows: 5_000_000 } }),
  }
  const questions: [string, Record<string, string>][] = [
    ['series', { step: '1m' }],
    ['series', { step: '2m', group: 'src.addr', limit: '2' }],
    ['series', { step: '1m', group: 'dst_addr,proto', by: 'flows' }],
    ['series', { step: '1m', filter: 'any.addr = 10.0.0.1, 2001:db8::/32 and dst_port = https' }],
    ['series', { step: '1m', filter: 'src.name != gateway and not exists(src.ns)', both_ways: 'true' }],
    ['topology', { limit: '3' }],
    ['topology', { scope: 'name', filter: 'either(addr = 10.0.0.0/30)' }],
  ]
  for (const [path, parameters] of questions) {
    const [fast, raw] = [
      (await api.get(path, { ...span, ...parameters })).body,
      (await api.get(path, { ...span, ...parameters, source: 'raw' })).body,
    ]
    expect({ parameters, source: fast['source'], exact: fast['exact'] }).toEqual({
      parameters,
      source: 'flows_1m',
      exact: true,
    })
    expect(raw['source']).toBe('raw')
    expect({ parameters, rows: fast['rows'], total: fast['total'] }).toEqual({
      parameters,
      rows: raw['rows'],
      total: raw['total'],
    })
    expect((fast['rows'] as unknown[]).length).toBeGreaterThan(0)
  }
  // A rollup has merged the ports; so few flows are read directly.
  expect((await api.get('series', { ...span, step: '1m', group: 'dst_port' })).body).toMatchObject({
    source: 'raw',
    exact: true,
  })
  for (const more of [
    { step: '10s' },
    { filter: 'bytes > 10' },
    { group: 'src_port', filter: 'src_port > 1024' },
    { time: 'time_received' },
  ]) {
    expect((await api.get('series', { ...span, step: '1m', ...more })).body['source']).toBe('raw')
  }
})

/**
 * A minute of `count` flows between single hosts, more than a rollup keeps, and three large ones; two of these have
 * many peers.
 */
async function storeManyAddresses(api: Awaited<ReturnType<typeof startStored>>): Promise<void> {
  const host = (net: number, index: number): string => `10.${net}.${index >> 8}.${index & 255}`
  const flows = [
    ...Array.from({ length: 3000 }, (_, index) => ({ src: '10.0.0.1', dst: host(1, index), bytes: 100 })),
    ...Array.from({ length: 3000 }, (_, index) => ({ src: '10.0.0.2', dst: host(2, index), bytes: 90 })),
    { src: '10.0.0.3', dst: '10.0.0.9', bytes: 50_000 },
    ...Array.from({ length: 2500 }, (_, index) => ({ src: host(3, index), dst: '10.0.0.9', bytes: 1000 })),
  ]
  await api.add(flows, begin + 30_000)
}

/** Reports millions of flows in the span, and none that is stored if `flowsGone`. */
function pretendMany(
  api: Awaited<ReturnType<typeof startStored>>,
  { flows = 5_000_000, flowsGone = false } = {},
): void {
  const { reader } = api.store
  const { sums } = api.store.status()
  api.control.store = {
    query: (sql, format, signal) =>
      reader.query(
        sql.replace('coalesce(sum(flows), 0)::DOUBLE AS flows', `${flows}::DOUBLE AS flows`),
        format,
        signal,
      ),
    edges: (query, signal) => reader.edges(query, signal),
    sums: async () => ({
      ...sums,
      flows: { rows: flows, first: flowsGone ? Date.now() + 2 * 3_600_000 : sums.flows.first },
    }),
  }
}

const topThree = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
const spanOfMany = { from: String(begin), to: String(begin + 5 * minute), limit: '3' }

test('the largest sources among many addresses are correct, and the remainder is not a row', async () => {
  const api = await startStored()
  await storeManyAddresses(api)
  pretendMany(api)
  const groups = (await api.get('flows', { ...spanOfMany, group: 'src_addr' })).body
  expect(groups).toMatchObject({
    source: 'raw',
    exact: true,
    rows: [
      ['10.0.0.1', 300_000, 30_000, 3000],
      ['10.0.0.2', 270_000, 30_000, 3000],
      ['10.0.0.3', 50_000, 10, 1],
    ],
  })
  const series = (await api.get('series', { ...spanOfMany, step: '1m', group: 'src_addr' })).body
  expect((series['rows'] as unknown[][]).map(([, other, address]) => [other, address])).toEqual([
    ...topThree.map((address) => [false, address]),
    [true, null],
  ])
})

test('where flows are deleted or too many, the remainder is in the total and bounds the error', async () => {
  for (const many of [{ flowsGone: true }, { flows: 50_000_000 }, { flows: 200_000_000 }]) {
    const api = await startStored()
    await storeManyAddresses(api)
    pretendMany(api, many)
    const { rows, total, exact, source, error } = (await api.get('flows', { ...spanOfMany, group: 'src_addr' }))
      .body as { rows: unknown[][]; total: Record<string, number>; exact: boolean; source: string; error: number }
    expect({ exact, source }).toEqual({ exact: false, source: 'flows_1m' })
    expect(rows.every(([address]) => address !== null)).toBe(true)
    expect(total['bytes']).toBe(300_000 + 270_000 + 50_000 + 2_500_000)
    const shown = Number(rows.find(([address]) => address === '10.0.0.1')?.[1] ?? 0)
    expect(shown + error).toBeGreaterThanOrEqual(300_000)
    // Up to 100 million flows, the sums of listed rows are those of the flows.
    const all = (await api.get('flows', { ...spanOfMany, group: 'src_addr', limit: '10000', source: 'raw' })).body
    if (many.flows === 50_000_000) for (const row of rows) expect(all['rows']).toContainEqual(row)
    const series = (await api.get('series', { ...spanOfMany, step: '1m', group: 'src_addr' })).body
    const seriesRows = series['rows'] as [string, boolean, string | null, number][]
    expect(seriesRows.filter(([, other, address]) => !other && address === null)).toEqual([])
    expect(seriesRows.reduce((sum, [, , , bytes]) => sum + bytes, 0)).toBe(total['bytes'])
  }
})
