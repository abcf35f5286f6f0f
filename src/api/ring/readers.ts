import type { ConversationsReader } from '../../topics/flows/conversations/index.ts'
import { readStoredConversations } from '../../topics/flows/conversations/stored.ts'
import type { DistinctReader } from '../../topics/flows/distinct/index.ts'
import { readStoredDistinct } from '../../topics/flows/distinct/stored.ts'
import type { PageReader } from '../../topics/flows/page.ts'
import { readStoredPage } from '../../topics/flows/stored-page.ts'
import type { SumsReader } from '../../topics/flows/sums/request.ts'
import { readStoredSums, totalOf } from '../../topics/flows/sums/stored-sums.ts'
import type { Surroundings } from '../../topics/operation.ts'
import { asSmall } from '../fair/store.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ringGroups, ringSeries } from './answers.ts'
import { ringConversations } from './conversations.ts'
import { ringDistinct } from './distinct.ts'
import { ringPage } from './page.ts'

type Reading = Pick<Surroundings, 'viewer' | 'signal'> & Readonly<{ context: ApiContext; hub: Hub }>

type FlowReaders = PageReader & SumsReader & ConversationsReader & DistinctReader

/** Rows and sums of flows: from the store, or without one from the newest flows in memory. */
export function flowReaders({ context, hub, viewer, signal }: Reading): FlowReaders {
  const { host } = context
  const { store } = context.control
  if (store !== undefined) {
    const reading = { store, viewer, signal, host, instance: context }
    return {
      readPage: (request) => readStoredPage(request, { ...reading, asSmall }),
      readConversations: (request, source) => readStoredConversations(request, source, reading),
      readDistinct: (request, source) => readStoredDistinct(request, source, reading),
      readSums: (sums) => readStoredSums(reading, sums),
    }
  }
  const source = 'ring'
  return {
    readPage: async (request) => ({ ...(await ringPage(hub.ringSource(), request, signal)), source }),
    readConversations: async (request) => ({ ...(await ringConversations(hub.ringSource(), request, signal)), source }),
    readDistinct: async (request) => ({ ...(await ringDistinct(hub.ringSource(), request, signal)), source }),
    async readSums(sums) {
      const ring = hub.ringSource()
      const result = await (sums.is === 'series'
        ? ringSeries(ring, sums.request, signal)
        : ringGroups(ring, sums.request, signal))
      return { ...result, total: totalOf(result.rows, sums.request), source, exact: true }
    },
  }
}
