import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'

export const deadLetterSchemas = {
  DeadLetter: {
    type: 'object',
    required: ['id', 'sink', 'time', 'reason', 'attempts', 'state', 'kind'],
    properties: {
      id: { type: 'string', description: 'Stable id of the row.' },
      sink: { type: 'string' },
      time: { type: 'number', description: 'Unix milliseconds.' },
      reason: { type: 'string' },
      attempts: { type: 'integer' },
      state: {
        type: 'string',
        enum: ['open', 'retrying', 'delivered', 'dropped'],
        description: '`open` waits for somebody; the last two are settled since.',
      },
      kind: { type: 'string', enum: ['events', 'flows'] },
      body: { description: 'Attributes and data of an event, or the fields of a flow.' },
    },
  },
} as const

const ids = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ids: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description: 'These letters; all of the sink when left out.',
    },
  },
} as const
const sinkParam = {
  type: 'object',
  required: ['sink'],
  properties: { sink: { type: 'string', minLength: 1 } },
} as const

/** A letter in the list. Names of sinks have no slash. */
const place = /^([0-9]{1,16})\/([^/]+)\/(.+)$/

function noSuchLetter(id: string, more = ''): ApiError {
  return new ApiError('WEIR_API_NOT_FOUND', `There is no dead letter "${id}"${more}.`, {
    hints: ['GET /api/v1/dead-letters lists them.'],
  })
}

export function deadLetterRoutes(app: FastifyInstance, { control: { deadLetters } }: ApiContext): void {
  app.get(
    '/api/v1/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        summary: 'What sinks could not take, newest first',
        description:
          'A page shorter than `limit` is the last one; the next one stands behind (`after`) the last letter of this one.',
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: {
            sink: { type: 'string', description: 'Of this sink only.' },
            limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
            after: {
              type: 'string',
              pattern: place.source,
              description:
                'Only what stands behind this letter, the last one of the page before: `<time>/<sink>/<id>` as that has them.',
            },
            bodies: {
              type: 'string',
              enum: ['true', 'false'],
              default: 'true',
              description: 'Whether each comes with its body.',
            },
          },
        },
        response: { 200: { type: 'array', items: { $ref: 'DeadLetter#' } }, 400: { $ref: 'Problem#' } },
      },
    },
    async (request, reply) => {
      const {
        sink,
        limit = 100,
        bodies,
        after,
      } = request.query as { sink?: string; limit?: number; bodies?: string; after?: string }
      const [, time, of = '', id = ''] = place.exec(after ?? '') ?? []
      return answerJson(
        request,
        reply,
        await deadLetters.list(
          sink,
          limit,
          bodies !== 'false',
          time === undefined ? undefined : { time: Number(time), sink: of, id },
        ),
      )
    },
  )

  app.get(
    '/api/v1/dead-letters/:id',
    {
      schema: {
        operationId: 'showDeadLetter',
        summary: 'One dead letter with its body, also when it was settled since',
        params: { type: 'object', required: ['id'], properties: { id: { type: 'string', minLength: 1 } } },
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { sink: { type: 'string', description: 'That of this sink; else the first that waits.' } },
        },
        response: { 200: { $ref: 'DeadLetter#' }, 404: { $ref: 'Problem#' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params as { id: string }
      const { sink } = request.query as { sink?: string }
      const letter = await deadLetters.show(id, sink)
      if (letter === undefined) throw noSuchLetter(id)
      return answerJson(request, reply, letter)
    },
  )

  app.post(
    '/api/v1/dead-letters/:sink/edit',
    {
      schema: {
        operationId: 'editDeadLetter',
        summary: 'Move a letter back to pending with another body',
        description:
          'Only of events; the id and the source of the event stay. What the journal holds, and what other sinks got, stays as it was accepted.',
        params: sinkParam,
        body: {
          type: 'object',
          required: ['id', 'body'],
          additionalProperties: false,
          properties: {
            id: { type: 'string', minLength: 1 },
            body: { type: 'object', description: 'As the letter shows it, changed.' },
          },
        },
        response: {
          200: { type: 'object', properties: { retried: { type: 'integer' } } },
          400: { $ref: 'Problem#' },
          404: { $ref: 'Problem#' },
        },
      },
    },
    async (request, reply) => {
      const { sink } = request.params as { sink: string }
      const { id, body } = request.body as { id: string; body: unknown }
      if (!(await deadLetters.edit(sink, id, body))) throw noSuchLetter(id, ' that waits for somebody')
      return answerJson(request, reply, { retried: 1 })
    },
  )

  const moves = [
    {
      verb: 'retry',
      summary: 'Move letters back to pending',
      act: deadLetters.retry.bind(deadLetters),
      answer: 'retried',
    },
    {
      verb: 'drop',
      summary: 'Give letters up for good; they count as dropped',
      act: deadLetters.drop.bind(deadLetters),
      answer: 'dropped',
    },
  ] as const
  for (const { verb, summary, act, answer } of moves) {
    app.post(
      `/api/v1/dead-letters/:sink/${verb}`,
      {
        schema: {
          operationId: `${verb}DeadLetters`,
          summary,
          params: sinkParam,
          body: ids,
          response: {
            200: { type: 'object', properties: { [answer]: { type: 'integer' } } },
            400: { $ref: 'Problem#' },
          },
        },
      },
      async (request, reply) => {
        const { sink } = request.params as { sink: string }
        const chosen = (request.body as { ids?: string[] } | undefined)?.ids
        return answerJson(request, reply, { [answer]: await act(sink, chosen) })
      },
    )
  }
}
