/** Every figure of a view of flows, from every route that returns it, against SQL over the reported values. */
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth, type Both } from '../testing/both.ts'

const minute = 60_000
/** The live memory has the last minutes of receipt. */
const received = Math.floor(Date.now() / minute) * minute - minute
const begin = received - 22 * minute
const ports = [22, 53, 443, 5432, 8080, 7777, 20_000, 33_000, 40_001, 51_820, 60_999]
const intervals = [0, 1, 10, 100, 1000]

function sampled(random: SeededRandom, at: number): FlowBatch {
  const specs = Array.from({ length: 250 }, () => {
    const sampling = random.pick(intervals)
    return {
      src: `10.0.0.${random.integer(1, 9)}`,
      dst: `10.0.0.${random.integer(1, 9)}`,
      bytes: random.integer(40, 9_000_000),
      packets: random.integer(1, 900),
      start: at - random.integer(1, 20 * minute),
      ...(sampling === 0 ? {} : { sampling }),
    }
  })
  const batch = flowBatch(specs, at)
  const of = <Value>(values: readonly Value[]): Value[] => specs.map(() => random.pick(values))
  return {
    ...batch,
    columns: {
      ...batch.columns,
      src_port: { kind: 'u16', values: Uint16Array.from(of(ports)) },
      dst_port: { kind: 'u16', values: Uint16Array.from(of(ports)) },
      proto: { kind: 'u8', values: Uint8Array.from(of([6, 17])) },
      listening_side: { kind: 'u8', values: Uint8Array.from(of([0, 0, 1, 2])) },
      tcp_flags: { kind: 'u16', values: Uint16Array.from(of([0, 0x02, 0x12, 0x1b])) },
    },
  }
}

const fields = ['src_addr', 'dst_addr', 'service_port', 'initiator', 'proto', 'sampling', 'dst_port', 'exporter_addr']
const filters: readonly (readonly [filter: string, sql: string])[] = [
  ['', 'true'],
  ['service_port = 443', 'service_port = 443'],
  ['not exists(service_port)', 'service_port IS NULL'],
  ['bytes_est >= 100000000', 'bytes * coalesce(sampling, 1)::HUGEINT >= 100000000'],
  ['any.port = 5432 and proto = 6', '(src_port = 5432 OR dst_port = 5432) AND proto = 6'],
  ['initiator = dst or sampling = 1000', "(initiator = 'dst' OR sampling = 1000)"],
]
const measures = ['bytes', 'packets', 'flows'] as const

interface View {
  readonly span: Readonly<Record<'from' | 'to', string>>
  readonly filter: string
  readonly group: readonly string[]
  readonly by: (typeof measures)[number]
  readonly limit: number
  readonly step: number
  readonly where: string
}

function randomView(random: SeededRandom): View {
  const from = begin + random.integer(0, 15) * minute + random.integer(0, 59_999)
  const to = from + random.integer(1, 25) * minute
  const [filter, sql] = random.pick(filters)
  const first = random.pick(fields)
  const second = random.pick(fields)
  return {
    span: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    filter,
    group: random.chance(0.4) && first !== second ? [first, second] : [first],
    by: random.pick(measures),
    limit: random.integer(1, 6),
    step: random.pick([10, 60, 300]),
    where: `epoch_us(time_end) >= ${from * 1000} AND epoch_us(time_end) < ${to * 1000} AND (${sql})`,
  }
}

type Sums = readonly number[]
const sumsSql = ['bytes', 'packets'].map((name) => `sum(${name} * coalesce(sampling, 1)::HUGEINT)::BIGINT AS ${name}`)
const sumsOf = (row: Readonly<Record<string, unknown>>): Sums => measures.map((name) => Number(row[name] ?? 0))
const added = (all: readonly Sums[]): Sums => measures.map((_, at) => all.reduce((sum, one) => sum + (one[at] ?? 0), 0))

/** Sums by key, of rows with bytes, packets and flows as their last three cells. */
function byKey(rows: readonly (readonly unknown[])[], first: number, last: number): Map<string, Sums> {
  const found = new Map<string, Sums>()
  for (const row of rows) {
    const key = JSON.stringify(row.slice(first, last))
    const sums = row.slice(-3).map((cell) => Number(cell ?? 0))
    found.set(key, added([found.get(key) ?? [], sums].map((each) => measures.map((_, at) => each[at] ?? 0))))
  }
  return found
}

