import type { MetricSeries } from './series.ts'

export interface Family {
  /** With prefix, and `_total` for counters. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly unit: string | undefined
  readonly labels: readonly string[]
  readonly bounds: readonly number[]
  readonly series: MetricSeries
  /** Whether `series.raw` has the values. */
  readonly raw: boolean
  readonly valuesOf: (set: number) => readonly string[]
}
