import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { flowNames } from '../../query/index.ts'
import { randomRows } from '../../query/testing/rows.ts'
import { makeBatch } from '../../query/testing/tables.ts'
import type { FlowSpec } from '../../store/testing/frames.ts'
import { start } from '../testing/kit.ts'
import { pieces } from '../testing/recording-control.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

/** Flows with few distinct values, so that every sort has ties and absent values. */
function someFlows(random: SeededRandom, count: number): FlowSpec[] {
  return Array.from({ length: count }, () => ({
    src: `10.0.0.${random.integer(1, 4)}`,
    dst: random.pick(['10.0.1.1', '2001:db8::1', '192.0.2.7']),
    bytes: random.pick([0, 10, 10, 18_446_744_073_709_551_615n]),
    ...(random.chance(0.5) ? {} : { sampling: random.pick([1, 100]) }),
  }))
}

async function pages(
  api: StoredApi,
  parameters: Record<string, string>,
  between: () => Promise<void>,
): Promise<{ rows: unknown[][]; pages: number }> {
  const rows: unknown[][] = []
  let [cursor, count]: [string | undefined, number] = [undefined, 0]
  do {
    const { status, body } = await api.get('flows', { ...parameters, ...(cursor === undefined ? {} : { cursor }) })
    expect({ status, detail: body['detail'] }).toEqual({ status: 200, detail: undefined })
    rows.push(...(body['rows'] as unknown[][]))
    cursor = (body['next'] as string | null) ?? undefined
    count++
    await between()
  } while (cursor !== undefined)
  return { rows, pages: count }
}

