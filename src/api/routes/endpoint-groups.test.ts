import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch, resolver } from '../../store/testing/frames.ts'
import type { SeriesMessage } from '../live/series-view.ts'
import { startBoth } from '../testing/both.ts'
import { EventStream } from '../testing/event-stream.ts'
import { start } from '../testing/kit.ts'
import { startStored } from '../testing/stored.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / (5 * minute)) * 5 * minute - 14 * minute
const span = { from: String(begin), to: String(begin + 5 * minute) }

function mixed(received: number): FlowBatch {
  const flows = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.4', '192.0.2.4', '192.0.2.5'].map((src, at) => ({
    src,
    dst: '10.0.0.1',
    bytes: 1000 - 100 * at,
  }))
  const batch = flowBatch(flows, received)
  const dictionary = [...batch.dictionary, 'checkout', 'office']
  const [owner, network] = [dictionary.indexOf('checkout'), dictionary.indexOf('office')]
  return {
    ...batch,
    dictionary,
    columns: {
      ...batch.columns,
      src_owner_name: { kind: 'dict', codes: Uint32Array.from([owner, owner, 0, 0, 0, 0]) },
      src_label: { kind: 'dict', codes: Uint32Array.from([network, network, network, 0, 0, 0]) },
    },
  }
}

const named: readonly (readonly unknown[])[] = [
  ['192.0.2.4', 1300, 20, 2],
  ['gateway', 1000, 10, 1],
  ['checkout', 900, 10, 1],
  ['office', 800, 10, 1],
  ['192.0.2.5', 500, 10, 1],
]

test('an endpoint is the name, else the owner, else the network, else the address, stored and in memory', async () => {
  const both = await startBoth()
  await both.addBatch(mixed(begin + 30_000), begin + 30_000)
  for (const runQuery of [both.stored, both.live]) {
    const { body } = await runQuery('flows', { ...span, group: 'src_endpoint' })
    expect(body['columns']).toMatchObject([
      { name: 'src_endpoint', type: 'VARCHAR' },
      { name: 'bytes' },
      { name: 'packets' },
      { name: 'flows' },
    ])
    expect(body['rows']).toEqual(named)
    const series = (await runQuery('series', { ...span, step: '5m', group: 'src.endpoint', limit: '2' })).body[
      'rows'
    ] as unknown[][]
    expect(series.map(([, ...cells]) => cells)).toEqual([
      [false, ...(named[0] ?? [])],
      [false, ...(named[1] ?? [])],
      [true, null, 2200, 30, 3],
    ])
    const edges = (await runQuery('topology', { ...span, scope: 'endpoint', limit: '1' })).body
    expect(edges).toMatchObject({ rows: [['192.0.2.4', 'gateway', 1300, 20, 2]], total: { edges: 5 } })
  }
})

test("the console's filter for an endpoint selects the flows of its group", async () => {
  const api = await startStored()
  await api.addBatch(mixed(begin + 30_000), begin + 30_000)
  const [name, owner, network] = ['not exists(src_name)', 'not exists(src_owner_name)', 'not exists(src_label)']
  const flows = async (value: string, addr = ''): Promise<unknown> => {
    const filter =
      `(src_name = "${value}" or (${name} and src_owner_name = "${value}") or (${name} and ${owner} and ` +
      `src_label = "${value}")${addr})`
    return (await api.get('flows', { ...span, group: 'src_endpoint', filter })).body['rows']
  }
  for (const row of named)
    expect(
      await flows(
        String(row[0]),
        String(row[0]).startsWith('192')
          ? ` or (${name} and ${owner} and ${network} and src_addr = "${String(row[0])}")`
          : '',
      ),
    ).toEqual([row])
})

test('filters, columns and sorting reject endpoints', async () => {
  const { get } = await startStored()
  for (const parameters of [{ filter: 'src_endpoint = web' }, { columns: 'src_endpoint' }, { sort: 'src_endpoint' }])
    expect((await get('flows', parameters)).status).toBe(400)
})

test('endpoints use a rollup only while it has all endpoints', async () => {
  const api = await startStored()
  await api.addBatch(mixed(begin + 30_000), begin + 30_000)
  const { reader } = api.store
  const pretend = (): void => {
    const { sums } = api.store.status()
    api.control.store = {
      query: (sql, format, signal) =>
        reader.query(
          sql.replace('coalesce(sum(flows), 0)::DOUBLE AS flows', '5000000::DOUBLE AS flows'),
          format,
          signal,
        ),
      edges: (query, signal) => reader.edges(query, signal),
      sums: async () => ({ ...sums, flows: { ...sums.flows, rows: 5_000_000 } }),
    }
  }
  pretend()
  expect((await api.get('series', { ...span, step: '1m', group: 'src_endpoint' })).body).toMatchObject({
    source: 'flows_1m',
    exact: true,
  })
  const sums = (await api.get('series', { ...span, step: '1m', group: 'src_endpoint' })).body['rows'] as unknown[][]
  expect(sums.map((row) => row.slice(2))).toEqual(named)
  // More groups than a rollup keeps per minute: the smallest lose their endpoints.
  await api.add(
    Array.from({ length: 6000 }, (_, index) => ({
      src: `10.3.${index >> 8}.${index & 255}`,
      dst: '10.0.0.9',
      bytes: 100,
    })),
    begin + 90_000,
  )
  pretend()
  const { body } = await api.get('series', { ...span, step: '1m', group: 'src_endpoint', limit: '1' })
  expect(body).toMatchObject({ source: 'raw', exact: true })
  expect((body['rows'] as unknown[][]).filter(([, other]) => other === false).map((row) => row.slice(2))).toEqual([
    named[0],
  ])
})

test('the live stream sums by endpoint', async () => {
  const { api, control } = await start({ resolver, limits: { tickMs: 20, seriesMs: 40, graphMs: 40 } })
  control.publish(mixed(Date.now()))
  const view = { id: 'v', kind: 'series', q: { stream: 'flows' }, columns: ['bytes_est'], scope: ['src_endpoint'] }
  const put = async (body: object): Promise<number> =>
    (
      await fetch(`${api.url}/api/v1/live/session-1`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ views: [body] }),
      })
    ).status
  expect(await put({ ...view, kind: 'rows', columns: ['src_endpoint'], scope: undefined })).toBe(400)
  expect(await put(view)).toBe(200)
  const stream = await EventStream.open(`${api.url}/api/v1/live?sid=session-1`, {})
  const first = (await stream.until(({ event }) => event === 'series')).data as unknown as SeriesMessage
  stream.close()
  expect(first.groups.map(([cell], at) => [cell, first.buckets[0]?.[2][at]?.[1]])).toEqual(
    named.map(([cell, bytes]) => [cell, bytes]),
  )
})
