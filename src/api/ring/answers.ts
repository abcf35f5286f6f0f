/** Series and groups from the live ring, as records with the columns that the store's answers have. */
import { isMeasure, statisticsOf, type GroupsRequest, type Rank, type SeriesRequest, type TimeSpan } from '../../query/plan/index.ts'
import type { QueryField } from '../../query/index.ts'
import type { Cell } from '../live/cells.ts'
import { coveredSpan, scanRing, type Found, type RingSource } from './scan.ts'
import { compareCells, estimateReader, Sums } from './sums.ts'
import { GroupIds, PairIds, type IdReader } from './values.ts'
import { valueReader } from './stat-value.ts'

export type AnswerRecord = Readonly<Record<string, unknown>>

export interface RingAnswer {
  readonly rows: readonly AnswerRecord[]
  /** What of the span the ring could answer for. */
  readonly span: TimeSpan
}

/** Adds a row to the sums of its group. */
function addition({ batch, header }: Found, of: QueryField | undefined): (sums: Sums, row: number) => void {
  const [bytes, packets] = [estimateReader(batch, 'bytes'), estimateReader(batch, 'packets')]
  const value = of === undefined ? undefined : valueReader(batch, header, of)
  return (sums, row) => {
    const [sent, counted] = [bytes(row), packets(row)]
    if (sent !== undefined) sums.bytes.add(sent)
    if (counted !== undefined) sums.packets.add(counted)
    sums.flows++
    if (value === undefined) return
    sums.values ??= []
    const number = value(row)
    if (number === number) sums.values.push(number)
  }
}

function recordOf(sums: Sums): AnswerRecord {
  const { bytes, packets, flows, values } = sums
  const plain = { _bytes: bytes.cell, _packets: packets.cell, _flows: flows }
  if (values === undefined) return plain
  const { n, min, avg, p, max } = statisticsOf(values)
  return { ...plain, _n: n, _min: min, _avg: avg, _p: p, _max: max }
}

interface Group {
  readonly cells: readonly Cell[]
  readonly sums: Sums
}

/** Largest first, then by the values of the fields: the order in which SQL gives them. */
function byRank(by: Rank, fields: readonly QueryField[]): (a: Group, b: Group) => number {
  const numeric = fields.map(({ kind }) => kind === 'u64' || kind === 'estimate')
  const rank = isMeasure(by) ? undefined : new Map<Sums, number>()
  const statistic = ({ sums }: Group): number => {
    const known = rank?.get(sums)
    if (known !== undefined) return known
    const { avg, max, p } = statisticsOf(sums.values ?? [])
    const value = (by === 'avg' ? avg : by === 'max' ? max : p?.[['p50', 'p90', 'p99'].indexOf(by)]) ?? Number.NEGATIVE_INFINITY
    rank?.set(sums, value)
    return value
  }
  return (a, b) => {
    const order = isMeasure(by) ? b.sums.compare(a.sums, by) : statistic(b) - statistic(a)
    if (order !== 0 && !Number.isNaN(order)) return order
    for (let at = 0; at < fields.length; at++) {
      const cells = compareCells(a.cells[at] ?? null, b.cells[at] ?? null, numeric[at] === true)
      if (cells !== 0) return cells
    }
    return 0
  }
}

/** Undefined when the client has gone. */
export async function ringSeries(source: RingSource, request: SeriesRequest, signal: AbortSignal): Promise<RingAnswer | undefined> {
  const { group, step, limit, by, of, span } = request
  const ids = new GroupIds(group, source.resolver)
  const parts = new PairIds()
  const sums: Sums[] = []
  const buckets: number[] = []
  const known = new Map<number, number>()
  const width = step * 1e6
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const { rows, time } = next.value
    const read: IdReader = ids.of(next.value)
    const add = addition(next.value, of)
    for (const row of rows) {
      const start = Math.floor(time(row) / width) * width
      let bucket = known.get(start)
      if (bucket === undefined) {
        known.set(start, (bucket = buckets.length))
        buckets.push(start)
      }
      const part = parts.of(bucket, read(row))
      add((sums[part] ??= new Sums()), row)
    }
  }
  if (signal.aborted) return undefined
  const covered = coveredSpan(span, next.value.since)
  const totals = new Map<number, Group>()
  sums.forEach((each, part) => {
    const id = parts.rights[part] ?? 0
    let total = totals.get(id)
    if (total === undefined) totals.set(id, (total = { cells: ids.cells(id), sums: new Sums() }))
    total.sums.addSums(each)
  })
  const order = byRank(by, group)
  const chosen = new Set([...totals].sort(([, a], [, b]) => order(a, b)).slice(0, group.length === 0 ? 1 : limit).map(([id]) => id))
  const shown = buckets.map(() => new Map<number, Group>())
  sums.forEach((each, part) => {
    const id = parts.rights[part] ?? 0
    const key = chosen.has(id) ? id : -1
    const bucket = shown[parts.lefts[part] ?? 0] as Map<number, Group>
    let one = bucket.get(key)
    if (one === undefined) bucket.set(key, (one = { cells: key === -1 ? group.map(() => null) : (totals.get(id)?.cells ?? []), sums: new Sums() }))
    one.sums.addSums(each)
  })
  const rows = buckets.map((start, index) => [start, shown[index] as Map<number, Group>] as const).sort(([a], [b]) => a - b).flatMap(([start, groups]) => {
    const others = groups.get(-1)
    groups.delete(-1)
    return [...[...groups.values()].sort(order).map((one) => [false, one] as const), ...(others === undefined ? [] : [[true, others] as const])]
      .map(([other, one]) => ({ _bucket: start, _other: other, ...Object.fromEntries(one.cells.map((cell, at) => [`_g${at}`, cell])), ...recordOf(one.sums) }))
  })
  return { rows, span: covered }
}

/** Undefined when the client has gone. */
export async function ringGroups(source: RingSource, request: GroupsRequest, signal: AbortSignal): Promise<RingAnswer | undefined> {
  const { group, limit, by, of, span } = request
  const ids = new GroupIds(group, source.resolver)
  const sums: (Sums | undefined)[] = []
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const read = ids.of(next.value)
    const add = addition(next.value, of)
    for (const row of next.value.rows) {
      const id = read(row)
      add((sums[id] ??= new Sums()), row)
    }
  }
  if (signal.aborted) return undefined
  const groups = sums.flatMap((each, id) => (each === undefined ? [] : [{ cells: ids.cells(id), sums: each }]))
  const total = new Sums()
  for (const { sums: each } of groups) {
    total.bytes.addSum(each.bytes)
    total.packets.addSum(each.packets)
    total.flows += each.flows
  }
  const all = { _all_groups: groups.length, _all_bytes: total.bytes.cell, _all_packets: total.packets.cell, _all_flows: total.flows }
  const rows = groups.sort(byRank(by, group)).slice(0, limit)
    .map((one) => ({ ...Object.fromEntries(one.cells.map((cell, at) => [`_g${at}`, cell])), ...recordOf(one.sums), ...all }))
  return { rows, span: coveredSpan(span, next.value.since) }
}
