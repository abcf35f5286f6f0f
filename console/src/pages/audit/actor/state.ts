import { codecOf } from '../../../state/codec.ts'
import { frameParts, type Frame } from '../../../state/frame.ts'
import { flag, oneOf, text } from '../../../state/parts.ts'
import { range } from '../../../state/range.ts'
import { groupings, type Grouping } from '../../../parts/audit/groupings.ts'
import { openChangeParts, type OpenChange } from '../../../state/open-change.ts'

export interface ActorState extends Frame, OpenChange {
  readonly of: string
  readonly all: boolean
  readonly by: Grouping
  readonly trace: string
}

export const actorCodec = codecOf<ActorState>({
  ...frameParts,
  t: range({ from: 'now-1w', to: 'now' }),
  of: text(),
  all: flag('off'),
  by: oneOf(groupings, 'service'),
  trace: text(),
  ...openChangeParts,
})
