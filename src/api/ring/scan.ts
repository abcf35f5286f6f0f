import type { Resolver } from '../../engine/contracts.ts'
import type { Clock } from '../../host/index.ts'
import type { FrameHeader } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { compileLive } from '../../query/index.ts'
import { microseconds } from '../../query/live-columns.ts'
import { boundOf, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { Ring, RingFrame } from '../live/ring.ts'
import type { SliceScheduler } from './slice-scheduler.ts'

export type RingSource = Readonly<{
  ring: Ring
  resolver: Resolver | undefined
  clock: Clock
  scheduler: SliceScheduler
}>

export type Found = Readonly<{
  frame: RingFrame
  batch: FlowBatch
  header: FrameHeader
  rows: readonly number[]
  /** µs since 1970, by the time field of the query. */
  time: (row: number) => number
}>

type ScanOptions = Readonly<{
  order: 'oldest' | 'newest'
  skips?: (frame: RingFrame) => boolean
  /** Ends after the current frame. */
  withinMs?: number
}>

/** One frame takes less than a slice. */
const sliceMs = 8
const [hourMs, minuteMs] = [3_600_000, 60_000]

/** Yields to the event loop. Returns the Unix ms since which every received row was scanned. */
export async function* scanRing(
  source: RingSource,
  rowQuery: RowQuery,
  signal: AbortSignal,
  { order, skips, withinMs = Number.POSITIVE_INFINITY }: ScanOptions,
): AsyncGenerator<Found, { readonly since: number }, undefined> {
  const { ring, resolver, clock, scheduler } = source
  const { since } = ring
  const frames = ring.after(0)
  if (order === 'newest') frames.reverse()
  const test = compileLive(boundOf(rowQuery))
  const reach = reachOf(rowQuery)
  const began = clock.monotonic()
  await scheduler.next(withinMs < Number.POSITIVE_INFINITY ? 'urgent' : 'usual')
  let slice = clock.monotonic()
  for (const frame of frames) {
    const { header } = frame.frame
    if (signal.aborted) return { since }
    if (
      header.kind !== 'flows' ||
      skips?.(frame) === true ||
      header.received < reach.from ||
      header.received > reach.to
    )
      continue
    const now = clock.monotonic()
    if (now - began > withinMs) return { since: header.received + 1 }
    if (now - slice > sliceMs) {
      await scheduler.next(withinMs < Number.POSITIVE_INFINITY ? 'urgent' : 'usual')
      slice = clock.monotonic()
    }
    const batch = frame.batch as FlowBatch
    const time = timeReader(batch, header, rowQuery.time.name)
    const matches = test(batch, header, resolver)
    const rows: number[] = []
    const [from, to] = [Number(rowQuery.span.from), Number(rowQuery.span.to)]
    for (let row = 0; row < batch.count; row++) {
      const at = time(row)
      if (at >= from && at < to && matches(row)) rows.push(row)
    }
    if (rows.length > 0) yield { frame, batch, header, rows, time }
  }
  return { since }
}

function reachOf({ span, time }: RowQuery): { from: number; to: number } {
  const [from, to] = [Number(span.from) / 1000, Number(span.to) / 1000]
  // Data is parked up to an hour until its template arrives.
  if (time.name === 'time_received') return { from: from - 1, to: to + hourMs }
  if (time.name === 'flow_time') return { from: from - minuteMs, to: to + 2 * hourMs }
  return { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
}

export function timeReader(batch: FlowBatch, header: FrameHeader, name: string): (row: number) => number {
  const received = fieldTime(batch, 'time_received', microseconds(Math.round(header.received)))
  if (name === 'time_received') return received
  if (name !== 'flow_time') return fieldTime(batch, name, Number.NaN)
  const end = fieldTime(batch, 'time_end', Number.NaN)
  const column = batch.columns['time_skewed']
  const skewed = column?.kind === 'u8' ? column : undefined
  return (row) => {
    const came = received(row)
    const ended = end(row)
    if (!(ended >= came - hourMs * 1000 && ended <= came + minuteMs * 1000)) return came
    return skewed !== undefined && present(skewed.valid, row) && skewed.values[row] !== 0 ? came : ended
  }
}

function fieldTime(batch: FlowBatch, name: string, missing: number): (row: number) => number {
  const column = batch.columns[name]
  if (column?.kind !== 'time') return () => missing
  const { values, valid } = column
  return (row) => (present(valid, row) ? microseconds(values[row]) : missing)
}

export function present(valid: Uint8Array | undefined, row: number): boolean {
  return valid === undefined || ((valid[row >> 3]! >> (row & 7)) & 1) === 1
}

export function coveredSpan(span: TimeSpan, sinceMs: number): TimeSpan {
  const since = Number.isFinite(sinceMs) ? BigInt(Math.ceil(sinceMs)) * 1000n : span.to
  const from = since > span.from ? since : span.from
  return { from: from < span.to ? from : span.to, to: span.to }
}
