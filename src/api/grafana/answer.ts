import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { WeirError, type ErrorCode } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { QueryFailure, unsupported, type QueryFailureKind } from '../../query/metrics/failure.ts'
import type { QueryEnvironment } from '../../query/promql/index.ts'
import type { Surroundings } from '../../topics/operation.ts'
import type { ManyRows } from '../../topics/many-rows.ts'
import { queryBudget } from '../../topics/metrics/index.ts'
import { answerJson } from '../answer.ts'
import { object, string } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { ApiError, toProblem } from '../problems.ts'
import { queryIdHeader } from '../progress/query-id.ts'
import { abortOnDisconnect, requireStore } from '../store-query.ts'
import { Parameters } from './parameters.ts'

const usualTimeoutMs = 60_000

export type GrafanaRequest = Surroundings &
  ManyRows &
  Readonly<{
    parameters: Parameters
    context: ApiContext
    environment: Omit<QueryEnvironment, 'source'>
    /** Notes of the response. */
    notes: Notes
    request: FastifyRequest
    /** A parameter in the path. */
    path: (name: string) => string
  }>

type Answer = (request: GrafanaRequest) => Promise<object>

export type GrafanaRoute = Readonly<{
  path: string
  operationId: string
  summary: string
  description?: string
  methods?: readonly ('GET' | 'POST')[]
  params?: object
  parameters: Readonly<Record<string, string>>
  answer: Answer
}>

/** An answer that is no JSON. */
export class TextAnswer {
  readonly type: string
  readonly text: string

  constructor(type: string, text: string) {
    this.type = type
    this.text = text
  }
}

/** Each once. */
type Notes = Readonly<{ warnings: Set<string>; infos: Set<string> }>

const shownNotes = 10

function noted(value: object, { warnings, infos }: Notes): object {
  if (warnings.size + infos.size === 0) return value
  const shown = ([what, notes]: readonly [string, ReadonlySet<string>]): string[] =>
    notes.size <= shownNotes
      ? [...notes]
      : [...[...notes].slice(0, shownNotes), `${notes.size - shownNotes} more ${what} annotations omitted`]
  return {
    ...value,
    ...(warnings.size === 0 ? {} : { warnings: shown(['warning', warnings]) }),
    ...(infos.size === 0 ? {} : { infos: shown(['info', infos]) }),
  }
}

/** Statuses of {@link QueryFailureKind}. */
type FailureStatuses = Readonly<Record<QueryFailureKind, number>>

const failure = object(
  { status: string, errorType: string, error: string, message: string, code: string, query_id: string },
  { required: ['status', 'errorType', 'error'] },
)

export const grafanaSchemas = { GrafanaError: failure } as const

export function grafanaRoutes(
  app: FastifyInstance,
  context: ApiContext,
  routes: readonly GrafanaRoute[],
  statuses: FailureStatuses,
): void {
  const error = { $ref: 'GrafanaError#' } as const
  for (const { path, operationId, summary, description, methods = ['GET'], params, parameters, answer } of routes)
    for (const method of methods) {
      const schema = {
        operationId: method === 'GET' ? operationId : `${operationId}Form`,
        summary,
        ...(description === undefined ? {} : { description }),
        ...(params === undefined ? {} : { params }),
        querystring: object(
          Object.fromEntries(Object.entries(parameters).map(([name, text]) => [name, { description: text }])),
        ),
        response: { 200: object({}), 400: error, 422: error, 429: error, 503: error },
      }
      app.route({
        method,
        url: path,
        schema,
        config: { body: 'raw' },
        handler: (request, reply) => respond(request, reply, context, statuses, answer),
      })
    }
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  statuses: FailureStatuses,
  answer: Answer,
): Promise<FastifyReply> {
  const signal = abortOnDisconnect(reply)
  try {
    const grafanaRequest = grafanaRequestOf(request, context, signal)
    const value = await answer(grafanaRequest)
    if (value instanceof TextAnswer) return reply.type(value.type).send(value.text)
    return answerJson(request, reply, noted(value, grafanaRequest.notes))
  } catch (error) {
    if (signal.aborted) return reply.hijack()
    const { status, type, text, code } = failureOf(error, statuses)
    const id = reply.getHeader(queryIdHeader)
    return answerJson(request, reply.code(status), {
      status: 'error',
      errorType: type,
      error: text,
      message: text,
      ...withoutUndefined({ code, query_id: id === undefined ? undefined : String(id) }),
    })
  }
}

export function grafanaRequestOf(request: FastifyRequest, context: ApiContext, signal: AbortSignal): GrafanaRequest {
  const { clock } = context.host
  const parameters = new Parameters(request)
  const store = requireStore(context)
  if (dialectOf(store).name !== 'duckdb')
    throw unsupported('A store in ClickHouse: Grafana reads it with its own datasource. Reading it here')
  const notes: Notes = { warnings: new Set(), infos: new Set() }
  const timeout = Math.min(parameters.step('timeout') ?? usualTimeoutMs, usualTimeoutMs)
  return {
    parameters,
    viewer: request.principal,
    host: context.host,
    store,
    signal,
    now: clock.now(),
    context,
    request,
    path: (name) => String(Object.entries(request.params ?? {}).find(([key]) => key === name)?.[1] ?? ''),
    notes,
    environment: {
      ...queryBudget({ host: context.host, signal }, timeout, () => new QueryTimeout()),
      note: (kind, text) => void notes[kind].add(text),
    },
  }
}

class QueryTimeout extends Error {
  constructor() {
    super('query timed out in expression evaluation')
  }
}

const errorTypes: Readonly<Record<QueryFailureKind, string>> = {
  syntax: 'bad_data',
  unsupported: 'execution',
  execution: 'execution',
}

const timeoutCodes: ReadonlySet<ErrorCode> = new Set(['WEIR_SQL_TIMEOUT', 'WEIR_QUERY_TIMEOUT'])

type Failure = Readonly<{ status: number; type: string; text: string; code?: string }>

function failureOf(error: unknown, statuses: FailureStatuses): Failure {
  if (error instanceof QueryFailure)
    return { status: statuses[error.kind], type: errorTypes[error.kind], text: error.message }
  if (error instanceof QueryTimeout || (error instanceof WeirError && timeoutCodes.has(error.code)))
    return { status: 503, type: 'timeout', text: error.message }
  const { problem, unexpected } = toProblem(error)
  if (unexpected && !(error instanceof ApiError)) throw error
  const type = problem.status < 500 ? 'bad_data' : 'unavailable'
  return { status: problem.status, type, text: problem.detail, code: problem.code }
}
