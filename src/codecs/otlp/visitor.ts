import type { Fields } from '../../model/json.ts'

export type OtlpSignal = 'logs' | 'metrics'
export const pointTypes = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const
export type PointType = (typeof pointTypes)[number]

/**
 * Takes a request item by item, as objects of OTLP's JSON. A resource, scope or metric applies to the following items;
 * undefined: it cannot be read.
 */
export interface OtlpVisitor {
  /** The walk pauses after an item. */
  readonly isFull: boolean
  resource(resource: Fields | undefined): void
  scope(scope: Fields | undefined): void
  record(record: Fields): void
  /** Name, description, unit, and the common members of its data points, without the points. */
  metric(metric: Fields | undefined): void
  point(type: PointType, point: Fields): void
  /** A record or data point that cannot be read. */
  fault(message: string): void
}
