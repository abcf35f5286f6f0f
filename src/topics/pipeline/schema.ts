import { Array as ArrayOf, Boolean as Flag, Object as ObjectOf, String as Text } from 'typebox'
import type { Of } from '../schema.ts'

export const Health = ObjectOf(
  {
    live: Flag(),
    ready: Flag({ description: 'Whether it is ready; otherwise `reasons` explains why not.' }),
    accepting: Flag({ description: 'Whether posted data is currently accepted.' }),
    draining: Flag(),
    reasons: ArrayOf(Text()),
    warnings: ArrayOf(Text()),
    version: Text(),
  },
  { $id: 'Health' },
)
export type Health = Of<typeof Health>
