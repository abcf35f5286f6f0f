import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, names, oneOf, text } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { earlierTimes, type EarlierTime } from '../../parts/earlier.ts'
import { functions, type MetricFunction } from '../../parts/metrics/expression.ts'

export interface MetricsState extends Frame {
  /** Empty: the list of metrics. */
  readonly m: string
  /** `auto`: by the type of the metric. */
  readonly fn: MetricFunction
  readonly by: readonly string[]
  /** Conditions of labels: `namespace="shop"`. */
  readonly where: string
  /** An expression of the user, in place of the composed one. */
  readonly expr: string
  /** Words of the list of metrics. */
  readonly q: string
  readonly why: boolean
  /** Compared with this time. */
  readonly before: EarlierTime
}

export const metricsCodec = codecOf<MetricsState>({
  ...frameParts,
  t: range({ from: 'now-1h', to: 'now' }),
  m: text(),
  fn: oneOf(functions, 'auto'),
  by: names([]),
  where: text(),
  expr: text(),
  q: text(),
  why: flag('off'),
  before: oneOf(earlierTimes, ''),
})
