import type { FastifyInstance } from 'fastify'
import { complete } from '../../topics/completion/index.ts'
import { Completion, CompletionRequest } from '../../topics/completion/schema.ts'
import { refusePositions } from '../access/opaque.ts'
import { answerJson } from '../answer.ts'
import type { Hub } from '../live/hub.ts'
import { refusals } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'
import { abortOnDisconnect, unlessAborted } from '../store-query.ts'

export const completeSchemas = { Completion } as const

const schema = {
  operationId: 'complete',
  summary: 'Completions: field names, or values of a field',
  description:
    'Names and values are ranked by frequency in the rows that the other filters select. Values match ' +
    'case-insensitively, by prefix first, then by substring.',
  body: CompletionRequest,
  response: { 200: { $ref: 'Completion#' }, ...refusals },
} as const

export function completeRoutes(app: FastifyInstance, { control, host }: ApiContext, hub: Hub): void {
  const flows = async () => (control.store === undefined ? hub.newestFlows() : { store: control.store })
  typed(app).post('/api/v1/complete', { schema }, async (request, reply) => {
    const { body, principal } = request
    refusePositions(`${body.field ?? ''} ${body.filter ?? ''}`, principal)
    const signal = abortOnDisconnect(reply)
    const { store } = control
    const reading = { store, now: host.clock.now(), viewer: principal, signal, host, flows }
    const result = await unlessAborted(signal, () => complete(body, reading))
    return result === undefined || signal.aborted ? reply.hijack() : answerJson(request, reply, result)
  })
}
