import { conversationNames } from '../../model/conversation-lists.ts'
import type { FastifyInstance } from 'fastify'
import type { StoreReader } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import { withoutUndefined } from '../../model/json.ts'
import {
  conversationInitiator,
  conversationsSql,
  isoOf,
  type ConversationsRequest,
  type Direction,
  type TimeSpan,
} from '../../query/plan/index.ts'
import { dialectOf, flowNames } from '../../query/index.ts'
import { answerJson } from '../answer.ts'
import { manyFlows } from '../../topics/flows/sums/flow-sums.ts'
import type { Hub } from '../live/hub.ts'
import { listedConversations } from '../../topics/flows/conversations/listed-conversations.ts'
import { manyConversations } from '../../topics/flows/conversations/many-conversations.ts'
import type { ApiContext } from '../options.ts'
import type { SumRow } from '../../topics/flows/sums/request.ts'
import { ringConversations } from '../ring/conversations.ts'
import { abortOnDisconnect } from '../store-query.ts'
import { manyRowsOf } from '../../topics/unless-aborted.ts'
import { columnOf } from '../../topics/flows/columns.ts'
import { frameOf, type FrameFacts } from '../../topics/flows/frame.ts'
import { ConversationsParameters, type ConversationsQuery } from '../../topics/flows/parameters.ts'
import { rowQueryOf } from '../../topics/flows/row-query.ts'
import { flowFrame, type FlowColumn } from '../../topics/flows/schema.ts'
import { typed } from '../typed.ts'
import { coverageOf, storedTo } from '../../topics/coverage.ts'
import { integer, object, refusals } from '../json-schema.ts'

export const conversationSchemas = {
  Conversations: object(
    {
      ...flowFrame,
      total: object(
        {
          conversations: integer,
          conversations_error: {
            type: 'number',
            description:
              'Only from lists: the number of all conversations is estimated, with this relative error (four ' +
              'standard errors). A conversation counts once for each day. The sums of all flows are exact.',
          },
          flows: {},
          bytes: {},
          packets: {},
        },
        { description: 'Number of all conversations, and the sums of their flows.' },
      ),
    },
    { required: ['columns', 'rows', 'next', 'source', 'span', 'exact', 'total'] },
  ),
} as const

const schema = {
  operationId: 'conversations',
  summary: 'Both directions of a connection as one row',
  description:
    'Flows with the same protocol, addresses and ports, in either direction. `client` opened the conversation: ' +
    '`initiator` is the evidence: `syn` (TCP flags), `port` (one registered port), `learned` (that end was the ' +
    'server of earlier flows), `lower` (the lower port), or `time` (the earlier flow). ' +
    'Columns ending in `_out` are from client to server, in `_in` the responses; `flows_out` and `flows_in` count ' +
    'the reports. A direction without reports has null sums. Times are those of exporters, else the receive time. ' +
    'Names are those of the flows; of several, the last in byte order. Over more than 8 million flows without a ' +
    'filter, rows by bytes, packets or flows are merged from the largest conversations of each stored file.',
  querystring: ConversationsParameters,
  response: { 200: { $ref: 'Conversations#' }, ...refusals },
} as const

export function conversationRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/conversations', { schema }, async (request, reply) => {
    const query = request.query
    const now = context.host.clock.now()
    const parsed: ConversationsRequest = {
      ...rowQueryOf({ ...query, both_ways: query.both_ways ?? 'true' }, 'flow_time', now, request.principal),
      by: query.by ?? 'bytes',
      limit: query.limit ?? 100,
    }
    const { store } = context.control
    const disconnected = abortOnDisconnect(reply)
    const unstored = storedTo(context, parsed.span)
    const read =
      store === undefined
        ? await ringConversations(hub.ringSource(), parsed, disconnected)
        : await storedConversations(store, parsed, { disconnected, host: context.host, source: query.source })
    if (read === undefined) return reply.hijack()
    const { rows: records, span = parsed.span, ...facts } = { source: 'ring', ...read }
    const coverage = store === undefined ? {} : { ...(await coverageOf(context, parsed)), ...unstored }
    const [first] = records
    const rows = records.filter((row) => Number(row['_flows_ab'] ?? 0) + Number(row['_flows_ba'] ?? 0) > 0)
    return answerJson(request, reply, {
      ...frameOf(columns, rows.map(cellsOf), span, { ...facts, ...coverage }),
      total: {
        conversations: first?.['_all_conversations'] ?? 0,
        ...withoutUndefined({ conversations_error: first?.['_conversations_error'] }),
        flows: first?.['_all_flows'] ?? 0,
        bytes: first?.['_all_bytes'] ?? 0,
        packets: first?.['_all_packets'] ?? 0,
      },
    })
  })
}

