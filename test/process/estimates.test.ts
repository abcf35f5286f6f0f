/** Sums of sampled and unsampled flows: one number in every answer, file, metric and command. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import { startBoth } from '../../src/api/testing/both.ts'
import { weir } from '../../src/cli/testing/command.ts'
import { addFlows, type TrafficSum } from '../../src/connectors/neo4j/map-traffic.ts'
import { prometheusSchema } from '../../src/connectors/prometheus/config.ts'
import { sink as prometheus } from '../../src/connectors/prometheus/sink.ts'
import { configFrom } from '../../src/schema/index.ts'
import { aggregateSchema } from '../../src/transforms/aggregate/config.ts'
import { aggregateEras } from '../../src/transforms/aggregate/eras.ts'
import { testContext } from '../conformance/batches.ts'
import { freePorts } from '../kit/free-port.ts'
import { flowSinkBatch, flowsOf, metricFlows } from '../kit/metric-flows.ts'

const minute = 60_000
const received = Math.floor(Date.now() / minute) * minute - minute
const ended = received - 20 * minute
const never = new AbortController().signal
/** Undefined: not reported. NetObserv writes 0 without sampling. */
const intervals = [undefined, 0, 1, 10, 1000]

const records = metricFlows(250, 30).map(({ Sampling: _, ...record }, row) => {
  const sampling = intervals[row % intervals.length]
  return {
    ...record,
    ...(sampling === undefined ? {} : { Sampling: sampling }),
    SrcAddr: `10.0.0.${1 + (row % 9)}`,
    SrcPort: 40_000 + row,
    SrcK8S_Namespace: row % 2 === 0 ? 'shop' : 'web',
    SrcK8S_OwnerType: 'Deployment',
    DstK8S_OwnerName: 'db',
    DstK8S_OwnerType: 'Deployment',
    K8S_ClusterName: 'c1',
    FlowDirection: 0,
    TimeFlowStartMs: ended - 5000,
    TimeFlowEndMs: ended,
    TimeReceived: received / 1000,
  }
})

const factor = (sampling: number | undefined): number => Math.max(1, sampling ?? 1)
const reported = { bytes: 0, packets: 0 }
const estimated = { bytes: 0, packets: 0 }
for (const { Bytes, Packets, Sampling } of records) {
  reported.bytes += Number(Bytes)
  reported.packets += Number(Packets)
  estimated.bytes += Number(Bytes) * factor(Sampling)
  estimated.packets += Number(Packets) * factor(Sampling)
}
const whole = { reported, estimated }

type Row = Readonly<Record<string, unknown>>
const sumOf = (rows: readonly Row[], name: string): number => rows.reduce((sum, row) => sum + Number(row[name] ?? 0), 0)
/** Of rows with both numbers. */
const sums = (rows: readonly Row[]): typeof whole => ({
  reported: { bytes: sumOf(rows, 'bytes'), packets: sumOf(rows, 'packets') },
  estimated: { bytes: sumOf(rows, 'bytes_est'), packets: sumOf(rows, 'packets_est') },
})
const onlySums = ({ bytes, packets }: Row): Row => ({ bytes: Number(bytes), packets: Number(packets) })
const csvRows = (text: string): Row[] => {
  const [head = '', ...lines] = text.trimEnd().split(/\r?\n/)
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [head.split(',')[at] ?? '', cell])))
}

async function mixed(): ReturnType<typeof startBoth> {
  const both = await startBoth()
  await both.addBatch(flowsOf(records), received)
  return both
}

const span = { from: new Date(ended - minute).toISOString(), to: new Date(received + minute).toISOString() }
const fourSums =
  'sum(bytes) AS bytes, sum(packets) AS packets, sum(bytes_est) AS bytes_est, sum(packets_est) AS packets_est'

test('the set is mixed, so that the two numbers differ', () => {
  expect(estimated.bytes).toBeGreaterThan(100 * reported.bytes)
})

test('answers of the API and views of SQL', async () => {
  const both = await mixed()
  for (const kind of ['stored', 'live'] as const) {
    const get = async (path: string, more: Readonly<Record<string, string>>): Promise<Row> =>
      (await both[kind](path, { ...span, ...more })).body
    const totals = {
      groups: (await get('flows', { group: 'src_namespace', by: 'bytes' }))['total'],
      edges: (await get('topology', { scope: 'namespace' }))['total'],
      conversations: (await get('conversations', {}))['total'],
    }
    for (const [name, total] of Object.entries(totals))
      expect({ kind, name, ...onlySums(total as Row) }).toEqual({ kind, name, ...estimated })
    const page = await get('flows', { columns: 'bytes,packets,bytes_est,packets_est', limit: '1000' })
    const names = (page['columns'] as { name: string }[]).map(({ name }) => name)
    const rows = (page['rows'] as unknown[][]).map((row) =>
      Object.fromEntries(row.map((cell, at) => [names[at], cell])),
    )
    expect({ kind, ...sums(rows) }).toEqual({ kind, ...whole })
  }
  for (const view of ['flows', 'flows_1m', 'flows_5m', 'flows_1h'])
    expect({ view, ...sums(await both.sql(`SELECT ${fourSums} FROM ${view}`)) }).toEqual({ view, ...whole })
  expect(
    onlySums((await both.sql('SELECT sum(bytes) AS bytes, sum(packets) AS packets FROM traffic'))[0] ?? {}),
  ).toEqual(estimated)
})

