import type { MetricSeries } from './series.ts'

export type Family = Readonly<{
  /** With prefix, and `_total` for counters. */
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  unit: string | undefined
  labels: readonly string[]
  bounds: readonly number[]
  series: MetricSeries
  raw: boolean
  valuesOf: (set: number) => readonly string[]
}>
