import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { oneOf, text } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { families, functions } from '../../parts/numbers/choices.ts'

export interface ChartsState extends Frame {
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
