import { isDeepStrictEqual } from 'node:util'
import type { FlowRow } from '../../../test/kit/flow-rows.ts'
import type { Outcome } from '../suite.ts'
import type { Sent } from './replay.ts'
import { replay } from './replay.ts'

/** Expected values by column of Weir. */
export type Golden = Readonly<Record<string, unknown>>

export type Case = Readonly<{
  name: string
  datagrams: readonly Sent[]
  goldens: readonly Golden[]
  /** The golden rows are sums by their other columns: of counters as reported, or multiplied by the interval. */
  sums?: 'reported' | 'estimated'
  /** The reason why the golden value of a column is none. */
  contradicts?: ((golden: Golden, column: string, found: unknown) => string | undefined) | undefined
}>

/** Columns of which 0 and absent are the same to other collectors. */
const zeroIsAbsent = new Set(
  (
    'src_as dst_as src_mask dst_mask in_if out_if vlan dst_vlan inner_vlan in_vrf out_vrf sampling tcp_flags ip_ttl ' +
    'flow_label fragment_id fragment_offset forwarding_status src_port dst_port dscp direction proto bytes packets ' +
    'xlat_src_port xlat_dst_port icmp_type icmp_code'
  ).split(' '),
)
const zeros = new Set(['0.0.0.0', '::', '00:00:00:00:00:00'])

function plain(column: string, value: unknown): unknown {
  if (value === 0 && zeroIsAbsent.has(column)) return undefined
  if (typeof value === 'string' && zeros.has(value)) return undefined
  return Array.isArray(value) && value.length === 0 ? undefined : value
}

export function differing(golden: Golden, row: FlowRow): readonly string[] {
  return Object.entries(golden).flatMap(([column, right]) =>
    isDeepStrictEqual(plain(column, right), plain(column, row[column])) ? [] : [column],
  )
}

const counters = ['bytes', 'packets'] as const
/** Flags are OR-ed. */
const summedColumns = new Set<string>([...counters, 'tcp_flags'])
type Sum = { record: Golden; bytes: number; packets: number; flags: number }

function summed(records: readonly Golden[], columns: readonly string[]): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const record of records) {
    const isIcmp = record['proto'] === 1 || record['proto'] === 58
    const parts = columns.map((column) =>
      isIcmp && column.endsWith('_port') ? null : (plain(column, record[column]) ?? null),
    )
    const key = JSON.stringify(parts)
    const sum = sums.get(key) ?? { record, bytes: 0, packets: 0, flags: 0 }
    sums.set(key, sum)
    for (const counter of counters) sum[counter] += Number(record[counter] ?? 0)
    sum.flags |= Number(record['tcp_flags'] ?? 0)
  }
  return sums
}

function estimated(row: FlowRow): FlowRow {
  const interval = Number(row['sampling'] ?? 1)
  return { ...row, bytes: Number(row['bytes'] ?? 0) * interval, packets: Number(row['packets'] ?? 0) * interval }
}

function* outcomesOfSums({ name, datagrams, goldens, sums, contradicts }: Case): Iterable<Outcome> {
  const columns = Object.keys(goldens[0] ?? {}).filter((column) => !summedColumns.has(column))
  const rows = replay(datagrams)
  const result = summed(sums === 'estimated' ? rows.map(estimated) : rows, columns)
  let at = 0
  for (const [key, right] of summed(goldens, columns)) {
    const sum = result.get(key)
    const numbered = `${name} ${at++}`
    if (sum !== undefined && isDeepStrictEqual({ ...sum, record: null }, { ...right, record: null })) {
      yield { name: numbered, verdict: 'right' }
      continue
    }
    if (sum === undefined) {
      const nearest = [...result.values()]
        .map(({ record }) => ({ record, wrong: differing(right.record, record) }))
        .toSorted((a, b) => a.wrong.length - b.wrong.length)[0]
      const detail = nearest?.wrong.map(
        (column) =>
          `${column} ${JSON.stringify(nearest.record[column])}, right ${JSON.stringify(right.record[column])}`,
      )
      yield { name: numbered, verdict: 'wrong', detail: detail?.join('\n') ?? 'no row' }
      continue
    }
    const reasons = counters.map((counter) => contradicts?.({ [counter]: right[counter] }, counter, sum[counter]))
    if (reasons.every((reason) => reason !== undefined))
      yield { name: numbered, verdict: 'refused', detail: [...new Set(reasons)].join('; ') }
    else
      yield {
        name: numbered,
        verdict: 'wrong',
        detail: `bytes ${sum.bytes}, right ${right.bytes}, packets ${sum.packets}, right ${right.packets}`,
      }
  }
}

/** Each golden row is compared with one row, the nearest of those that are left. */
export function* outcomesOf(one: Case): Iterable<Outcome> {
  const { name, datagrams, goldens, contradicts } = one
  if (one.sums !== undefined) {
    yield* outcomesOfSums(one)
    return
  }
  const rows = [...replay(datagrams)]
  const left: [number, Golden][] = []
  for (const [at, golden] of goldens.entries()) {
    const equal = rows.findIndex((row) => differing(golden, row).length === 0)
    if (equal === -1) {
      left.push([at, golden])
      continue
    }
    rows.splice(equal, 1)
    yield { name: `${name} ${at}`, verdict: 'right' }
  }
  for (const [at, golden] of left) {
    const sorted = rows
      .map((row) => ({ row, wrong: differing(golden, row) }))
      .toSorted((a, b) => a.wrong.length - b.wrong.length)
    const [nearest] = sorted
    if (nearest === undefined) {
      yield { name: `${name} ${at}`, verdict: 'wrong', detail: `no row: ${JSON.stringify(golden)}` }
      continue
    }
    rows.splice(rows.indexOf(nearest.row), 1)
    const reasons = nearest.wrong.map((column) => contradicts?.(golden, column, nearest.row[column]))
    if (reasons.every((reason) => reason !== undefined)) {
      yield { name: `${name} ${at}`, verdict: 'refused', detail: [...new Set(reasons)].join('; ') }
      continue
    }
    const detail = nearest.wrong.map(
      (column) => `${column} ${JSON.stringify(nearest.row[column])}, right ${JSON.stringify(golden[column])}`,
    )
    yield { name: `${name} ${at}`, verdict: 'wrong', detail: detail.join('\n') }
  }
}