type ReadOptions = Readonly<{ disconnected: AbortSignal; host: Host; source: ConversationsQuery['source'] }>

type StoredConversations = Pick<FrameFacts, 'source' | 'exact' | 'error'> &
  Readonly<{ rows: readonly SumRow[]; span?: TimeSpan }>

/** Undefined when the client has disconnected. */
async function storedConversations(
  store: StoreReader,
  request: ConversationsRequest,
  { disconnected, host, source }: ReadOptions,
): Promise<StoredConversations | undefined> {
  const dialect = dialectOf(store)
  const stored = dialect.hasParts ? ((await store.sums?.())?.flows.rows ?? 0) : 0
  const listed =
    stored > manyFlows && source !== 'raw' ? await listedConversations(store, request, disconnected) : undefined
  if (listed !== undefined) {
    const { rows, error } = listed
    return error === undefined ? { rows, source: 'raw' } : { rows, source: 'lists', exact: false, error }
  }
  if (disconnected.aborted) return undefined
  const rows =
    stored > manyFlows
      ? await manyConversations(store, request, disconnected)
      : await manyRowsOf(store, conversationsSql(request, dialect), disconnected, host)
  return rows === undefined ? undefined : { rows, source: 'raw' }
}

const column = (name: string, of: string): FlowColumn => ({ ...columnOf(flowNames.field(of)!), name })
const parts = ['addr', 'port', ...conversationNames] as const
const sums = ['bytes', 'packets', 'flows'] as const
const units = { bytes: 'By', packets: '{packet}', flows: '{flow}' } as const

const columns: readonly FlowColumn[] = [
  ...(['client', 'server'] as const).flatMap((end) => parts.map((part) => column(`${end}_${part}`, `src_${part}`))),
  column('proto', 'proto'),
  { name: 'initiator', type: 'VARCHAR' },
  column('time_first', 'time_start'),
  column('time_last', 'time_end'),
  ...sums.flatMap((sum) =>
    ['out', 'in'].map((way) => ({
      name: `${sum}_${way}`,
      type: sum === 'flows' ? 'BIGINT' : 'HUGEINT',
      unit: units[sum],
    })),
  ),
  column('tcp_flags_out', 'tcp_flags'),
  column('tcp_flags_in', 'tcp_flags'),
  column('rtt_min', 'rtt'),
  column('rtt_max', 'rtt'),
  { name: 'drop_packets', type: 'HUGEINT', unit: '{packet}' },
]

const numberOf = (value: unknown) => (value === null || value === undefined ? null : Number(value))

function cellsOf(row: SumRow): readonly unknown[] {
  const direction = (way: 'ab' | 'ba'): Direction => ({
    flows: Number(row[`_flows_${way}`] ?? 0),
    flags: numberOf(row[`_flags_${way}`]),
    opens: row[`_opens_${way}`] === true,
    sourceListens: row[`_source_listens_${way}`] === true,
    targetListens: row[`_target_listens_${way}`] === true,
    first: numberOf(row[`_first_${way}`]),
  })
  const [ab, ba] = [direction('ab'), direction('ba')]
  const { isA, by } = conversationInitiator(ab, ba, { a: numberOf(row['_a_port']), b: numberOf(row['_b_port']) })
  const [client, server, out, back] = isA ? ['a', 'b', 'ab', 'ba'] : ['b', 'a', 'ba', 'ab']
  const first = Math.min(...[ab, ba].flatMap((way) => way.first ?? []))
  return [
    ...[client, server].flatMap((end) => parts.map((part) => row[`_${end}_${part}`] ?? null)),
    row['_proto'] ?? null,
    by,
    isoOf(BigInt(first)),
    isoOf(BigInt(Number(row['_last']))),
    ...sums.flatMap((sum) => [out, back].map((way) => row[`_${sum}_${way}`] ?? null)),
    row[`_flags_${out}`] ?? null,
    row[`_flags_${back}`] ?? null,
    row['_rtt_min'] ?? null,
    row['_rtt_max'] ?? null,
    row['_drop_packets'] ?? null,
  ]
}
