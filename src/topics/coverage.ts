/** What results over a time may lack: rows that are not stored yet, that are lost, or that were never received. */
import type { Control, StoredSums, StoreReader, TimeRange } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { isoOf, type Rollup, type RowQuery, type TimeSpan } from '../query/plan/index.ts'

/** The state of this process that coverage depends on. */
export type Instance = Readonly<{
  control: Pick<Control, 'stops' | 'store' | 'storeLag'>
  host: Pick<Host, 'clock'>
}>

/** Parts that a result may lack; absent: it lacks none. */
export type CoverageFacts = Readonly<{
  /** Set if rows that were received later are missing. */
  stored_to?: string
  /** Time of the oldest stored row, if the range begins earlier. */
  since?: string
  /** Spans of times of lost rows. */
  lost?: readonly IsoSpan[]
  /** Spans when Weir did not run. */
  stopped?: readonly IsoSpan[]
}>

export type IsoSpan = Readonly<{ from: string; to: string }>

/** {@link CoverageFacts} with times in µs. */
export type Coverage = Readonly<{
  storedTo?: bigint
  since?: bigint
  lost?: readonly TimeSpan[]
  stopped?: readonly TimeSpan[]
}>

/** Spans that ended earlier than this are stored. */
const recentMs = 60_000
const graceMs = 1000

type Since = Pick<Coverage, 'since'>

/** Oldest stored flow (µs), if the span begins earlier; the end of the span if there is none. */
export async function storedSince(store: StoreReader, span: TimeSpan): Promise<Since> {
  return sinceOfFlows(await store.sums?.(), span)
}

function sinceOfFlows(sums: StoredSums | undefined, { from, to }: TimeSpan): Since {
  if (sums === undefined) return {}
  const { first } = sums.flows
  const since =
    Number.isFinite(first) && BigInt(Math.floor(first)) * 1000n < to ? BigInt(Math.floor(first)) * 1000n : to
  return since > from ? { since } : {}
}

const hourMs = 3_600_000

/** Start of the stored rollups, which may be retained longer than the flows. */
function sinceOfRollups(sums: StoredSums | undefined, { from, to }: TimeSpan): Since {
  if (sums === undefined) return {}
  const { flows, oldest } = sums
  // The hour of the oldest sums begins before its first flow.
  const first = flows.first < oldest + hourMs ? flows.first : oldest
  if (!Number.isFinite(first)) return {}
  const since = BigInt(Math.floor(first)) * 1000n
  return since > from && since < to ? { since } : {}
}

/** The part of a span since which every received flow is present. `since`: Unix ms; Infinity: unknown. */
export function spanSince({ from, to }: TimeSpan, since: number): TimeSpan {
  const first = Number.isFinite(since) ? BigInt(Math.ceil(since)) * 1000n : to
  return { from: first > from ? (first < to ? first : to) : from, to }
}

/** Receive time (µs) up to which everything is stored, if the span ends later. To call before the rows are read. */
export function storedTo({ control, host }: Instance, { to }: TimeSpan): Pick<Coverage, 'storedTo'> {
  const now = host.clock.now()
  if (Number(to) / 1000 < now - recentMs) return {}
  const lagMs = control.storeLag()
  if (lagMs === undefined) return {}
  const storedUs = BigInt(Math.floor(now - lagMs - graceMs)) * 1000n
  return storedUs < to ? { storedTo: storedUs } : {}
}

type Timed = Pick<RowQuery, 'span' | 'time'>

/** A result without the rows that only lost files had is not exact. */
export type Missing = Pick<Coverage, 'lost' | 'stopped'> & Readonly<{ exact?: false }>

/** What a result from the flows, or from the given rollup, may lack, beside rows that are not stored yet. */
export async function coverageOf(context: Instance, request: Timed, rollup?: Rollup): Promise<Coverage & Missing> {
  const { span, time } = request
  const sums = await context.control.store?.sums?.()
  return {
    ...missingOf(context, sums, rollup === undefined ? request : { span: rollup.span, time }, rollup?.view),
    ...(rollup === undefined ? sinceOfFlows(sums, span) : sinceOfRollups(sums, span)),
  }
}

/** Times of the span (µs, ascending) of which stored flows may be missing. */
export async function missingIn(context: Instance, request: Timed): Promise<Missing> {
  return missingOf(context, await context.control.store?.sums?.(), request)
}

function missingOf(
  { control }: Instance,
  sums: StoredSums | undefined,
  { span, time }: Timed,
  view = 'flows',
): Missing {
  const extents = sums?.lost?.[view] ?? []
  return missingBy(
    control,
    span,
    extents.map(({ occurred, received }) => (time.name === 'flow_time' ? occurred : received)),
  )
}

/** `rows`: times of which rows are lost. */
export function missingBy(control: Pick<Control, 'stops'>, span: TimeSpan, rows: readonly TimeRange[]): Missing {
  const lostSpans = spansWithin(span, rows)
  const stopped = spansWithin(span, control.stops())
  return {
    ...(lostSpans.length === 0 ? {} : { exact: false, lost: lostSpans }),
    ...(stopped.length === 0 ? {} : { stopped }),
  }
}

function spansWithin(span: TimeSpan, ranges: readonly TimeRange[]): readonly TimeSpan[] {
  const cutSpans = ranges
    .map(({ from, to }) => ({ from: BigInt(Math.floor(from)) * 1000n, to: BigInt(Math.floor(to) + 1) * 1000n }))
    .filter(({ from, to }) => from < span.to && to > span.from)
    .map(({ from, to }) => ({ from: from > span.from ? from : span.from, to: to < span.to ? to : span.to }))
    .toSorted((a, b) => Number(a.from - b.from))
  const joinedSpans: TimeSpan[] = []
  for (const range of cutSpans) {
    const last = joinedSpans.at(-1)
    if (last === undefined || last.to < range.from) joinedSpans.push(range)
    else joinedSpans[joinedSpans.length - 1] = { from: last.from, to: range.to > last.to ? range.to : last.to }
  }
  return joinedSpans
}

export function coverageFacts({ storedTo, since, lost, stopped }: Coverage): CoverageFacts {
  return {
    ...(storedTo === undefined ? {} : { stored_to: isoOf(storedTo) }),
    ...(since === undefined ? {} : { since: isoOf(since) }),
    ...(lost === undefined ? {} : { lost: lost.map(isoSpan) }),
    ...(stopped === undefined ? {} : { stopped: stopped.map(isoSpan) }),
  }
}

export function isoSpan({ from, to }: TimeSpan): IsoSpan {
  return { from: isoOf(from), to: isoOf(to) }
}
