/** Rows and sums of flows: from the store, or without one from the newest flows in memory. */
import type { ConversationsRequest, PageRequest } from '../../query/plan/index.ts'
import type { ConversationRows } from '../../topics/flows/conversations/index.ts'
import { readStoredConversations } from '../../topics/flows/conversations/stored.ts'
import type { ConversationsQuery } from '../../topics/flows/parameters.ts'
import type { PageRows } from '../../topics/flows/page.ts'
import { readStoredPage } from '../../topics/flows/stored-page.ts'
import type { SumsReader, SumsRequest, SumsResult } from '../../topics/flows/sums/request.ts'
import { readStoredSums, totalOf } from '../../topics/flows/sums/stored-sums.ts'
import type { Principal } from '../access/principal.ts'
import { asSmall } from '../fair/store.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ringGroups, ringSeries } from './answers.ts'
import { ringConversations } from './conversations.ts'
import { ringPage } from './page.ts'

export type RunStatement = Readonly<{
  context: ApiContext
  hub: Hub
  principal: Principal
  disconnected: AbortSignal
}>

const disconnectedError = () => new DOMException('The client has disconnected.', 'AbortError')

/** Rejects when the client has disconnected. */
export async function readPage(
  request: PageRequest,
  { context, hub, disconnected: signal }: RunStatement,
): Promise<PageRows> {
  const { store } = context.control
  if (store !== undefined)
    return readStoredPage(request, { store, signal, host: context.host, instance: context, asSmall })
  const result = await ringPage(hub.ringSource(), request, signal)
  if (result === undefined) throw disconnectedError()
  return { ...result, source: 'ring' }
}

/** Rejects when the client has disconnected. */
export async function readConversations(
  request: ConversationsRequest,
  from: ConversationsQuery['source'],
  { context, hub, disconnected: signal }: RunStatement,
): Promise<ConversationRows> {
  const { store } = context.control
  if (store !== undefined) {
    const result = await readStoredConversations(request, from, {
      store,
      signal,
      host: context.host,
      instance: context,
    })
    if (result !== undefined) return result
    throw disconnectedError()
  }
  const result = await ringConversations(hub.ringSource(), request, signal)
  if (result === undefined) throw disconnectedError()
  return { ...result, source: 'ring' }
}

/** For topics. Rejects when the client has disconnected. */
export function sumsReader(run: RunStatement): SumsReader {
  return {
    async readSums(sums) {
      const { context, principal, disconnected } = run
      const { store } = context.control
      const result = await (store === undefined
        ? ringSums(run, sums)
        : readStoredSums({ store, viewer: principal, signal: disconnected, instance: context }, sums))
      if (result !== undefined) return result
      throw disconnectedError()
    },
  }
}

async function ringSums({ hub, disconnected }: RunStatement, sums: SumsRequest): Promise<SumsResult | undefined> {
  const source = hub.ringSource()
  const result = await (sums.is === 'series'
    ? ringSeries(source, sums.request, disconnected)
    : ringGroups(source, sums.request, disconnected))
  return result && { ...result, total: totalOf(result.rows, sums.request), source: 'ring', exact: true }
}
