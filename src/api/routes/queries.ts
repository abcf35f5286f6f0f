import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import { integer, list, object, string } from '../openapi/json-schema.ts'
import type { RunningQueries, RunningQuery } from '../progress/running.ts'

export const querySchemas = {
  Queries: object(
    {
      queries: list(
        object(
          {
            query_id: { type: 'string', description: '`X-Query-Id` of the request, or the id that the server chose.' },
            operation: string,
            running_ms: { type: 'integer', description: 'Since the arrival of the request.' },
            state: {
              type: 'string',
              enum: ['waiting', 'verifying', 'reading'],
              description: '`waiting`: for other queries. `verifying`: checksums of files before their first use.',
            },
            unit: { type: 'string', enum: ['files', 'rows'], description: 'Of `done` and `total`.' },
            done: integer,
            total: {
              type: 'integer',
              description: 'An estimate. A question of several statements counts rows that it reads again.',
            },
            remaining_ms: { type: 'integer', description: 'An estimate; absent at the beginning.' },
          },
          { required: ['query_id', 'operation', 'running_ms', 'state'] },
        ),
      ),
    },
    { required: ['queries'] },
  ),
} as const

/** What a client shows of one query. */
export type QueryProgress = Readonly<{
  query_id: string
  state: RunningQuery['state']
  done?: number
  total?: number
  remaining_ms?: number
}>

const schema = {
  operationId: 'queries',
  summary: 'Progress of running queries',
  description:
    'Own requests that wait for the store or read it. A request with the header `X-Query-Id` (1 to 64 letters, ' +
    'digits, `-` or `_`) has this id here, in its response and in errors. Close the connection of a request to end ' +
    'it. Viewers limited to namespaces get no numbers of rows. Queries of ClickHouse have no progress.',
  response: { 200: { $ref: 'Queries#' } },
} as const

export function queryRoutes(app: FastifyInstance, running: RunningQueries): void {
  app.get('/api/v1/queries', { schema }, (request, reply) => {
    const isLimited = request.principal.namespaces !== undefined
    return answerJson(request, reply, { queries: running.of(request.user).map((query) => shown(query, isLimited)) })
  })
}

function shown({ id, operation, runningMs, state, unit, done, total, remainingMs }: RunningQuery, isLimited: boolean) {
  return {
    query_id: id,
    operation,
    running_ms: runningMs,
    state,
    ...(unit === undefined || isLimited ? {} : { unit, done, total }),
    ...(remainingMs === undefined ? {} : { remaining_ms: remainingMs }),
  }
}
