import type { Cell, Series } from '../../../../../src/api/published.ts'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { request } from '../../../api/client.ts'
import { watch } from '../../../live/tab.ts'
import type { ChartSeries } from '../../../parts/chart.tsx'
import type { RatesKind } from './kinds.ts'
import { valueName } from './names.ts'
import { missingBuckets, stretchesOf, type Stretch } from '../../../api/series.ts'
import { serverNow } from '../../../state/server-time.ts'
import { Buckets, othersName, type Stack } from './sums.ts'
import { liveQuestion, questionQuery, type FlowQuestion } from '../flow-filter.ts'
import type { Dimension, Measure } from './state.ts'

type SeriesMessage = Readonly<{
  step: number
  groups: readonly (readonly Cell[])[]
  buckets: readonly (readonly [time: string, total: readonly number[], groups: readonly (readonly number[] | null)[]])[]
  snapshot?: true
  since?: string
}>

type Past = Readonly<{
  /** Unix seconds from which the data are complete. */
  from: number
  to: number
  missing: readonly Stretch[]
  rows: readonly Readonly<{ at: number; other: boolean; cell: unknown; amount: number }>[]
}>

const columns = ['bytes_est', 'packets_est'] as const
const placeOf = { flows: 0, bytes: 1, packets: 2 } as const
type StreamedMeasure = keyof typeof placeOf

export function isStreamed(measure: Measure): measure is StreamedMeasure {
  return Object.hasOwn(placeOf, measure)
}

/** The stream has the filter and the grouping of the page, without the condition of a family. */
export function isOfStream({ field, family }: Pick<RatesKind, 'field' | 'family'>): boolean {
  return field === undefined && family === 'flows'
}

const groupLimit = 15
const [bucketsLeast, maxBuckets] = [30, 180]

export class LiveSeries {
  step: number
  groups: readonly (readonly Cell[])[] = []
  readonly buckets = new Map<
    number,
    Readonly<{ total: readonly number[]; groups: readonly (readonly number[] | null)[] }>
  >()
  begun = false
  since = -Infinity

  readonly #shownBuckets: number

  constructor(step: number, shown = maxBuckets) {
    this.step = step
    this.#shownBuckets = shown
  }

