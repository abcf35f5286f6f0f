import { withoutUndefined } from '../../../model/json.ts'
import type { ConversationsRequest, TimeSpan } from '../../../query/plan/index.ts'
import { storelessOperation, type Surroundings } from '../../operation.ts'
import { frameOf, type FrameFacts } from '../frame.ts'
import { ConversationsParameters, type ConversationsQuery } from '../parameters.ts'
import { rowQueryOf } from '../row-query.ts'
import type { SumRow } from '../sums/request.ts'
import { conversationCells, conversationColumns } from './rows.ts'
import { Conversations } from './schema.ts'

/** In the columns of `conversationsSql`. */
export type ConversationRows = FrameFacts & Readonly<{ rows: readonly SumRow[]; span: TimeSpan; source: string }>

/** How conversations are read: from the store, or without one from the newest flows in memory. */
export type ConversationsReader = Readonly<{
  readConversations: (request: ConversationsRequest, source: ConversationsQuery['source']) => Promise<ConversationRows>
}>

export const conversations = storelessOperation({
  id: 'conversations',
  summary: 'Both directions of a connection as one row',
  description:
    'Flows with the same protocol, addresses and ports, in either direction. `client` opened the conversation: ' +
    '`initiator` is the evidence: `syn` (TCP flags), `port` (one registered port), `learned` (that end was the ' +
    'server of earlier flows), `lower` (the lower port), or `time` (the earlier flow). ' +
    'Columns ending in `_out` are from client to server, in `_in` the responses; `flows_out` and `flows_in` count ' +
    'the reports. A direction without reports has null sums. Times are those of exporters, else the receive time. ' +
    'Names are those of the flows; of several, the last in byte order. Over more than 8 million flows without a ' +
    'filter, rows by bytes, packets or flows are merged from the largest conversations of each stored file.',
  parameters: ConversationsParameters,
  result: Conversations,
  run: readConversations,
})

async function readConversations(
  query: ConversationsQuery,
  { now, viewer, readConversations: read }: Pick<Surroundings, 'now' | 'viewer'> & ConversationsReader,
): Promise<Conversations> {
  const request: ConversationsRequest = {
    ...rowQueryOf({ ...query, both_ways: query.both_ways ?? 'true' }, 'flow_time', now, viewer),
    by: query.by ?? 'bytes',
    limit: query.limit ?? 100,
  }
  const { rows: records, span, ...facts } = await read(request, query.source)
  const [first] = records
  const rows = records.filter((row) => Number(row['_flows_ab'] ?? 0) + Number(row['_flows_ba'] ?? 0) > 0)
  const sumOf = (name: string) => (first?.[name] ?? 0) as number | string
  return {
    ...frameOf(conversationColumns, rows.map(conversationCells), span, facts),
    total: {
      conversations: Number(sumOf('_all_conversations')),
      ...withoutUndefined({ conversations_error: first?.['_conversations_error'] as number | undefined }),
      flows: sumOf('_all_flows'),
      bytes: sumOf('_all_bytes'),
      packets: sumOf('_all_packets'),
    },
  }
}
