/** Which flows are those of an object, and what they add up to. */
import type { AnswerFrame } from '../../../../src/api/published.ts'
import type { ResourceState, WholeResource } from '../../api/objects.ts'
import { literal } from '../flows/filter-text.ts'

export interface SeriesAnswer extends AnswerFrame {
  /** Seconds of a bucket. */
  readonly step: number
}

export interface Peers extends AnswerFrame {
  readonly others: { readonly groups?: number; readonly bytes: number | string }
  readonly total: { readonly groups?: number; readonly bytes: number | string; readonly flows: number | string }
}

/** Flows of an object: those that it sends, and those that it receives, while it was there. */
export interface Traffic {
  readonly sends: string
  readonly receives: string
  readonly from: string
  readonly to: string
  /** Why no flow can be told to be its own; undefined: they can. */
  readonly none?: string
}

const hourMs = 3_600_000

/** When an object of this uid was there, as far as is known: its states one after the other. */
export function lifeOf(intervals: readonly ResourceState[], uid: string): { readonly from: number; readonly to: number } {
  const own = intervals.filter((state) => state.uid === uid)
  const ends = own.map(({ valid_to: to }) => (to === null ? Infinity : Date.parse(to)))
  return { from: Math.min(...own.map(({ valid_from: from }) => Date.parse(from))), to: Math.max(...ends) }
}

/** The hour before the time of the page, as far as the object had its addresses then: they were of others before, and will be after. */
export function trafficOf({ now, at, intervals }: WholeResource): Traffic {
  const end = Date.parse(at)
  const none = (says: string): Traffic => ({ sends: '', receives: '', from: '', to: '', none: says })
  if (now === null) return none('It was not there at that time: choose a time at which it was.')
  const addresses = [...new Set((now.data.addresses ?? []).map(({ ip }) => ip))]
  if (now.data.hostNetwork === true) return none('It is on the network of its node: its flows cannot be told from those of the node.')
  if (addresses.length === 0) return none('No address of its own is known at that time.')
  const life = lifeOf(intervals, now.uid)
  const list = addresses.map(literal).join(', ')
  return { sends: `src_addr in (${list})`, receives: `dst_addr in (${list})`, from: new Date(Math.max(end - hourMs, life.from)).toISOString(), to: new Date(Math.min(end + 1, life.to)).toISOString() }
}

/** Bytes per second of each bucket of the span; buckets in which nothing passed are 0. */
export function ratesOf({ columns, rows, span, step }: SeriesAnswer): { readonly times: readonly number[]; readonly values: readonly number[]; readonly sum: number } {
  const place = (name: string): number => columns.findIndex((column) => column.name === name)
  const [time, bytes] = [place('time'), place('bytes')]
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  const values = new Array<number>(length).fill(0)
  let sum = 0
  for (const row of rows) {
    const at = Math.round((Date.parse(row[time] as string) / 1000 - first) / step)
    sum += Number(row[bytes])
    if (at >= 0 && at < length) values[at] = (values[at] ?? 0) + Number(row[bytes]) / step
  }
  return { times: Array.from({ length }, (_, index) => first + index * step), values, sum }
}
