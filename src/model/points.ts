/** Bodies of the families `point` and `log`. */

export const telemetryTypes = { point: 'weir.point', log: 'weir.log' } as const

export type PointValue = number | string | boolean

/** Fields of one measurement at the time of the event. `subject` of the event is `name`. */
export type PointData = Readonly<{
  /** Name of a Prometheus metric, or of a measurement: `up`, `tick`. */
  name: string
  labels?: Readonly<Record<string, string>>
  /**
   * A sample of Prometheus has one field, `value`. Integers beyond 2^53 are JSON numbers with all digits, which
   * `parseExact` reads.
   */
  fields: Readonly<Record<string, PointValue>>
  /** Fields that JSON numbers cannot hold; they are not in `fields`. `stale` ends a series of Prometheus. */
  special?: Readonly<Record<string, 'NaN' | '+Inf' | '-Inf' | 'stale'>>
  kind?: 'counter' | 'gauge' | 'histogram' | 'summary'
  unit?: string
  /** Text about the metric, beside one sample in ten minutes. */
  help?: string
  /** True if the source sent no time; the event has the time of its arrival. */
  arrival?: true
}>

export type LogData = Readonly<{
  line: string
  /** Few values each: a set of labels is a stream. */
  labels?: Readonly<Record<string, string>>
  /** Values of one line: ids, names of threads. */
  metadata?: Readonly<Record<string, string>>
  /** Lower case: trace, debug, info, warn, error, fatal. */
  severity?: string
  trace?: string
  span?: string
  /** Nanoseconds after the millisecond of the event, below a million. */
  nanos?: number
  arrival?: true
}>
