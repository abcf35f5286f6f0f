import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { Column } from '../../model/columns.ts'
import { flowBatch, type FlowSpec } from '../../store/testing/frames.ts'
import { startBoth, type Both } from '../testing/both.ts'

const minute = 60_000

/** Flows with few distinct values, so that every sort has ties, with sums beyond 2^53 and absent sampling. */
function someFlows(random: SeededRandom, count: number): FlowSpec[] {
  return Array.from({ length: count }, () => ({
    src: `10.0.0.${random.integer(1, 4)}`,
    dst: random.pick(['10.0.1.1', '2001:db8::1', '192.0.2.7']),
    bytes: random.pick([0, 10, 10, 5000, 18_446_744_073_709_551_615n]),
    packets: random.integer(0, 3),
    ...(random.chance(0.5) ? {} : { sampling: random.pick([1, 100, 4_000_000_000]) }),
  }))
}

async function filled(seed: number): Promise<{ both: Both; span: Record<string, string> }> {
  const both = await startBoth()
  const random = new SeededRandom(seed)
  const end = Math.floor(Date.now() / minute) * minute
  for (let at = 9; at > 0; at--) await both.add(someFlows(random, 30), end - at * minute + 30_000 + at)
  return { both, span: { from: String(end - 9 * minute), to: String(end) } }
}

/** Compares the responses of the store and of the flows in memory, and returns one. */
async function same(both: Both, path: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
  const [stored, live] = [await both.stored(path, parameters), await both.live(path, parameters)]
  const seen = ({ status, body }: typeof stored): object => ({
    status,
    detail: body['detail'],
    columns: body['columns'],
    rows: body['rows'],
    total: body['total'],
    others: body['others'],
    step: body['step'],
  })
  expect({ path, parameters, ...seen(live) }).toEqual({ path, parameters, ...seen(stored) })
  expect(live.body).toMatchObject({ source: 'ring', exact: true })
  return live.body
}

test('without a store the flows in memory have the pages of the store, to the last row', async () => {
  const { both, span } = await filled(1)
  for (const sort of [
    '-time_received',
    'time_received',
    '-bytes',
    'sampling,-dst_addr',
    'src_name,-time_start',
    '-bytes_est,src_port',
    'time_skewed,-packets',
  ]) {
    let cursor: string | undefined
    let rows = 0
    do {
      const parameters = {
        ...span,
        sort,
        limit: '90',
        columns: sort === '-bytes' ? '*' : `_pos,src_name,${sort.replaceAll('-', '')}`,
        ...(cursor === undefined ? {} : { cursor }),
      }
      const body = await same(both, 'flows', parameters)
      rows += (body['rows'] as unknown[]).length
      cursor = (body['next'] as string | null) ?? undefined
    } while (cursor !== undefined)
    expect({ sort, rows }).toEqual({ sort, rows: 270 })
    const last = await same(both, 'flows', { ...span, sort, limit: '90', columns: '_pos', backwards: 'true' })
    await same(both, 'flows', {
      ...span,
      sort,
      limit: '90',
      columns: '_pos',
      backwards: 'true',
      cursor: String(last['next']),
    })
  }
})

test('cursors of the store are valid for flows in memory, and vice versa', async () => {
  const { both, span } = await filled(2)
  const parameters = { ...span, sort: '-bytes,time_end', limit: '50' }
  const first = (await both.stored('flows', parameters)).body
  const second = (await both.live('flows', { ...parameters, cursor: String(first['next']) })).body
  expect(second['rows']).toEqual(
    (await both.stored('flows', { ...parameters, cursor: String(first['next']) })).body['rows'],
  )
})

test('filters, both directions and times of the span select the same rows', async () => {
  const { both, span } = await filled(3)
  for (const more of [
    { filter: 'src.addr = 10.0.0.1 and bytes > 5' },
    { filter: 'src.addr = 10.0.0.2', both_ways: 'true' },
    { filter: 'src.name = gateway or not exists(sampling)' },
    { time: 'flow_time' },
    { time: 'time_start' },
    { filter: 'bytes_est > 1T and dst_addr = 2001:db8::/32' },
  ] as Record<string, string>[]) {
    const body = await same(both, 'flows', { ...span, ...more, limit: '1000', sort: 'time_received' })
    expect((body['rows'] as unknown[]).length).toBeGreaterThan(0)
  }
})

