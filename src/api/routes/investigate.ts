import type { FastifyInstance } from 'fastify'
import { listOf } from '../../topics/comma-list.ts'
import { investigation, markdownOf } from '../../topics/investigate/index.ts'
import { answerJson } from '../answer.ts'
import { problem, refusals, string } from '../openapi/json-schema.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { abortOnDisconnect, requireStore, unlessAborted } from '../store-query.ts'
import { flowReaders } from '../ring/readers.ts'
import { typed } from '../request/typed.ts'

export const investigateSchemas = { Investigation: investigation.result } as const

const schema = {
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

export function investigateRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/investigate', { schema }, async (request, reply) => {
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
    const base = query.base ?? `${request.protocol}://${request.host}`
    return reply
      .type('text/markdown; charset=utf-8')
      .send(
        markdownOf(result, { base: base.replace(/\/+$/, ''), pins: listOf(query.pins), notes: listOf(query.notes) }),
      )
  })
}
