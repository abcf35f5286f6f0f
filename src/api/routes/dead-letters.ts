import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { integer, list, object, problem, string } from '../openapi/json-schema.ts'
import { typed } from '../request/typed.ts'
import {
  EditedLetter,
  LetterParameters,
  LetterQuery,
  letterPosition,
  LettersParameters,
  DeadLetterReason,
  MovedLetters,
  ReasonsParameters,
  SinkParameters,
} from '../../topics/dead-letters/schema.ts'

export const deadLetterSchemas = {
  DeadLetter: object(
    {
      id: { type: 'string', description: 'Stable id of the row.' },
      sink: string,
      time: { type: 'number', description: 'Unix milliseconds.' },
      reason: string,
      attempts: integer,
      state: {
        type: 'string',
        enum: ['open', 'retrying', 'delivered', 'dropped'],
        description: '`open` is unresolved; the last two are resolved.',
      },
      kind: { type: 'string', enum: ['events', 'flows'] },
      body: { description: 'Attributes and data of an event, or the fields of a flow.' },
    },
    { required: ['id', 'sink', 'time', 'reason', 'attempts', 'state', 'kind'] },
  ),
} as const

function noSuchLetter(id: string, more = '') {
  return new ApiError('WEIR_API_NOT_FOUND', `There is no dead letter "${id}"${more}.`, {
    hints: ['GET /api/v1/dead-letters lists them.'],
  })
}

export function deadLetterRoutes(app: FastifyInstance, { control: { deadLetters } }: ApiContext): void {
  const routes = typed(app)
  routes.get(
    '/api/v1/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        summary: 'Dead letters of sinks, newest first',
        description:
          'A page with fewer rows than `limit` is the last one. The next page starts after (`after`) the ' +
          'last dead letter of this page.',
        querystring: LettersParameters,
        response: { 200: list({ $ref: 'DeadLetter#' }), 400: problem },
      },
    },
    async (request, reply) => {
      const { sink, reason, limit = 100, bodies, after } = request.query
      const [, time, of = '', id = ''] = letterPosition.exec(after ?? '') ?? []
      return answerJson(
        request,
        reply,
        await deadLetters.list(
          { ...(sink === undefined ? {} : { sink }), ...(reason === undefined ? {} : { reason }) },
          limit,
          bodies !== 'false',
          time === undefined ? undefined : { time: Number(time), sink: of, id },
        ),
      )
    },
  )

  routes.get(
    '/api/v1/dead-letters/reasons',
    {
      schema: {
        operationId: 'listDeadLetterReasons',
        summary: 'Dead letters by sink and reason, most frequent first',
        querystring: ReasonsParameters,
        response: { 200: list(DeadLetterReason), 400: problem },
      },
    },
    async (request, reply) => {
      const { sink, limit = 100 } = request.query
      return answerJson(request, reply, await deadLetters.reasons(sink, limit))
    },
  )

  routes.get(
    '/api/v1/dead-letters/:id',
    {
      schema: {
        operationId: 'showDeadLetter',
        summary: 'One dead letter with its body, including resolved ones',
        params: LetterParameters,
        querystring: LetterQuery,
        response: { 200: { $ref: 'DeadLetter#' }, 404: problem },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { sink } = request.query
      const letter = await deadLetters.show(id, sink)
      if (letter === undefined) throw noSuchLetter(id)
      return answerJson(request, reply, letter)
    },
  )

  routes.post(
    '/api/v1/dead-letters/:sink/edit',
    {
      schema: {
        operationId: 'editDeadLetter',
        summary: 'Redrive a dead letter with another body',
        description:
          'Events only. Id and source of the event stay the same. The journal and other sinks are not changed.',
        params: SinkParameters,
        body: EditedLetter,
        response: {
          200: object({ retried: integer }),
          400: problem,
          404: problem,
        },
      },
    },
    async (request, reply) => {
      const { sink } = request.params
      const { id, body } = request.body
      if (!(await deadLetters.edit(sink, id, body))) throw noSuchLetter(id, ' that is unresolved')
      return answerJson(request, reply, { retried: 1 })
    },
  )

  const moves = [
    {
      verb: 'retry',
      summary: 'Redrive dead letters',
      act: deadLetters.retry.bind(deadLetters),
      answer: 'retried',
    },
    {
      verb: 'drop',
      summary: 'Drop dead letters permanently; they are counted as dropped',
      act: deadLetters.drop.bind(deadLetters),
      answer: 'dropped',
    },
  ] as const
  for (const { verb, summary, act, answer } of moves) {
    routes.post(
      `/api/v1/dead-letters/:sink/${verb}`,
      {
        schema: {
          operationId: `${verb}DeadLetters`,
          summary,
          params: SinkParameters,
          body: MovedLetters,
          response: {
            200: object({ [answer]: integer }),
            404: problem,
          },
        },
      },
      async (request, reply) => {
        const { sink } = request.params
        return answerJson(request, reply, { [answer]: await act(sink, request.body ?? {}) })
      },
    )
  }
}