async function oracle(
  { sql }: Both,
  { group, step, where }: View,
): Promise<{
  total: Sums
  groups: Map<string, Sums>
  buckets: Map<string, Sums>
}> {
  const grouped = await sql(`SELECT ${group.join(', ')}, ${sumsSql.join(', ')}, count(*) AS flows FROM flows
    WHERE ${where} GROUP BY ALL`)
  const bucketed = await sql(`SELECT epoch_us(time_end) // ${step * 1e6} AS bucket, ${sumsSql.join(', ')},
    count(*) AS flows FROM flows WHERE ${where} GROUP BY ALL`)
  return {
    total: added(grouped.map(sumsOf)),
    groups: new Map(grouped.map((row) => [JSON.stringify(group.map((name) => row[name] ?? null)), sumsOf(row)])),
    buckets: new Map(
      bucketed.map((row) => [
        JSON.stringify([new Date(Number(row['bucket']) * step * 1000).toISOString()]),
        sumsOf(row),
      ]),
    ),
  }
}

type Rows = readonly (readonly unknown[])[]

async function figures(both: Both, kind: 'stored' | 'live', view: View): Promise<void> {
  const { span, filter, group, by, limit, step } = view
  const { total, groups, buckets } = await oracle(both, view)
  const shared = { ...span, filter, time: 'flow_time' }
  const get = async (path: string, more: Record<string, string>): Promise<Record<string, unknown>> => {
    const { status, body } = await both[kind](path, { ...shared, ...more })
    expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' })
    return body
  }
  const about = { kind, filter, group, by, span }
  const place = measures.indexOf(by)
  const largest = [...groups.values()].map((sums) => sums[place]).sort((a = 0, b = 0) => b - a)

  const list = await get('flows', { group: group.join(), by, limit: String(limit) })
  const shown = byKey(list['rows'] as Rows, 0, group.length)
  for (const [key, sums] of shown) expect({ about, key, sums }).toEqual({ about, key, sums: groups.get(key) })
  expect([...shown.values()].map((sums) => sums[place])).toEqual(largest.slice(0, limit))
  expect(sumsOf(list['total'] as Record<string, unknown>)).toEqual(total)
  expect(added([...shown.values(), sumsOf(list['others'] as Record<string, unknown>)])).toEqual(total)

  const lines = (await get('series', { group: group.join(), by, limit: String(limit), step: `${step}s` }))[
    'rows'
  ] as Rows
  expect(byKey(lines, 0, 1)).toEqual(buckets)
  // The chart has the groups of the list, with the same sums.
  const named = byKey(
    lines.filter((row) => row[1] === false),
    2,
    2 + group.length,
  )
  expect({ about, named }).toEqual({ about, named: shown })
  const line = (await get('series', { step: `${step}s` }))['rows'] as Rows
  expect(byKey(line, 0, 1)).toEqual(buckets)

  const distinct = await get('flows/distinct', { fields: group.join() })
  const names = (distinct['rows'] as Rows).map(([name]) => String(name))
  const used = (await get('flows', { columns: names.join(), limit: '10000' }))['rows'] as Rows
  const counts = names.map((_, index) => new Set(used.flatMap((row) => row[index] ?? [])).size)
  expect({ about, counts }).toEqual({ about, counts: (distinct['rows'] as Rows).map(([, count]) => count) })

  const graph = (await get('topology', { scope: 'addr', limit: '5' }))['total'] as Record<string, unknown>
  expect({ about, sums: sumsOf(graph) }).toEqual({ about, sums: total })
  const conversations = (await get('conversations', { both_ways: 'false', limit: '1' }))['total']
  expect(sumsOf(conversations as Record<string, unknown>)).toEqual(total)

  const columns = 'bytes_est,packets_est,service_port'
  const page = (await get('flows', { columns, limit: '10000' }))['rows'] as Rows
  expect(added(page.map(([bytes, packets]) => [Number(bytes), Number(packets), 1]))).toEqual(total)
  const csv = await fetch(
    `${both.urls[kind]}/api/v1/export?${new URLSearchParams({ ...shared, columns, format: 'csv' }).toString()}`,
  )
  const [, ...written] = (await csv.text()).trimEnd().split('\r\n')
  const cells = written.map((row) => row.split(','))
  expect(added(cells.map(([bytes, packets]) => [Number(bytes), Number(packets), 1]))).toEqual(total)
  const ports = page.map((row) => String((row[2] as number | null) ?? ''))
  expect(cells.map((row) => row[2] ?? '').sort(byText)).toEqual(ports.sort(byText))
}

const byText = (one: string, other: string): number => Number(one > other) - Number(one < other)

test(
  'every figure of random views of sampled flows equals SQL, stored and in memory',
  { timeout: 600_000 },
  async () => {
    const random = new SeededRandom(30)
    const both = await startBoth()
    for (let batch = 3; batch >= 0; batch--)
      await both.addBatch(sampled(random, received - batch * 10_000), received - batch * 10_000)
    let flows = 0
    for (let count = 0; count < drawnSize(10, 30); count++) {
      const view = randomView(random)
      flows += (await oracle(both, view)).total[2] ?? 0
      await figures(both, 'stored', view)
      await figures(both, 'live', view)
    }
    expect(flows).toBeGreaterThan(300)
  },
)