describe('pages of flows', () => {
  test.each([
    '-time_received',
    'time_end',
    '-bytes',
    'sampling,-dst_addr',
    '-sampling',
    'src_name,-time_start',
    'bytes_est,src_port',
  ])('pages sorted by %s return every row once while flows arrive', async (sort) => {
    const api = await startStored()
    const random = new SeededRandom(7)
    const before = Date.now() - 60_000
    for (let batch = 0; batch < 3; batch++) await api.add(someFlows(random, 40), before + batch)
    const whole = (await api.get('flows', { sort, columns: `_pos,${sort.replaceAll('-', '')}`, limit: '10000' })).body[
      'rows'
    ] as unknown[][]
    expect(whole).toHaveLength(120)
    // Received after the first page.
    const arrive = async (): Promise<void> => api.add(someFlows(random, 5), Date.now() + 1000)
    const paged = await pages(api, { sort, columns: `_pos,${sort.replaceAll('-', '')}`, limit: '50' }, arrive)
    expect(paged.rows).toEqual(whole)
    expect(paged.pages).toBe(3)
    const back = await pages(
      api,
      { sort, columns: `_pos,${sort.replaceAll('-', '')}`, limit: '50', to: String(before + 1000), backwards: 'true' },
      arrive,
    )
    expect(back.rows.toReversed()).toEqual(whole)
    expect(new Set(paged.rows.map(([position]) => position)).size).toBe(120)
  })

  test('pages from parts of the range are those of the whole range, for random filters', async () => {
    const api = await startStored()
    const random = new SeededRandom(8)
    const before = Date.now() - 600_000
    for (let batch = 0; batch < 12; batch++) await api.add(someFlows(random, 30), before + batch * 40_000)
    const { control, store } = api
    const { sums } = store.status()
    const whole = { ...control.store!, sums: async () => ({ ...sums, flows: { ...sums.flows, hours: [] } }) }
    const hours = (sums.flows.hours ?? []).map((hour) => ({ ...hour, rows: hour.rows * 10_000 }))
    const inParts = { ...control.store!, sums: async () => ({ ...sums, flows: { ...sums.flows, hours } }) }
    let statements = 0
    const counted: typeof inParts = { ...inParts, query: (...query) => (statements++, inParts.query(...query)) }
    for (const filter of ['', 'bytes = 10', 'src_addr = 10.0.0.2 or any.addr = 192.0.2.7', 'bytes = 1']) {
      const parameters = {
        filter,
        columns: '_pos,time_received,src_addr',
        limit: String(random.pick([25, 60])),
        time: random.pick(['time_received', 'time_end', 'flow_time']),
        ...(random.chance(0.5) ? {} : { sort: 'time_received' }),
      }
      control.store = whole
      const expected = await pages(api, parameters, () => Promise.resolve())
      control.store = counted
      const { rows } = await pages(api, parameters, () => Promise.resolve())
      expect(rows, JSON.stringify(parameters)).toEqual(expected.rows)
      if (filter === 'bytes = 1') expect(rows).toEqual([])
    }
    expect(statements).toBeGreaterThan(30)
  })

  test('pages return every row once for any sort and any rows', async () => {
    const api = await startStored()
    await api.addBatch(makeBatch(flowNames, randomRows(new SeededRandom(5), flowNames, 200)), Date.now())
    for (const sort of [
      'dns_latency,-rtt',
      '-dns_latency',
      '-src_mac,time_start',
      'src_label,-flow_id',
      'time_skewed,-ipsec_code',
      '-next_hop',
      '-packets_est,dns_name',
    ]) {
      const parameters = { sort, columns: `_pos,${sort.replaceAll('-', '')}`, from: '0001-01-01', to: '9999-12-31' }
      const whole = (await api.get('flows', { ...parameters, limit: '10000' })).body['rows'] as unknown[][]
      expect(whole.length, sort).toBeGreaterThan(100)
      expect((await pages(api, { ...parameters, limit: '70' }, () => Promise.resolve())).rows, sort).toEqual(whole)
      const back = await pages(api, { ...parameters, limit: '70', backwards: 'true' }, () => Promise.resolve())
      expect(back.rows.toReversed(), `${sort}, backwards`).toEqual(whole)
    }
  })

  test('returns columns with types and units, rows in order, the span and the data source', async () => {
    const api = await startStored()
    const received = Date.now() - 5000
    await api.add([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 18_446_744_073_709_551_615n, sampling: 2 }], received)
    const { body } = await api.get('flows', {
      columns: 'time_received,SrcAddr,src.name,bytes,bytes_est,vlan',
      filter: 'src.name = gateway',
      from: String(received - 1),
      to: String(received + 1),
    })
    expect(body).toEqual({
      columns: [
        { name: 'time_received', type: 'TIMESTAMP WITH TIME ZONE', unit: 'ms' },
        { name: 'src_addr', type: 'VARCHAR' },
        { name: 'src_name', type: 'VARCHAR' },
        { name: 'bytes', type: 'UBIGINT', unit: 'By' },
        { name: 'bytes_est', type: 'HUGEINT', unit: 'By' },
        { name: 'vlan', type: 'USMALLINT' },
      ],
      rows: [
        [new Date(received).toISOString(), '10.0.0.1', 'gateway', '18446744073709551615', '36893488147419103230', null],
      ],
      next: null,
      source: 'raw',
      span: { from: new Date(received - 1).toISOString(), to: new Date(received + 1).toISOString() },
      exact: true,
    })
    const { body: all } = await api.get('flows', { columns: '*' })
    expect((all['columns'] as unknown[]).length).toBeGreaterThan(100)
  })

  test('filters select rows of the store, in both directions if requested, each row once', async () => {
    const api = await startStored()
    await api.add(
      [
        { src: '10.0.0.1', dst: '10.0.0.2' },
        { src: '10.0.0.2', dst: '10.0.0.1' },
        { src: '10.0.0.1', dst: '10.0.0.1' },
        { src: '2001:db8::9', dst: '10.0.0.9' },
      ],
      Date.now() - 100,
    )
    const count = async (parameters: Record<string, string>): Promise<number> =>
      ((await api.get('flows', parameters)).body['rows'] as unknown[]).length
    expect(await count({ filter: 'src_addr = 10.0.0.1' })).toBe(2)
    expect(await count({ filter: 'src_addr = 10.0.0.1', both_ways: 'true' })).toBe(3)
    expect(await count({ filter: 'src_addr = 10.0.0.0/30 and dst_addr != 10.0.0.1' })).toBe(1)
    expect(await count({ filter: 'src_addr = 2001:db8::/32' })).toBe(1)
    expect(await count({ filter: 'src_addr = 2000::-3000::' })).toBe(1)
    expect(await count({ filter: 'src_addr = ::/2' })).toBe(1)
    expect(await count({ filter: 'not exists(interfaces) and interfaces != eth0 and proto = tcp' })).toBe(4)
    expect(await count({ filter: `${'('.repeat(60)}src_addr = 10.0.0.1 or vlan = 1${')'.repeat(60)}` })).toBe(2)
    const nested = Array.from({ length: 60 }).reduce<string>(
      (inner, _, depth) => `(${inner} ${depth % 2 === 0 ? 'or' : 'and'} proto = tcp)`,
      'vlan = 1',
    )
    expect(await count({ filter: nested })).toBe(4)
    expect(await count({ from: 'now-2h', to: 'now-1h' })).toBe(0)
  })

  test('rejects an invalid filter, time, name and a cursor of another query', async () => {
    const api = await startStored()
    await api.add(
      [
        { src: '10.0.0.1', dst: '10.0.0.2' },
        { src: '10.0.0.2', dst: '10.0.0.1' },
      ],
      Date.now() - 100,
    )
    const refused = async (path: string, parameters: Record<string, string>): Promise<string> => {
      const { status, body } = await api.get(path, parameters)
      expect(status).toBe(400)
      return `${String(body['detail'])} ${(body['hints'] as string[]).join(' ')}`
    }
    expect(await refused('flows', { filter: 'dst_prot = 1' })).toBe(
      'There is no field dst_prot. At 0–8: There is no field dst_prot. Did you mean dst_port?',
    )
    expect(await refused('flows', { from: 'yesterday' })).toContain('"from" is not a time: yesterday.')
    expect(await refused('flows', { from: 'now', to: 'now-1h' })).toContain('The time range ends')
    expect(await refused('flows', { sort: 'bites' })).toContain('Did you mean bytes?')
    expect(await refused('flows', { sort: 'interfaces' })).toContain('does not support interfaces')
    expect(await refused('flows', { columns: 'bites' })).toContain('Did you mean bytes?')
    expect(await refused('flows', { cursor: 'nonsense' })).toContain('The cursor is invalid.')
    const { body: page } = await api.get('flows', { limit: '1', sort: 'bytes,src_name' })
    const parts = JSON.parse(Buffer.from(String(page['next']), 'base64url').toString()) as unknown[]
    for (const [at, value] of [
      [0, 2],
      [2, '1e9'],
      [3, '9'.repeat(19)],
      [4, null],
      [5, []],
      [5, ['1 OR true', 'a']],
      [5, [1, { a: 1 }]],
      [5, [1.5, 'a']],
      [6, 7],
      [6, 'a\0'],
    ] as const) {
      const cursor = Buffer.from(JSON.stringify(parts.with(at, value))).toString('base64url')
      expect(await refused('flows', { limit: '1', sort: 'bytes,src_name', cursor })).toContain('The cursor is invalid.')
    }
    for (const from of ['now-999999999d', '99999-01-01', '999999999999999999'])
      expect(await refused('flows', { from })).toContain('"from" is not a time')
    expect(await refused('series', { step: 'long' })).toContain('"step" is not a duration')
    expect(await refused('series', { from: 'now-90d', step: '1s' })).toContain('the maximum is 5000')
    expect(await refused('topology', { scope: 'adr' })).toContain('Did you mean addr?')
    const { body } = await api.get('flows', { limit: '1' })
    expect(await refused('flows', { limit: '1', cursor: String(body['next']), filter: 'proto = tcp' })).toContain(
      'The cursor belongs to another query.',
    )
  })
})

test('reports when the newest part of the span is not stored yet', async () => {
  const { api, control } = await start()
  control.answer = async () => pieces('[]')
  const storedTo = async (query: string): Promise<unknown> =>
    ((await (await fetch(`${api.url}/api/v1/${query}`)).json()) as Record<string, unknown>)['stored_to']
  for (const path of ['flows', 'series?source=raw', 'topology?source=raw', 'flows?group=src_addr']) {
    const logged = String(await storedTo(path))
    expect(Date.parse(logged)).toBeLessThan(Date.now() - 1000)
    expect(Date.parse(logged)).toBeGreaterThan(Date.now() - 30_000)
  }
  expect(await storedTo('flows?from=now-2h&to=now-1h')).toBeUndefined()
})