test('exports as CSV, NDJSON and Parquet', async () => {
  const both = await mixed()
  const folder = await mkdtemp(join(tmpdir(), 'weir-estimates-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const connection = await (await DuckDBInstance.create()).connect()
  onTestFinished(() => connection.closeSync())
  for (const [kind, url] of Object.entries(both.urls)) {
    const file = async (format: string): Promise<Buffer> => {
      const query = new URLSearchParams({ ...span, columns: '*', format })
      return Buffer.from(await (await fetch(`${url}/api/v1/export?${query.toString()}`)).arrayBuffer())
    }
    const lines = (await file('ndjson')).toString().trimEnd().split('\n')
    expect({ kind, ...sums(lines.map((line) => JSON.parse(line) as Row)) }).toEqual({ kind, ...whole })
    const query = new URLSearchParams({ ...span, columns: 'bytes,packets,bytes_est,packets_est', format: 'csv' })
    const csv = await (await fetch(`${url}/api/v1/export?${query.toString()}`)).text()
    expect({ kind, ...sums(csvRows(csv)) }).toEqual({ kind, ...whole })
    const path = join(folder, `${kind}.parquet`)
    await writeFile(path, await file('parquet'))
    const read = await connection.runAndReadAll(
      `SELECT sum(bytes) AS bytes, sum(packets) AS packets, sum(bytes_est::HUGEINT) AS bytes_est,
        sum(packets_est::HUGEINT) AS packets_est FROM '${path}'`,
    )
    expect({ kind, ...sums(read.getRowObjectsJson()) }).toEqual({ kind, ...whole })
  }
})

test('PromQL, as Grafana sends it', async () => {
  const both = await mixed()
  const grew = async (metric: string): Promise<number> => {
    const query = `sum(max_over_time(${metric}[1h]) - min_over_time(${metric}[1h]))`
    const body = new URLSearchParams({ query, time: String(received / 1000) })
    const answer = await fetch(`${both.urls.stored}/prometheus/api/v1/query`, { method: 'POST', body })
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1])
  }
  expect({ bytes: await grew('weir_flow_bytes_total'), packets: await grew('weir_flow_packets_total') }).toEqual(
    estimated,
  )
})

test('OpenMetrics, and the sums of the graph', async () => {
  const [port = 0] = await freePorts(1)
  const written = {
    listen: `127.0.0.1:${port}`,
    sampling: 'both',
    include: [],
    custom: [
      { name: 'bytes_total', value: 'Bytes' },
      { name: 'packets_total', value: 'Packets' },
    ],
  } as const
  const sink = await prometheus.build(configFrom(prometheusSchema, written), testContext())
  onTestFinished(() => sink.close())
  const batch = flowSinkBatch(records, 'a')
  expect(await sink.send(batch, never)).toEqual([])
  const accept = 'application/openmetrics-text; version=1.0.0'
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })).text()
  expect(text).toContain('# EOF')
  const value = (name: string): number => Number(new RegExp(`^netobserv_${name} (\\S+)$`, 'm').exec(text)?.[1])
  expect({
    estimated: { bytes: value('bytes_total'), packets: value('packets_total') },
    reported: { bytes: value('bytes_raw_total'), packets: value('packets_raw_total') },
  }).toEqual(whole)

  const talks = new Map<string, TrafficSum>()
  for (const piece of batch.pieces) addFlows(talks, piece, () => true)
  const edges = [...talks.values()].map(({ bytes, packets }) => ({ bytes, packets }))
  expect({ bytes: sumOf(edges, 'bytes'), packets: sumOf(edges, 'packets') }).toEqual(estimated)
})

test('transform `aggregate`; its sums have no interval', () => {
  const values = { bytes: 'sum(bytes_est)', packets: 'sum(packets_est)' }
  const step = aggregateEras(configFrom(aggregateSchema, { window: '1s', by: ['src_namespace'], values }), 'a')
  for (const piece of flowSinkBatch(records, 'a').pieces) step.take(piece)
  const [output] = step.windows?.close(1_700_000_020_000) ?? []
  const columns = output?.batch.kind === 'flows' ? output.batch.columns : {}
  const sum = (name: string): number => {
    const column = columns[name]
    return column?.kind === 'u64'
      ? new BigUint64Array(column.words.slice().buffer).reduce((all, one) => all + Number(one), 0)
      : 0
  }
  expect({ bytes: sum('bytes'), packets: sum('packets') }).toEqual(estimated)
  expect(columns['sampling']).toBeUndefined()
})

test('`weir query` and `weir flows`', async () => {
  const both = await mixed()
  const url = ['--url', both.urls.stored, '-o', 'csv']
  const queried = await weir(['query', `SELECT ${fourSums} FROM flows`, ...url])
  expect({ code: queried.code, ...sums(csvRows(queried.out)) }).toEqual({ code: 0, ...whole })
  const listed = await weir(['flows', '--from', span.from, '--limit', '1000', ...url])
  const { estimated: shown } = sums(csvRows(listed.out))
  expect({ code: listed.code, shown }).toEqual({ code: 0, shown: estimated })
})
