import type { GroupsRequest, SeriesRequest, AggregateQuery, StatValue, TimeSpan } from '../../query/plan/index.ts'
import { integerCell } from '../../model/integer-cell.ts'
import type { SumRow } from '../../topics/flows/sums/request.ts'
import type { Cell } from '../../topics/cells.ts'
import { byRank, firstGroups, groupsPerSlice } from './rank.ts'
import { coveredSpan, scanRing, type Found, type RingSource } from './scan.ts'
import { valueReader } from './stat-value.ts'
import { estimateReader, reportedReader, SumTable } from './sums.ts'
import { GroupIds, PairIds } from './values.ts'

export type RingAnswer = Readonly<{
  rows: readonly SumRow[]
  span: TimeSpan
}>

function addition(
  { batch, header }: Found,
  { of, further = [] }: AggregateQuery,
  table: SumTable,
): (id: number, row: number) => void {
  const [bytes, packets] = [estimateReader(batch, 'bytes'), estimateReader(batch, 'packets')]
  const value = of === undefined ? undefined : valueReader(batch, header, of)
  const more = further.map((name) => ({ sums: table.further(name), read: reportedReader(batch, name) }))
  return (id, row) => {
    table.count(id)
    const [sent, counted] = [bytes(row), packets(row)]
    if (sent !== undefined) table.bytes.add(id, sent)
    if (counted !== undefined) table.packets.add(id, counted)
    for (const { sums, read } of more) {
      const reported = read(row)
      if (reported !== undefined) sums.add(id, reported)
    }
    if (value === undefined) return
    const number = value(row)
    if (number === number) table.value(id, number)
  }
}

function recordOf(
  table: SumTable,
  id: number,
  cells: readonly Cell[],
  { of, further = [] }: AggregateQuery,
): Record<string, unknown> {
  const record: Record<string, unknown> = {
    _bytes: table.bytes.cell(id),
    _packets: table.packets.cell(id),
    _flows: table.flows(id),
  }
  for (const name of further) record[`_${name}`] = table.further(name).cell(id)
  cells.forEach((cell, at) => (record[`_g${at}`] = cell))
  if (of === undefined) return record
  const { n, min, avg, p, max } = table.statistics(id)
  return Object.assign(record, {
    _n: n,
    _min: statCell(min),
    _avg: avg,
    _p: p?.map(statCell) ?? null,
    _max: statCell(max),
  })
}

export function statCell(value: StatValue | null) {
  return typeof value === 'bigint' ? integerCell(value) : value
}

export async function ringSeries(source: RingSource, request: SeriesRequest, signal: AbortSignal): Promise<RingAnswer> {
  const { group, step, limit, by, of, further, span } = request
  const { scheduler } = source
  const ids = new GroupIds(group, source.resolver)
  const parts = new PairIds()
  const table = new SumTable({ withValues: of !== undefined, further })
  const buckets: number[] = []
  const counts = new Map<number, number>()
  const width = step * 1e6
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const { rows, time } = next.value
    const read = ids.of(next.value)
    const add = addition(next.value, request, table)
    for (const row of rows) {
      const start = Math.floor(time(row) / width) * width
      let bucket = counts.get(start)
      if (bucket === undefined) {
        counts.set(start, (bucket = buckets.length))
        buckets.push(start)
      }
      add(parts.of(bucket, read(row)), row)
    }
  }
  const totals = new SumTable({ withValues: of !== undefined, further })
  const inSlices = async (run: (part: number) => void) => {
    for (let part = 0; part < table.size; part++) {
      if (part % groupsPerSlice === groupsPerSlice - 1) await scheduler.next()
      run(part)
    }
  }
  await inSlices((part) => totals.addFrom(parts.rights[part]!, table, part))
  const cells = (id: number) => ids.cells(id)
  const largest = await firstGroups(totals, group.length === 0 ? 1 : limit, byRank(totals, by, group, cells), scheduler)
  const ranks = new Map(largest.map((id, rank) => [id, rank]))
  const others = largest.length
  const shown = new SumTable({ withValues: of !== undefined, further })
  await inSlices((part) =>
    shown.addFrom(parts.lefts[part]! * (others + 1) + (ranks.get(parts.rights[part]!) ?? others), table, part),
  )
  signal.throwIfAborted()
  const shownCells = (rank: number) => cells(largest[rank % (others + 1)] ?? 0)
  const order = byRank(shown, by, group, shownCells)
  const rows: SumRow[] = []
  for (const [bucket, start] of [...buckets.entries()].sort(([, a], [, b]) => a - b)) {
    const first = bucket * (others + 1)
    const groupCells = largest
      .map((_, rank) => first + rank)
      .filter((id) => shown.flows(id) > 0)
      .sort(order)
    for (const id of groupCells)
      rows.push({ _bucket: start, _other: false, ...recordOf(shown, id, shownCells(id), request) })
    if (shown.flows(first + others) > 0)
      rows.push({
        _bucket: start,
        _other: true,
        ...recordOf(
          shown,
          first + others,
          group.map(() => null),
          request,
        ),
      })
    if (of !== undefined) await scheduler.next()
  }
  return { rows, span: coveredSpan(span, next.value.since) }
}

export async function ringGroups(source: RingSource, request: GroupsRequest, signal: AbortSignal): Promise<RingAnswer> {
  const { group, limit, by, of, further, span } = request
  const ids = new GroupIds(group, source.resolver)
  const table = new SumTable({ withValues: of !== undefined, further })
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const read = ids.of(next.value)
    const add = addition(next.value, request, table)
    for (const row of next.value.rows) add(read(row), row)
  }
  const all = new SumTable({ further })
  let groups = 0
  for (let id = 0; id < table.size; id++) {
    if (id % groupsPerSlice === groupsPerSlice - 1) await source.scheduler.next()
    if (table.flows(id) === 0) continue
    groups++
    all.addFrom(0, table, id)
  }
  const cells = (id: number) => ids.cells(id)
  const largest = await firstGroups(table, limit, byRank(table, by, group, cells), source.scheduler)
  signal.throwIfAborted()
  const total: Record<string, unknown> = {
    _all_groups: groups,
    _all_bytes: all.bytes.cell(0),
    _all_packets: all.packets.cell(0),
    _all_flows: all.flows(0),
  }
  for (const name of further ?? []) total[`_all_${name}`] = all.further(name).cell(0)
  return {
    rows: largest.map((id) => ({ ...recordOf(table, id, cells(id), request), ...total })),
    span: coveredSpan(span, next.value.since),
  }
}
