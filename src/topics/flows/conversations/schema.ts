import { Integer, Number as Num, Object as ObjectOf, Optional, Unsafe } from 'typebox'
import type { Of } from '../../schema.ts'
import { flowFrame } from '../schema.ts'

/** Beyond 2^53 a text. */
const sum = () => Unsafe<number | string>({ type: ['number', 'string'] })

export const Conversations = ObjectOf(
  {
    ...flowFrame,
    total: ObjectOf(
      {
        conversations: Integer(),
        conversations_error: Optional(
          Num({
            description:
              'Only from lists: the number of all conversations is estimated, with this relative error (four ' +
              'standard errors). A conversation counts once for each day. The sums of all flows are exact.',
          }),
        ),
        flows: sum(),
        bytes: sum(),
        packets: sum(),
      },
      { description: 'Number of all conversations, and the sums of their flows.' },
    ),
  },
  { $id: 'Conversations' },
)
export type Conversations = Of<typeof Conversations>