const sums: readonly (readonly [string, Record<string, string>])[] = [
  ['series', { step: '1m' }],
  ['series', { step: '2m', group: 'src.addr', limit: '2' }],
  ['series', { step: '1m', group: 'dst_addr,proto', by: 'flows' }],
  ['series', { step: '3m', group: 'src.name,dst.label', limit: '1' }],
  ['series', { step: '1m', filter: 'any.addr = 10.0.0.1', group: 'sampling', limit: '3', by: 'packets' }],
  ['topology', { limit: '3' }],
  ['topology', { scope: 'name,label', by: 'flows' }],
  ['topology', { filter: 'bytes > 100T' }],
  ['flows', { group: 'src_addr,dst_addr', limit: '4' }],
  ['flows', { group: 'bytes', by: 'packets' }],
  ['flows', { group: 'src_port', limit: '7', by: 'flows' }],
]

test.each(sums)('%s of %j equal the sums of the flows in the store', async (path, parameters) => {
  const { both, span } = await filled(4)
  expect(await same(both, path, { ...span, source: 'raw', ...parameters })).toHaveProperty('rows')
})

/** A 64-bit column with absent values. */
function someWide(random: SeededRandom, count: number, values: readonly (bigint | null)[]): Column {
  const drawn = Array.from({ length: count }, () => random.pick(values))
  const valid = new Uint8Array((count + 7) >> 3)
  drawn.forEach((value, row) => {
    if (value !== null) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
  })
  return { kind: 'u64', words: new Uint32Array(BigUint64Array.from(drawn, (value) => value ?? 0n).buffer), valid }
}

test('sums reported drops exactly in buckets, groups and edges, from the store, from memory and by SQL', async () => {
  const both = await startBoth()
  const random = new SeededRandom(9)
  const end = Math.floor(Date.now() / minute) * minute
  for (let at = 9; at > 0; at--) {
    const batch = flowBatch(someFlows(random, 30), end - at * minute + 30_000 + at)
    const dropped =
      at % 3 === 0
        ? {}
        : {
            drop_bytes: someWide(random, 30, [null, 0n, 1500n, 18_446_744_073_709_551_615n]),
            drop_packets: someWide(random, 30, [null, null, 1n, 7n]),
          }
    await both.addBatch({ ...batch, columns: { ...batch.columns, ...dropped } }, end - at * minute + 30_000 + at)
  }
  const span = { from: String(end - 9 * minute), to: String(end) }
  const measure = 'drop_bytes,drop_packets'
  for (const [path, parameters] of [
    ['series', { step: '1m', measure }],
    ['series', { step: '2m', group: 'src_addr', limit: '2', by: 'drop_bytes' }],
    ['series', { step: '1m', group: 'dst_addr', of: 'packets', measure, by: 'drop_packets', limit: '1' }],
    ['flows', { group: 'src_addr,dst_addr', by: 'drop_packets', limit: '3' }],
    ['flows', { group: 'src_addr', measure, of: 'packets' }],
    ['topology', { by: 'drop_bytes', measure, limit: '4', filter: 'drop_packets > 0' }],
  ] as [string, Record<string, string>][])
    expect((await same(both, path, { ...span, ...parameters }))['rows']).not.toEqual([])
  const { columns, rows, total, others } = await same(both, 'flows', {
    ...span,
    group: 'src_addr',
    by: 'drop_bytes',
    measure,
    limit: '2',
  })
  expect((columns as { name: string; unit?: string }[]).map(({ name }) => name)).toEqual([
    'src_addr',
    'bytes',
    'packets',
    'flows',
    'drop_bytes',
    'drop_packets',
  ])
  const wanted = await both.sql(
    'SELECT src_addr, sum(drop_bytes)::VARCHAR AS b, sum(drop_packets)::VARCHAR AS p FROM flows GROUP BY ALL ' +
      'ORDER BY sum(drop_bytes) DESC NULLS LAST, src_addr',
  )
  expect((rows as unknown[][]).map((row) => [row[0], String(row[4]), String(row[5])])).toEqual(
    wanted.slice(0, 2).map(({ src_addr: src, b, p }) => [src, b, p]),
  )
  const [all] = await both.sql('SELECT sum(drop_bytes)::VARCHAR AS b, sum(drop_packets)::VARCHAR AS p FROM flows')
  const text = (value: unknown, name: string): string => String((value as Record<string, unknown>)[name])
  expect({ b: text(total, 'drop_bytes'), p: text(total, 'drop_packets') }).toEqual(all)
  expect(
    BigInt(text(others, 'drop_packets')) + wanted.slice(0, 2).reduce((sum, { p }) => sum + BigInt(p as string), 0n),
  ).toBe(BigInt(text(total, 'drop_packets')))
  expect(await both.stored('topology', { measure: 'rtt' })).toMatchObject({
    status: 400,
    body: { detail: '"measure" contains rtt, which is not summed.' },
  })
})

