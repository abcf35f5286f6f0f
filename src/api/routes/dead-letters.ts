import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { list, problem } from '../openapi/json-schema.ts'
import { typed } from '../request/typed.ts'
import {
  DeadLetter,
  DroppedLetters,
  EditedLetter,
  LetterParameters,
  LetterQuery,
  letterPosition,
  LettersParameters,
  DeadLetterReason,
  MovedLetters,
  RetriedLetters,
  ReasonsParameters,
  SinkParameters,
} from '../../topics/dead-letters/schema.ts'

export const deadLetterSchemas = { DeadLetter } as const

function noSuchLetter(id: string, more = '') {
  return new ApiError('WEIR_API_NOT_FOUND', `There is no dead letter "${id}"${more}.`, {
    hints: ['GET /api/v1/dead-letters lists them.'],
  })
}

export function deadLetterRoutes(app: FastifyInstance, context: ApiContext): void {
  readRoutes(app, context)
  redriveRoutes(app, context)
}

function readRoutes(app: FastifyInstance, { control: { deadLetters } }: ApiContext): void {
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
      const letters: readonly DeadLetter[] = await deadLetters.list(
        { ...(sink === undefined ? {} : { sink }), ...(reason === undefined ? {} : { reason }) },
        limit,
        bodies !== 'false',
        time === undefined ? undefined : { time: Number(time), sink: of, id },
      )
      return answerJson(request, reply, letters)
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
      const reasons: readonly DeadLetterReason[] = await deadLetters.reasons(sink, limit)
      return answerJson(request, reply, reasons)
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
      const letter: DeadLetter | undefined = await deadLetters.show(id, sink)
      if (letter === undefined) throw noSuchLetter(id)
      return answerJson(request, reply, letter)
    },
  )
}

function redriveRoutes(app: FastifyInstance, { control: { deadLetters } }: ApiContext): void {
  const routes = typed(app)
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
          200: RetriedLetters,
          400: problem,
          404: problem,
        },
      },
    },
    async (request, reply) => {
      const { sink } = request.params
      const { id, body } = request.body
      if (!(await deadLetters.edit(sink, id, body))) throw noSuchLetter(id, ' that is unresolved')
      const result: RetriedLetters = { retried: 1 }
      return answerJson(request, reply, result)
    },
  )

  routes.post(
    '/api/v1/dead-letters/:sink/retry',
    {
      schema: {
        operationId: 'retryDeadLetters',
        summary: 'Redrive dead letters',
        params: SinkParameters,
        body: MovedLetters,
        response: { 200: RetriedLetters, 404: problem },
      },
    },
    async (request, reply) => {
      const result: RetriedLetters = { retried: await deadLetters.retry(request.params.sink, request.body ?? {}) }
      return answerJson(request, reply, result)
    },
  )

  routes.post(
    '/api/v1/dead-letters/:sink/drop',
    {
      schema: {
        operationId: 'dropDeadLetters',
        summary: 'Drop dead letters permanently; they are counted as dropped',
        params: SinkParameters,
        body: MovedLetters,
        response: { 200: DroppedLetters, 404: problem },
      },
    },
    async (request, reply) => {
      const result: DroppedLetters = { dropped: await deadLetters.drop(request.params.sink, request.body ?? {}) }
      return answerJson(request, reply, result)
    },
  )
}
