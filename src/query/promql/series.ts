import type { LabelSet } from '../metrics/labels.ts'
import type { Matcher } from '../metrics/matchers.ts'
import type { Series } from '../metrics/values.ts'

/** Series with samples at times from `from` to `to` (ms), both inclusive. */
export type SeriesRequest = Readonly<{ matchers: readonly Matcher[]; from: number; to: number; resolution: number }>
export type SeriesSource = (request: SeriesRequest) => Promise<readonly Series[]>

export type Window = Readonly<{
  labels: LabelSet
  times: readonly number[]
  values: readonly number[]
  dropsName?: boolean
}>

/** A series, and the same without stale markers. */
export class LoadedSeries {
  readonly labels: LabelSet
  readonly #all: Series
  readonly #fresh: Series

  constructor(series: Series) {
    this.labels = series.labels
    this.#all = series
    const { stale, labels, times, values } = series
    const isFresh = (_: number, at: number): boolean => stale?.has(at) !== true
    this.#fresh =
      stale === undefined || stale.size === 0
        ? series
        : { labels, times: times.filter(isFresh), values: values.filter(isFresh) }
  }

  /** The newest sample after `after`, not after `time`. Undefined: none, or a stale marker. */
  newest(after: number, time: number): { time: number; value: number } | undefined {
    const { times, values, stale } = this.#all
    const at = firstAfter(times, time) - 1
    if (at < 0 || times[at]! <= after || stale?.has(at) === true) return undefined
    return { time: times[at]!, value: values[at]! }
  }

  /** Samples after `after`, not after `time`. */
  window(after: number, time: number): Window | undefined {
    const { times, values } = this.#fresh
    const [from, to] = [firstAfter(times, after), firstAfter(times, time)]
    return from >= to
      ? undefined
      : { labels: this.labels, times: times.slice(from, to), values: values.slice(from, to) }
  }
}

/** Index of the first time after `time`. */
export function firstAfter(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low
}
