import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ManifestQuery } from '../../model/kubernetes.ts'
import { listOf } from '../../topics/comma-list.ts'
import { conversations } from '../../topics/flows/conversations/index.ts'
import { distinct } from '../../topics/flows/distinct/index.ts'
import { flows, series, topology } from '../../topics/flows/index.ts'
import { investigation } from '../../topics/investigate/index.ts'
import { moments } from '../../topics/investigate/moments/index.ts'
import { answerJson, answerRows } from '../answer.ts'
import { problem, refusals, string } from '../openapi/json-schema.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'
import { flowReaders } from '../live/flow-readers.ts'
import { serveWith } from '../serve.ts'
import { abortOnDisconnect, requireStore, unlessAborted } from '../store-query.ts'

export const newestFlowSchemas = {
  FlowPage: flows.result,
  Series: series.result,
  Topology: topology.result,
  DistinctValues: distinct.result,
  Conversations: conversations.result,
  Investigation: investigation.result,
  Moments: moments.result,
} as const

/** Operations that also read the newest flows, which are in memory; those of flows also without a store. */
export function newestFlowRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
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
  serveWith(app, '/api/v1/investigate/moments', moments, (request, signal) => ({
    ...readers(request, signal),
    store: requireStore(context),
    signal,
    manifest: (of: ManifestQuery) => context.control.manifest(of),
  }))
  investigationRoute(app, context, hub)
}

const investigationSchema = {
  operationId: investigation.id,
  summary: investigation.summary,
  description: investigation.description,
  querystring: investigation.parameters,
  response: {
    200: {
      description: 'The lanes, or the report.',
      content: { 'application/json': { schema: { $ref: 'Investigation#' } }, 'text/markdown': { schema: string } },
    },
    ...refusals,
    404: problem,
  },
} as const

function investigationRoute(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/investigate', { schema: investigationSchema }, async (request, reply) => {
    const { query, principal: viewer } = request
    const [store, signal] = [requireStore(context), abortOnDisconnect(reply)]
    const result = await unlessAborted(signal, () =>
      investigation.run(query, {
        store,
        now: context.host.clock.now(),
        viewer,
        signal,
        manifest: (of) => context.control.manifest(of),
        ...flowReaders({ context, hub, viewer, signal }),
      }),
    )
    if (result === undefined || signal.aborted) return reply.hijack()
    if (query.format !== 'md') return answerJson(request, reply, result)
    const { markdownOf } = await import('../../topics/investigate/markdown.ts')
    const base = query.base ?? `${request.protocol}://${request.host}`
    return reply
      .type('text/markdown; charset=utf-8')
      .send(
        markdownOf(result, { base: base.replace(/\/+$/, ''), pins: listOf(query.pins), notes: listOf(query.notes) }),
      )
  })
}
