import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { RunningQueries, RunningQuery } from '../progress/running.ts'
import { Queries, type QueryProgress } from '../progress/schema.ts'

export const querySchemas = { Queries } as const

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
    const result: Queries = { queries: running.of(request.user).map((query) => shown(query, { isLimited })) }
    return answerJson(request, reply, result)
  })
}

function shown(
  { id, operation, runningMs, state, unit, done, total, remainingMs }: RunningQuery,
  { isLimited }: Readonly<{ isLimited: boolean }>,
): QueryProgress {
  return {
    query_id: id,
    operation,
    running_ms: runningMs,
    state,
    ...(unit === undefined || done === undefined || total === undefined || isLimited ? {} : { unit, done, total }),
    ...(remainingMs === undefined ? {} : { remaining_ms: remainingMs }),
  }
}
