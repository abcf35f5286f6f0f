import { Array as ArrayOf, Integer, Number as Num, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { severities } from '../../../model/image-insights.ts'
import { described, largestFirst, nullText, oneOf, orNull, parameters, type Of } from '../../schema.ts'

import { subjectKinds } from '../schema.ts'

export const momentParts = ['object', 'relations', 'images', 'problems', 'traffic', 'cost'] as const
export type MomentPart = (typeof momentParts)[number]

export const MomentsParameters = parameters({
  subject: Text({
    minLength: 1,
    maxLength: 2000,
    description: 'As of GET /api/v1/investigate.',
    examples: ['shop/api'],
  }),
  a: Text({ description: 'A time: `now-1h`, ISO 8601 or Unix milliseconds.', examples: ['now-1h'] }),
  b: Optional(Text({ default: 'now', description: 'The other time.' })),
  window: Optional(
    Text({ default: '15m', description: 'Traffic is that of this duration before each time: `5m`, `1h`, `1d`.' }),
  ),
  limit: Optional(
    Integer({ minimum: 1, maximum: 500, default: 50, description: 'Maximum fields, relations and pairs of traffic.' }),
  ),
})
export type MomentsQuery = Of<typeof MomentsParameters>

const FieldDifference = ObjectOf({
  path: Text({ description: 'JSON pointer.' }),
  a: Optional(described<unknown>('Absent: the field did not exist.')),
  b: Optional(described<unknown>('Absent: the field does not exist.')),
})
export type FieldDifference = Of<typeof FieldDifference>

const RelationDifference = ObjectOf({
  is: oneOf(['added', 'removed']),
  relation: Text({ description: '`holds`: an object with the address.' }),
  from: Text(),
  to: Text(),
})
export type RelationDifference = Of<typeof RelationDifference>

const ProblemDifference = ObjectOf({
  is: oneOf(['added', 'removed']),
  id: Text(),
  severity: oneOf(severities),
  package: nullText(),
  image: Text({ description: 'Name or digest of an image that has it.' }),
})
export type ProblemDifference = Of<typeof ProblemDifference>

const traffic = () => ({ bytes: Num(), packets: Num(), flows: Num() })

const PairDifference = ObjectOf({ from: nullText(), to: nullText(), a: Num(), b: Num() })
export type PairDifference = Of<typeof PairDifference>

const CostDifference = ObjectOf({ currency: Text(), a: Text(), b: Text(), difference: Text() })
export type CostDifference = Of<typeof CostDifference>

export const Moments = ObjectOf(
  {
    subject: ObjectOf({ is: oneOf(subjectKinds), text: Text(), ref: Text() }),
    a: Text(),
    b: Text(),
    window: Integer({ description: 'Seconds of traffic before each time.' }),
    exists: orNull(ObjectOf({ a: described<boolean>('At the time `a`.'), b: described<boolean>('At the time `b`.') })),
    fields: ArrayOf(FieldDifference, { description: 'Of the manifest, else of the known properties, by path.' }),
    relations: ArrayOf(RelationDifference),
    images: ArrayOf(ObjectOf({ is: oneOf(['added', 'removed']), image: Text() })),
    problems: orNull(
      ArrayOf(ProblemDifference, {
        description: 'Of the images that it ran, the worst first; null: it runs no images.',
      }),
    ),
    traffic: orNull(
      ObjectOf({
        a: ObjectOf(traffic()),
        b: ObjectOf(traffic()),
        pairs: largestFirst(PairDifference),
      }),
    ),
    cost: ArrayOf(CostDifference, { description: 'Of the days (UTC) of both times.' }),
    totals: ObjectOf(
      { fields: Integer(), relations: Integer(), problems: Integer(), pairs: Integer() },
      { description: 'All differences, also those beyond `limit`.' },
    ),
    notes: ArrayOf(ObjectOf({ part: oneOf(momentParts), note: Text() }), {
      description: 'Why a part has nothing to compare.',
    }),
  },
  { $id: 'Moments' },
)
export type Moments = Of<typeof Moments>
