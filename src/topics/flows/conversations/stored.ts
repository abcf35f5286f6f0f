import { conversationsSql, type ConversationsRequest } from '../../../query/plan/index.ts'
import { dialectOf } from '../../../query/index.ts'
import { coverageOf, storedTo, type Instance } from '../../coverage.ts'
import { readManyRows, type ManyRows } from '../../many-rows.ts'
import type { Surroundings } from '../../operation.ts'
import type { ConversationsQuery } from '../parameters.ts'
import { manyFlows } from '../sums/flow-sums.ts'
import type { ConversationRows } from './index.ts'
import { listedConversations } from './listed-conversations.ts'
import { manyConversations } from './many-conversations.ts'

type Reading = Pick<Surroundings, 'store' | 'signal'> & ManyRows & Readonly<{ instance: Instance }>

export async function readStoredConversations(
  request: ConversationsRequest,
  source: ConversationsQuery['source'],
  reading: Reading,
): Promise<ConversationRows> {
  const { instance } = reading
  // Before the rows are read: rows stored meanwhile are not missing.
  const unstored = storedTo(instance, request.span)
  const read = await readRows(request, source, reading)
  return { ...read, span: request.span, ...(await coverageOf(instance, request)), ...unstored }
}

async function readRows(
  request: ConversationsRequest,
  source: ConversationsQuery['source'],
  reading: Reading,
): Promise<Omit<ConversationRows, 'span'>> {
  const { store, signal } = reading
  const dialect = dialectOf(store)
  const stored = dialect.hasParts ? ((await store.sums?.())?.flows.rows ?? 0) : 0
  const listed = stored > manyFlows && source !== 'raw' ? await listedConversations(store, request, signal) : undefined
  if (listed !== undefined) {
    const { rows, error } = listed
    return error === undefined ? { rows, source: 'raw' } : { rows, source: 'lists', exact: false, error }
  }
  const rows =
    stored > manyFlows
      ? await manyConversations(store, request, signal)
      : await readManyRows<Record<string, unknown>>(reading, conversationsSql(request, dialect))
  return { rows, source: 'raw' }
}
