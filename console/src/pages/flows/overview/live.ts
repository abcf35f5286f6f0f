import { useEffect, useMemo, useState } from 'react'
import type { Cell } from '../../../../../src/api/published.ts'
import { watch } from '../../../live/tab.ts'
import { valueName } from './names.ts'
import { Buckets, othersName, type Stack } from './sums.ts'
import { liveQuestion, type FlowQuestion } from '../question.ts'
import type { Dimension, Measure } from './state.ts'

/** A message of a live series, as the server sends it. Sums are rows, then the columns asked for. */
export interface SeriesMessage {
  readonly step: number
  readonly groups: readonly (readonly Cell[])[]
  readonly buckets: readonly (readonly [time: string, total: readonly number[], groups: readonly (readonly number[] | null)[]])[]
  readonly snapshot?: true
}

const columns = ['bytes_est', 'packets_est'] as const
/** Place of each measure in the sums; the others do not come by the stream. */
const placeOf = { flows: 0, bytes: 1, packets: 2 } as const
export type StreamedMeasure = keyof typeof placeOf

export function isStreamed(measure: Measure): measure is StreamedMeasure {
  return Object.hasOwn(placeOf, measure)
}

/** Groups that the server tells apart, of which a panel shows fewer. */
const groupsAsked = 15
const [bucketsLeast, bucketsMost] = [30, 180]

/** The series as all messages until now have it. */
export class LiveSeries {
  step: number
  groups: readonly (readonly Cell[])[] = []
  readonly buckets = new Map<number, { readonly total: readonly number[]; readonly groups: readonly (readonly number[] | null)[] }>()
  begun = false

  readonly #shown: number

  /** @param shown buckets, each of `step` seconds. */
  constructor(step: number, shown = bucketsMost) {
    this.step = step
    this.#shown = shown
  }

  take({ step, groups, buckets, snapshot }: SeriesMessage): void {
    this.begun = true
    this.step = step / 1000
    if (snapshot === true) this.buckets.clear()
    this.groups = groups
    for (const [time, total, sums] of buckets) this.buckets.set(Date.parse(time) / 1000, { total, groups: sums })
    const newest = Math.max(...this.buckets.keys())
    for (const at of this.buckets.keys()) if (at <= newest - this.#shown * this.step) this.buckets.delete(at)
  }

  /** The largest groups by bytes, as the server ranks them, and what they leave of each bucket. `now` in Unix seconds. */
  stack(field: Dimension, measure: StreamedMeasure, top: number, now: number): Stack {
    const end = Math.max(now, ...this.buckets.keys()) + this.step
    const stack = new Buckets(end - this.#shown * this.step, end, this.step)
    const place = placeOf[measure]
    for (const [at, { total, groups }] of this.buckets) {
      let rest = total[place] ?? 0
      this.groups.slice(0, top).forEach((cells, index) => {
        const amount = groups[index]?.[place] ?? 0
        rest -= amount
        stack.add(JSON.stringify(cells), valueName(field, cells[0]), false, at, amount)
      })
      if (rest > 0) stack.add('other', othersName, true, at, rest)
    }
    return stack.stack()
  }
}

/** Seconds of a bucket, so that the span asked about fits. */
export function liveStep(spanSeconds: number): number {
  return [1, 2, 5, 10, 15, 20, 30, 60, 120, 300].find((step) => step * bucketsMost >= spanSeconds) ?? 600
}

/** The series of the one live stream; undefined while it is not watched or has not begun. */
export function useLiveSeries(on: boolean, { filter, both, once }: FlowQuestion, field: Dimension, spanSeconds: number): { readonly series: LiveSeries; readonly turn: number } | undefined {
  const [turn, setTurn] = useState(0)
  const step = liveStep(spanSeconds)
  const shown = Math.max(bucketsLeast, Math.min(bucketsMost, Math.ceil(spanSeconds / step)))
  const series = useMemo(() => new LiveSeries(step, shown), [on, filter, both, once, field, step, shown])
  useEffect(() => {
    if (!on) return undefined
    const view = { kind: 'series', q: liveQuestion({ filter, both, once }), columns, scope: [field], step, points: shown, limit: groupsAsked }
    const stop = watch(view, (message) => {
      if (message.is !== 'other' || message.event !== 'series') return
      series.take(message.data as unknown as SeriesMessage)
      setTurn((before) => before + 1)
    })
    // Time passes where nothing else does.
    const clock = setInterval(() => setTurn((before) => before + 1), Math.max(1, step) * 1000)
    return () => {
      stop()
      clearInterval(clock)
    }
  }, [on, filter, both, once, field, step, shown, series])
  return on && series.begun ? { series, turn } : undefined
}
