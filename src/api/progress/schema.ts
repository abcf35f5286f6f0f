import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { oneOf, type Of } from '../../topics/schema.ts'

const QueryProgress = ObjectOf({
  query_id: Text({ description: '`X-Query-Id` of the request, or the id that the server chose.' }),
  operation: Text(),
  running_ms: Integer({ description: 'Since the arrival of the request.' }),
  state: oneOf(['waiting', 'verifying', 'reading'], {
    description: '`waiting`: for other queries. `verifying`: checksums of files before their first use.',
  }),
  unit: Optional(oneOf(['files', 'rows'], { description: 'Of `done` and `total`.' })),
  done: Optional(Integer()),
  total: Optional(
    Integer({ description: 'An estimate. A question of several statements counts rows that it reads again.' }),
  ),
  remaining_ms: Optional(Integer({ description: 'An estimate; absent at the beginning.' })),
})
export type QueryProgress = Of<typeof QueryProgress>

export const Queries = ObjectOf({ queries: ArrayOf(QueryProgress) }, { $id: 'Queries' })
export type Queries = Of<typeof Queries>
