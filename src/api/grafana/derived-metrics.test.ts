import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

async function query({ url }: StoredApi, text: string): Promise<readonly Result[]> {
  const answer = await fetch(`${url}/prometheus/api/v1/query?${new URLSearchParams({ query: text }).toString()}`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { data: { result: readonly Result[] } }).data.result
}

async function withFlows(count: number): Promise<StoredApi> {
  const api = await startStored()
  const received = realHost().clock.now() - 120_000
  const rows = Array.from({ length: count }, (_, at) => at)
  const batch = flowBatch(
    rows.map((at) => ({ src: '10.0.0.1', dst: '10.0.0.2', bytes: 1000 + at, packets: 1 })),
    received,
  )
  const ports = { kind: 'u16', values: Uint16Array.from(rows, (at) => at + 1) } as const
  const sources = { kind: 'u16', values: new Uint16Array(count).fill(60_000) } as const
  await api.addBatch({ ...batch, columns: { ...batch.columns, src_port: sources, dst_port: ports } }, received)
  return api
}

test('counters of flows outside clusters have protocol and service port', async () => {
  const api = await withFlows(2)
  const found = await query(api, 'sum by (protocol, service_port) (increase(weir_flow_bytes_total[10m])) > 0')
  expect(found.map(({ metric }) => metric)).toEqual([
    { protocol: 'tcp', service_port: '1' },
    { protocol: 'tcp', service_port: '2' },
  ])
  const ports = await fetch(`${api.url}/prometheus/api/v1/label/service_port/values?match[]=weir_flows_total`)
  expect(((await ports.json()) as { data: unknown }).data).toEqual(['1', '2'])
})

test('names of metrics are those of the label sets', async () => {
  const api = await withFlows(2)
  const get = async (path: string, selector?: string) => {
    const search = new URLSearchParams(selector === undefined ? {} : { 'match[]': selector }).toString()
    const response = await fetch(`${api.url}/prometheus/api/v1/${path}?${search}`)
    return ((await response.json()) as { data: readonly Readonly<Record<string, string>>[] }).data
  }
  for (const selector of [
    '{__name__=~".+"}',
    '{__name__=~"weir_dns.*"}',
    'weir_changes_total',
    'weir_flows_total{protocol="udp"}',
    'weir_flows_total{protocol="tcp"}',
  ]) {
    const names = (await get('series', selector)).map(({ __name__: name }) => name)
    expect(new Set(await get('label/__name__/values', selector))).toEqual(new Set(names))
  }
  expect(await get('label/__name__/values')).toEqual(await get('label/__name__/values', '{__name__=~".+"}'))
})

test('the label sets are bounded: the smallest are one series, and no flow is lost', async () => {
  const api = await withFlows(1500)
  const sets = 'count(count by (service_port) (weir_flows_total))'
  expect((await query(api, sets))[0]?.value[1]).toBe('1001')
  expect(await query(api, 'count by (service_port) (weir_flows_total{service_port="other"})')).toHaveLength(1)
  const total = await query(api, 'sum(max_over_time(weir_flows_total[10m]) - min_over_time(weir_flows_total[10m]))')
  expect(total[0]?.value[1]).toBe('1500')
  const [small] = await query(api, 'count by (service_port) (weir_flows_total{service_port="1"})')
  expect(small?.metric).toEqual({ service_port: '1' })
})
