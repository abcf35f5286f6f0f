import type { FastifyInstance, FastifyRequest } from 'fastify'
import { conversations } from '../../topics/flows/conversations/index.ts'
import { distinct } from '../../topics/flows/distinct/index.ts'
import { flows, series, topology } from '../../topics/flows/index.ts'
import { answerRows } from '../answer.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { flowReaders } from '../ring/readers.ts'
import { serveWith } from '../serve.ts'

export const flowSchemas = {
  FlowPage: flows.result,
  Series: series.result,
  Topology: topology.result,
  DistinctValues: distinct.result,
  Conversations: conversations.result,
} as const

/** Also without a store: the readers then have the newest flows in memory. */
export function flowRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  const readers = ({ principal: viewer }: FastifyRequest, signal: AbortSignal) => ({
    now: context.host.clock.now(),
    viewer,
    ...flowReaders({ context, hub, viewer, signal }),
  })
  serveWith(app, '/api/v1/flows', flows, readers, (request, reply, result) =>
    answerRows(request, reply, result, context.host.timers),
  )
  serveWith(app, '/api/v1/flows/distinct', distinct, readers)
  serveWith(app, '/api/v1/series', series, readers)
  serveWith(app, '/api/v1/topology', topology, readers)
  serveWith(app, '/api/v1/conversations', conversations, readers)
}