test.each([
  ['flows', { group: 'src_addr', limit: '2' }, 1],
  ['series', { group: 'src_addr', limit: '2', step: '2m' }, 3],
  ['series', { step: '2m' }, 1],
  ['topology', { limit: '3' }, 2],
] as const)('ranked sums of %s %j are the column of the ranking', async (path, parameters, at) => {
  const { both, span } = await filled(6)
  for (const by of ['bytes', 'packets', 'flows', 'drop_bytes']) {
    const all = await same(both, path, { ...span, ...parameters, by })
    const ranked = await same(both, path, { ...span, ...parameters, by, sums: 'ranked' })
    const names = (all['columns'] as { name: string }[]).map(({ name }) => name)
    const kept = (row: readonly unknown[]): unknown[] => [...row.slice(0, at), row[names.indexOf(by)]]
    expect((ranked['columns'] as { name: string }[]).map(({ name }) => name)).toEqual(kept(names))
    expect(ranked['rows']).toEqual((all['rows'] as unknown[][]).map(kept))
    for (const sums of ['total', 'others'])
      if (all[sums] !== undefined) expect(all[sums]).toMatchObject(ranked[sums] as object)
  }
})

test('percentiles are over flows: series, groups and SQL agree', async () => {
  const { both, span } = await filled(5)
  for (const [path, parameters] of [
    ['series', { step: '2m', of: 'packets' }],
    ['series', { step: '5m', of: 'bytes', group: 'src_addr', limit: '2', by: 'p90' }],
    ['flows', { group: 'dst_addr', of: 'packets', by: 'avg' }],
    ['topology', { of: 'src_port', by: 'max', limit: '5' }],
    ['flows', { group: 'dst_addr', of: 'packets', by: 'p95', limit: '2' }],
    ['flows', { group: 'src_addr,dst_addr', of: 'packets', by: 'p90', limit: '3' }],
  ] as const) {
    const [stored, live] = [
      (await both.stored(path, { ...span, ...parameters })).body,
      (await both.live(path, { ...span, ...parameters })).body,
    ]
    expect(live['columns']).toEqual(stored['columns'])
    const rounded = (rows: unknown): unknown =>
      (rows as unknown[][]).map((row) =>
        row.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? Number(cell.toPrecision(12)) : cell)),
      )
    // Percentiles of 64-bit integers are doubles.
    if (parameters.of !== 'bytes')
      expect({ path, rows: rounded(live['rows']) }).toEqual({ path, rows: rounded(stored['rows']) })
    else expect((live['rows'] as unknown[]).length).toBe((stored['rows'] as unknown[]).length)
  }
  const { rows, columns } = (
    await both.stored('series', { ...span, of: 'packets', step: '1h', group: 'dst_addr', limit: '10' })
  ).body as { rows: unknown[][]; columns: { name: string }[] }
  expect(columns.map(({ name }) => name).slice(-7)).toEqual(
    [
      'flows',
      'packets_flows',
      'packets_min',
      'packets_avg',
      'packets_p50',
      'packets_p90',
      'packets_p95',
      'packets_p99',
      'packets_max',
    ].slice(-7),
  )
  for (const row of rows) {
    const flows = await both.sql(
      `SELECT packets FROM flows WHERE dst_addr = '${String(row[2])}' AND (epoch_us(time_end) // 3600000000) ` +
        `* 3600000000 = epoch_us('${String(row[0])}'::TIMESTAMPTZ) ORDER BY packets`,
    )
    const values = flows.map(({ packets }) => Number(packets))
    expect(row.slice(-4, -1)).toEqual(
      [90, 95, 99].map((percent) => values[Math.ceil((values.length * percent) / 100) - 1]),
    )
  }
})

test('the previous period is the same query shifted', async () => {
  const { both, span } = await filled(6)
  const later = { from: String(Number(span['from']) + 4 * minute), to: String(Number(span['to']) + 4 * minute) }
  for (const ask of [both.stored, both.live]) {
    // Up to when rows are stored depends on the time of the request.
    const seriesOf = async (range: Readonly<Record<string, string>>) => {
      const { stored_to: _, ...body } = (await ask('series', { ...range, step: '1m', group: 'src_addr' })).body
      return body
    }
    expect(await seriesOf({ ...later, offset: '4m' })).toEqual(await seriesOf(span))
    expect((await ask('flows', { ...later, offset: '4m', group: 'src_addr' })).body['rows']).toEqual(
      (await ask('flows', { ...span, group: 'src_addr' })).body['rows'],
    )
  }
})

