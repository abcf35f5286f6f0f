import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import { ChangeRow } from '../changes/schema.ts'
import type { FlowGroups, Series } from '../flows/schema.ts'
import { nullText, orNull, parameters, type Of } from '../schema.ts'

export const HomeParameters = parameters({
  last: Optional(
    Text({ pattern: '^\\d{1,3}[mhd]$', default: '1h', description: 'Length of the time.', examples: ['30m'] }),
  ),
  limit: Optional(Integer({ minimum: 1, maximum: 50, default: 8, description: 'Maximum entries of each list.' })),
})

const Warning = ObjectOf({
  time: Text({ description: 'Of the newest event.' }),
  ref: Text({ description: 'The object.' }),
  reason: nullText(),
  message: nullText('Of the newest event.'),
  events: Integer(),
})
export type Warning = Of<typeof Warning>

export const Home = ObjectOf(
  {
    traffic: Unsafe<Series>({ $ref: 'Series#' }),
    talkers: Unsafe<FlowGroups>({ $ref: 'FlowPage#' }),
    changes: orNull(
      ArrayOf(ChangeRow, {
        description: 'The newest changes of the last seven days without noise; null: no store.',
      }),
    ),
    warnings: orNull(
      ArrayOf(Warning, {
        description: 'Warning events of Kubernetes by object and reason, newest first; null: no store.',
      }),
    ),
    watches: Flag({ description: 'Whether a source of this instance watches a cluster.' }),
  },
  { $id: 'Home' },
)
export type Home = Of<typeof Home>
