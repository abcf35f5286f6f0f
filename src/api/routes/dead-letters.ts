import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'

export const deadLetterSchemas = {
  DeadLetter: {
    type: 'object', required: ['id', 'sink', 'time', 'reason', 'attempts', 'state', 'body'],
    properties: {
      id: { type: 'string', description: 'Stable id of the row.' }, sink: { type: 'string' }, time: { type: 'number', description: 'Unix milliseconds.' },
      reason: { type: 'string' }, attempts: { type: 'integer' }, state: { type: 'string', enum: ['open', 'retrying'] }, body: {},
    },
  },
} as const

const ids = {
  type: 'object', additionalProperties: false,
  properties: { ids: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'These letters; all of the sink when left out.' } },
} as const
const sinkParam = { type: 'object', required: ['sink'], properties: { sink: { type: 'string', minLength: 1 } } } as const

export function deadLetterRoutes(app: FastifyInstance, { control: { deadLetters } }: ApiContext): void {
  app.get('/api/v1/dead-letters', {
    schema: {
      operationId: 'listDeadLetters', summary: 'What sinks could not take, newest first',
      querystring: {
        type: 'object', additionalProperties: false, properties: {
          sink: { type: 'string', description: 'Of this sink only.' }, limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
        },
      },
      response: { 200: { type: 'array', items: { $ref: 'DeadLetter#' } }, 400: { $ref: 'Problem#' } },
    },
  }, async (request, reply) => {
    const { sink, limit = 100 } = request.query as { sink?: string; limit?: number }
    return answerJson(request, reply, await deadLetters.list(sink, limit))
  })

  app.get('/api/v1/dead-letters/:id', {
    schema: {
      operationId: 'showDeadLetter', summary: 'One dead letter with its body',
      params: { type: 'object', required: ['id'], properties: { id: { type: 'string', minLength: 1 } } },
      response: { 200: { $ref: 'DeadLetter#' }, 404: { $ref: 'Problem#' } },
    },
  }, async (request, reply) => {
    const { id } = request.params as { id: string }
    const letter = await deadLetters.show(id)
    if (letter === undefined) throw new ApiError('WEIR_API_NOT_FOUND', `There is no dead letter "${id}".`, { hints: ['GET /api/v1/dead-letters lists them.'] })
    return answerJson(request, reply, letter)
  })

  const moves = [
    { verb: 'retry', summary: 'Move letters back to pending', act: deadLetters.retry.bind(deadLetters), answer: 'retried' },
    { verb: 'drop', summary: 'Give letters up for good; they count as dropped', act: deadLetters.drop.bind(deadLetters), answer: 'dropped' },
  ] as const
  for (const { verb, summary, act, answer } of moves) {
    app.post(`/api/v1/dead-letters/:sink/${verb}`, {
      schema: {
        operationId: `${verb}DeadLetters`, summary, params: sinkParam, body: ids,
        response: { 200: { type: 'object', properties: { [answer]: { type: 'integer' } } }, 400: { $ref: 'Problem#' } },
      },
    }, async (request, reply) => {
      const { sink } = request.params as { sink: string }
      const chosen = (request.body as { ids?: string[] } | undefined)?.ids
      return answerJson(request, reply, { [answer]: await act(sink, chosen) })
    })
  }
}
