import type { coreMetrics } from './metric-table.ts'

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

export type Labels = Readonly<Record<string, string>>

type CoreMetrics = typeof coreMetrics

/** The `metrics.ts` of a connector augments this interface: an undeclared metric does not compile. */
export interface MetricNames extends CoreMetrics {}

export type MetricName = keyof MetricNames

export interface Metrics {
  count(name: MetricName, by: number, labels?: Labels): void
  /** `undefined` removes the series. */
  set(name: MetricName, value: number | undefined, labels?: Labels): void
}

export interface Sender {
  postMessage(message: unknown): void
}

export interface Receiver {
  on(event: 'message', listener: (message: unknown) => void): unknown
}
