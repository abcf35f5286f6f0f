import type { FastifyInstance, FastifyRequest } from 'fastify'
import { conversations, type ConversationsReader } from '../../topics/flows/conversations/index.ts'
import { flows, series, topology } from '../../topics/flows/index.ts'
import type { PageReader } from '../../topics/flows/page.ts'
import type { SumsReader } from '../../topics/flows/sums/request.ts'
import type { Surroundings } from '../../topics/operation.ts'
import { answerRows } from '../answer.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { readConversations, readPage, sumsReader } from '../ring/readers.ts'
import { serveWith } from '../serve.ts'

export const flowSchemas = {
  FlowPage: flows.result,
  Series: series.result,
  Topology: topology.result,
  Conversations: conversations.result,
} as const

type Readers = Pick<Surroundings, 'now' | 'viewer'> & PageReader & SumsReader & ConversationsReader

/** Also without a store: the readers then have the newest flows in memory. */
export function flowRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  const readers = ({ principal }: FastifyRequest, disconnected: AbortSignal): Readers => {
    const run = { context, hub, principal, disconnected }
    return {
      now: context.host.clock.now(),
      viewer: principal,
      readPage: (page) => readPage(page, run),
      readConversations: (request, source) => readConversations(request, source, run),
      ...sumsReader(run),
    }
  }
  serveWith(app, '/api/v1/flows', flows, readers, (request, reply, result) =>
    answerRows(request, reply, result, context.host.timers),
  )
  serveWith(app, '/api/v1/series', series, readers)
  serveWith(app, '/api/v1/topology', topology, readers)
  serveWith(app, '/api/v1/conversations', conversations, readers)
}
