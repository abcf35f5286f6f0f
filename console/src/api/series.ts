import type { CoverageFacts, Series } from '../../../src/api/published.ts'
import { serverNow } from '../state/server-time.ts'

/** `step` in seconds. */
export type Covered = CoverageFacts & Readonly<{ span: Readonly<{ from: string; to: string }>; step: number }>

/** Begins of the buckets in Unix seconds, and the bucket of a time; -1: outside. */
export function bucketsOf({ span, step }: Pick<Series, 'span' | 'step'>) {
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  return {
    times: Array.from({ length }, (_, index) => first + index * step),
    at: (time: unknown) => {
      const index = Math.round((Date.parse(time as string) / 1000 - first) / step)
      return index < length ? Math.max(-1, index) : -1
    },
    zeros: () => new Array<number>(length).fill(0),
  }
}

export type Stretch = Readonly<{ from: number; to: number }>

/**
 * Unix seconds of whole buckets before the first stored row, of buckets that are not stored yet, and of buckets
 * without rows where rows are lost, where Weir did not run, or in the future. `held`: begins of the buckets with rows.
 */
export function unknownIn(answer: Covered, held: readonly unknown[]): readonly Stretch[] {
  const { span, step, since, stored_to: storedTo } = answer
  const seconds = (iso: string) => Date.parse(iso) / 1000
  const [from, to] = [Math.floor(seconds(span.from) / step) * step, seconds(span.to)]
  const first = since === undefined ? from : Math.min(to, Math.floor(seconds(since) / step) * step)
  const last = storedTo === undefined ? to : Math.max(first, Math.ceil(seconds(storedTo) / step) * step)
  return [{ from, to: first }, ...missingIn(answer, held), { from: last, to }].filter(
    (stretch) => stretch.to > stretch.from,
  )
}

export const unknownOf = (answer: Series): readonly Stretch[] => unknownIn(answer, timesOf(answer))

/** Buckets without flows in times of which flows may be missing, or in the future. */
export const missingBuckets = (answer: Series): readonly Stretch[] => missingIn(answer, timesOf(answer))

function timesOf({ columns, rows }: Series): readonly unknown[] {
  const time = columns.findIndex(({ name }) => name === 'time')
  return rows.map((row) => row[time])
}

function missingIn({ span, step, lost = [], stopped = [] }: Covered, held: readonly unknown[]): readonly Stretch[] {
  const buckets = bucketsOf({ span, step })
  const future = Math.ceil(serverNow() / 1000 / step) * step
  const missing = [...lost, ...stopped]
    .map(({ from, to }) => ({ from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 }))
    .concat(buckets.times.at(-1)! < future ? [] : [{ from: future, to: Infinity }])
  if (missing.length === 0) return []
  const heldBuckets = new Set(held.map(buckets.at))
  return stretchesOf(buckets.times, step, (from, index) => {
    return !heldBuckets.has(index) && missing.some((gap) => gap.from < from + step && gap.to > from)
  })
}

/** Joins the neighbors of the chosen buckets. `times`: their begins. */
export function stretchesOf(
  times: readonly number[],
  step: number,
  isChosen: (time: number, index: number) => boolean,
): Stretch[] {
  const stretches: Stretch[] = []
  times.forEach((from, index) => {
    if (!isChosen(from, index)) return
    const before = stretches.at(-1)
    if (before?.to === from) stretches[stretches.length - 1] = { from: before.from, to: from + step }
    else stretches.push({ from, to: from + step })
  })
  return stretches
}

/** Values with null for the buckets of unknown stretches: 0 would mean no traffic. */
export function knownValues<T extends number | null | undefined>(
  times: readonly number[],
  values: readonly T[],
  unknown: readonly Stretch[],
): readonly (T | null)[] {
  if (unknown.length === 0) return values
  return values.map((value, index) => {
    const time = times[index] ?? 0
    return unknown.some(({ from, to }) => time >= from && time < to) ? null : value
  })
}

/** Bytes per second of each bucket; buckets without flows are 0, unknown ones null. */
export function ratesOf(answer: Series): Readonly<{
  times: readonly number[]
  values: readonly (number | null)[]
  unknown: readonly Stretch[]
  sum: number
}> {
  const { columns, rows, step } = answer
  const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
  const [time, bytes] = [columnOf('time'), columnOf('bytes')]
  const buckets = bucketsOf(answer)
  const values = buckets.zeros()
  let sum = 0
  for (const row of rows) {
    const at = buckets.at(row[time])
    sum += Number(row[bytes])
    if (at >= 0) values[at] = (values[at] ?? 0) + Number(row[bytes])
  }
  const unknown = unknownOf(answer)
  const rates = values.map((value) => value / step)
  return { times: buckets.times, values: knownValues(buckets.times, rates, unknown), unknown, sum }
}

type Rates = ReturnType<typeof ratesOf>

/** A chart of a young server begins shortly before its first row, if that is in the second half of the range. */
export function fromFirstRow(rates: Rates): Rates & Readonly<{ since?: number }> {
  const { times, values, unknown } = rates
  const first = values.findIndex((value) => value !== null)
  if (first < times.length / 2) return rates
  const from = Math.max(0, first - Math.ceil((times.length - first) / 4))
  const start = times[from] ?? 0
  return {
    ...rates,
    times: times.slice(from),
    values: values.slice(from),
    unknown: unknown.flatMap((stretch) =>
      stretch.to <= start ? [] : [{ ...stretch, from: Math.max(start, stretch.from) }],
    ),
    since: times[first]!,
  }
}
