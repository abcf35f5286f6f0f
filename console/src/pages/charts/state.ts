import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { oneOf, text } from '../../state/parts.ts'
import { range } from '../../state/range.ts'

export const families = [
  'point',
  'log',
  'event',
  'cost',
  'resource',
  'problem',
  'package',
  'fact',
  'audit',
  'change',
  'k8s-event',
] as const
export const functions = ['avg', 'sum', 'min', 'max', 'p50', 'p95', 'p99', 'count'] as const
/** Attributes of events. */
export const attributes = ['subject', 'type', 'source'] as const

interface ChartsState extends Frame {
  readonly family: (typeof families)[number]
  /** JSON pointer; empty: the first number. */
  readonly field: string
  readonly fn: (typeof functions)[number]
  /** Attribute or JSON pointer; empty: one series. */
  readonly by: string
}

export const chartsCodec = codecOf<ChartsState>({
  ...frameParts,
  t: range({ from: 'now-1h', to: 'now' }),
  family: oneOf(families, 'point'),
  field: text(),
  fn: oneOf(functions, 'avg'),
  by: text(),
})