test('groups, edges and buckets have the sums of SQL over the same flows', async () => {
  const { both, span } = await filled(8)
  const where =
    `time_received >= make_timestamptz(${span['from']}000) AND time_received < ` + `make_timestamptz(${span['to']}000)`
  const sums = 'sum(bytes_est)::VARCHAR AS bytes, sum(packets_est)::VARCHAR AS packets, count(*)::VARCHAR AS flows'
  const plain = (rows: unknown): string[] => (rows as unknown[][]).map((row) => row.map(String).join(' ')).sort()
  const wanted = async (sql: string): Promise<string[]> =>
    (await both.sql(sql)).map((row) => Object.values(row).map(String).join(' ')).sort()
  const parameters = { ...span, time: 'time_received', limit: '1000' }
  for (const ask of [both.stored, both.live]) {
    expect(plain((await ask('flows', { ...parameters, group: 'src_addr,sampling' })).body['rows'])).toEqual(
      await wanted(`SELECT src_addr, sampling, ${sums} FROM flows WHERE ${where} GROUP BY ALL`),
    )
    expect(plain((await ask('topology', parameters)).body['rows'])).toEqual(
      await wanted(`SELECT src_addr, dst_addr, ${sums} FROM flows WHERE ${where} GROUP BY ALL`),
    )
    expect(plain((await ask('series', { ...parameters, step: '1m', group: 'dst_addr' })).body['rows'])).toEqual(
      await wanted(
        'SELECT strftime(make_timestamp(epoch_us(time_received) // 60000000 * 60000000), ' +
          `'%Y-%m-%dT%H:%M:%S.000Z') AS time, false AS other, dst_addr, ${sums} FROM flows WHERE ${where} ` +
          'GROUP BY ALL',
      ),
    )
  }
})

test('rows and others equal the total', async () => {
  const { both, span } = await filled(7)
  for (const ask of [both.stored, both.live]) {
    const { rows, others, total } = (await ask('flows', { ...span, group: 'src_port', limit: '5', source: 'raw' }))
      .body as { rows: unknown[][]; others: Record<string, string | number>; total: Record<string, string | number> }
    expect(rows).toHaveLength(5)
    ;['bytes', 'packets', 'flows'].forEach((name, at) => {
      const shown = rows.reduce((sum, row) => sum + BigInt(row[at + 1] as string | number), 0n)
      expect(shown + BigInt(others[name] ?? 0)).toBe(BigInt(total[name] ?? 0))
    })
    expect(Number(others['groups']) + 5).toBe(total['groups'])
    const [all] = await both.sql('SELECT count(*) AS flows, sum(bytes_est)::VARCHAR AS bytes FROM flows')
    expect({ flows: total['flows'], bytes: String(total['bytes']) }).toEqual(all)
  }
})

test('the returned span begins where the ring is complete', async () => {
  const both = await startBoth({ limits: { ringRows: 50 } })
  const received = Date.now() - 10_000
  for (let frame = 0; frame < 5; frame++)
    await both.add(someFlows(new SeededRandom(frame), 20), received + frame * 1000)
  // Two of three frames of twenty remain.
  const { body } = await both.live('flows', { limit: '1000' })
  expect((body['rows'] as unknown[]).length).toBe(40)
  expect(Date.parse((body['span'] as { from: string }).from)).toBeGreaterThan(received + 2000)
})

test('groups reject parameters of pages and vice versa', async () => {
  const both = await startBoth()
  const refused = async (parameters: Record<string, string>): Promise<string> => {
    const { status, body } = await both.stored('flows', parameters)
    expect(status).toBe(400)
    return String(body['detail'])
  }
  expect(await refused({ group: 'src_addr', sort: '-bytes' })).toContain('"sort" applies to single flows')
  expect(await refused({ by: 'bytes' })).toContain('"by" applies to groups')
  expect(await refused({ measure: 'drop_bytes' })).toContain('"measure" applies to groups')
  expect(await refused({ group: 'src_addr', by: 'p90' })).toContain('which needs a field')
  expect(await refused({ group: 'src_addr', of: 'src_name' })).toContain('it has no numbers')
  expect(await refused({ group: 'src_addr', offset: 'yesterday' })).toContain('is not a duration')
})