  take({ step, groups, buckets, snapshot, since }: SeriesMessage): void {
    this.begun = true
    this.step = step / 1000
    if (snapshot === true) this.buckets.clear()
    if (since !== undefined) this.since = Date.parse(since) / 1000
    this.groups = groups
    for (const [time, total, sums] of buckets) this.buckets.set(Date.parse(time) / 1000, { total, groups: sums })
    const newest = Math.max(...this.buckets.keys())
    for (const at of this.buckets.keys()) if (at <= newest - this.#shownBuckets * this.step) this.buckets.delete(at)
  }

  begins(now: number): number {
    return Math.max(now, ...this.buckets.keys()) + this.step - this.#shownBuckets * this.step
  }

  stack(field: Dimension, measure: StreamedMeasure, top: number, now: number, past?: Past): Stack {
    const begin = this.begins(now)
    const cellIndex = placeOf[measure]
    const parts =
      past?.rows.map(({ at, other: isRest, cell, amount }): Part => ({
        at,
        key: isRest ? undefined : JSON.stringify([cell]),
        cell,
        amount,
      })) ?? []
    for (const [at, { total, groups }] of this.buckets) {
      let rest = total[cellIndex] ?? 0
      this.groups.forEach((cells, index) => {
        const amount = groups[index]?.[cellIndex] ?? 0
        rest -= amount
        parts.push({ at, key: JSON.stringify(cells), cell: cells[0], amount })
      })
      if (rest > 0) parts.push({ at, key: undefined, cell: undefined, amount: rest })
    }
    const largest = largestKeys(parts, top)
    const stack = new Buckets(begin, begin + this.#shownBuckets * this.step, this.step)
    for (const { at, key, cell, amount } of parts) {
      if (key !== undefined && largest.has(key))
        stack.add(key, { name: valueName(field, cell), other: false }, at, amount)
      else if (amount > 0) stack.add('other', { name: othersName, other: true }, at, amount)
    }
    return withUnknown(stack.stack(), this.step, this.since, past)
  }
}

type Part = Readonly<{
  at: number
  key: string | undefined
  cell: unknown
  amount: number
}>

function largestKeys(parts: readonly Part[], top: number): ReadonlySet<string> {
  const sums = new Map<string, number>()
  for (const { key, amount } of parts) if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + amount)
  return new Set(
    [...sums]
      .sort(([, a], [, b]) => b - a)
      .slice(0, top)
      .map(([key]) => key),
  )
}

/** Blanks buckets that neither stream nor store covers: 0 would mean no traffic. */
function withUnknown(stack: Stack, step: number, since: number, past: Past | undefined): Stack {
  const isKnown = (at: number) =>
    at >= since ||
    (past !== undefined &&
      !past.missing.some(({ from, to }) => at >= from && at < to) &&
      at + step > past.from &&
      (at + step <= past.to || past.to >= since))
  const unknown = stretchesOf(stack.times, step, (at) => !isKnown(at))
  if (unknown.length === 0) return stack
  const known = (part: ChartSeries): ChartSeries => ({
    ...part,
    values: part.values.map((value, index) => (isKnown(stack.times[index] ?? 0) ? value : null)),
  })
  return { ...stack, series: stack.series.map(known), total: known(stack.total), unknown }
}

export function usePast(
  series: LiveSeries | undefined,
  question: FlowQuestion,
  field: Dimension,
  measure: Measure,
): Past | undefined {
  const since = series?.since ?? -Infinity
  const from = useMemo(
    () => (series === undefined || !Number.isFinite(since) ? Infinity : series.begins(serverNow() / 1000)),
    [series, since],
  )
  const query = {
    ...questionQuery(question),
    from: iso(from),
    to: iso(since),
    time: 'time_received',
    step: `${series?.step ?? 1}s`,
    group: field,
    by: measure,
    limit: groupLimit,
  }
  const { data } = useQuery<Series>({
    queryKey: ['live-past', query],
    enabled: from < since,
    staleTime: Infinity,
    gcTime: 30_000,
    refetchInterval: ({ state }) => (state.data?.stored_to === undefined ? false : 3000),
    queryFn: ({ signal }) => request<Series>('/api/v1/series', { signal, query }),
  })
  return useMemo(() => (data === undefined ? undefined : pastOf(data, measure)), [data, measure])
}

export function pastOf(answer: Series, measure: Measure): Past {
  const { columns, rows, span, since, stored_to: storedTo } = answer
  const [time, restColumn, amount] = ['time', 'other', measure].map((name) =>
    columns.findIndex((column) => column.name === name),
  ) as [number, number, number]
  return {
    from: Date.parse(since ?? span.from) / 1000,
    to: Date.parse(storedTo ?? span.to) / 1000,
    missing: missingBuckets(answer),
    rows: rows.map((row) => ({
      at: Date.parse(String(row[time])) / 1000,
      other: row[restColumn] === true,
      cell: row[2],
      amount: Number(row[amount]),
    })),
  }
}

const iso = (seconds: number) => (Number.isFinite(seconds) ? new Date(Math.round(seconds * 1000)).toISOString() : 'now')

export function liveStep(spanSeconds: number): number {
  return [1, 2, 5, 10, 15, 20, 30, 60, 120, 300].find((step) => step * maxBuckets >= spanSeconds) ?? 600
}

/** @param question undefined: not live. */
export function useLiveSeries(
  question: FlowQuestion | undefined,
  field: Dimension,
  spanSeconds: number,
): Readonly<{ series: LiveSeries; turn: number }> | undefined {
  const { filter = '', both = false, once = false } = question ?? {}
  const on = question !== undefined
  const [turn, setTurn] = useState(0)
  const step = liveStep(spanSeconds)
  const shown = Math.max(bucketsLeast, Math.min(maxBuckets, Math.ceil(spanSeconds / step)))
  const series = useMemo(() => new LiveSeries(step, shown), [on, filter, both, once, field, step, shown])
  useEffect(() => {
    if (!on) return undefined
    const view = {
      kind: 'series',
      q: liveQuestion({ filter, both, once }),
      columns,
      scope: [field],
      step,
      points: shown,
      limit: groupLimit,
    }
    const stop = watch(view, (message) => {
      if (message.is !== 'other' || message.event !== 'series') return
      series.take(message.data as unknown as SeriesMessage)
      setTurn((before) => before + 1)
    })
    const clock = setInterval(() => setTurn((before) => before + 1), Math.max(1, step) * 1000)
    return () => {
      stop()
      clearInterval(clock)
    }
  }, [on, filter, both, once, field, step, shown, series])
  return on && series.begun ? { series, turn } : undefined
}
