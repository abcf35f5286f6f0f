import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { openChangeParts, type OpenChange } from '../../state/open-change.ts'
import { flag, names, text, textList } from '../../state/parts.ts'
import { range } from '../../state/range.ts'

/** `sel` and pins are `lane:pos`. */
export interface InvestigateState extends Frame, OpenChange {
  readonly of: string
  readonly pins: readonly string[]
  /** Of pins: `lane:pos=text`. */
  readonly notes: readonly string[]
  readonly pinned: boolean
  readonly hide: readonly string[]
  readonly why: boolean
  /** Two times are compared: `a` and `b`, or the ends of the range. */
  readonly cmp: boolean
  readonly a: string
  readonly b: string
}

export const investigateCodec = codecOf<InvestigateState>({
  ...frameParts,
  t: range({ from: 'now-1h', to: 'now' }),
  of: text(),
  pins: textList(),
  notes: textList(),
  pinned: flag('off'),
  hide: names([]),
  why: flag('off'),
  cmp: flag('off'),
  a: text(),
  b: text(),
  ...openChangeParts,
})
