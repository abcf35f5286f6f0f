import { Array as ArrayOf, Integer, Number as Num, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import { described, oneOf, parameters, type Of } from '../schema.ts'

/** Time in ms, sink, row id. */
export const letterPosition = /^([0-9]{1,16})\/([^/]+)\/(.+)$/

export const LettersParameters = parameters({
  sink: Optional(Text({ description: 'Only this sink.' })),
  reason: Optional(Text({ description: 'Only this reason.' })),
  limit: Optional(Integer({ minimum: 1, maximum: 10_000, default: 100 })),
  after: Optional(
    Text({
      pattern: letterPosition.source,
      description:
        'Start after this dead letter, the last one of the previous page: `<time>/<sink>/<id>` from its fields.',
    }),
  ),
  bodies: Optional(oneOf(['true', 'false'], { default: 'true', description: 'Whether to include bodies.' })),
})

export const ReasonsParameters = parameters({
  sink: Optional(Text({ description: 'Only this sink.' })),
  limit: Optional(
    Integer({ minimum: 1, maximum: 10_000, default: 100, description: 'Maximum number of groups, largest first.' }),
  ),
})

const count = (description: string) => Integer({ minimum: 0, description })

export const DeadLetterReason = parameters({
  sink: Text(),
  reason: Text(),
  open: count('Unresolved dead letters.'),
  retrying: count('Those moved back to pending.'),
  oldest: Integer({ description: 'Unix milliseconds.' }),
  newest: Integer({ description: 'Unix milliseconds.' }),
})

export type DeadLetterReason = Of<typeof DeadLetterReason>

export const DeadLetter = ObjectOf(
  {
    id: Text({ description: 'Stable id of the row.' }),
    sink: Text(),
    time: Num({ description: 'Unix milliseconds.' }),
    reason: Text(),
    attempts: Integer(),
    state: oneOf(['open', 'retrying', 'delivered', 'dropped'], {
      description: '`open` is unresolved; the last two are resolved.',
    }),
    kind: oneOf(['events', 'flows']),
    body: Optional(described<unknown>('Attributes and data of an event, or the fields of a flow.')),
  },
  { $id: 'DeadLetter' },
)
export type DeadLetter = Of<typeof DeadLetter>

export const LetterParameters = ObjectOf({ id: Text({ minLength: 1 }) })
export const LetterQuery = parameters({
  sink: Optional(Text({ description: 'The one of this sink; else the first unresolved one.' })),
})

export const SinkParameters = ObjectOf({ sink: Text({ minLength: 1 }) })

export const EditedLetter = parameters({
  id: Text({ minLength: 1 }),
  body: Unsafe<object>({ type: 'object', description: 'The body from the dead letter, corrected.' }),
})

export const MovedLetters = parameters({
  ids: Optional(ArrayOf(Text(), { minItems: 1, description: 'Ids of dead letters. Unset: all of the sink.' })),
  reason: Optional(Text({ description: 'Only those with this reason.' })),
  until: Optional(
    Integer({ minimum: 0, description: 'Unix milliseconds: only those rejected until then, `newest` included.' }),
  ),
})

export const RetriedLetters = ObjectOf({ retried: Integer() })
export type RetriedLetters = Of<typeof RetriedLetters>

export const DroppedLetters = ObjectOf({ dropped: Integer() })
export type DroppedLetters = Of<typeof DroppedLetters>
