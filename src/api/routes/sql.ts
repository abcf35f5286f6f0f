import type { FastifyInstance } from 'fastify'
import { Boolean as Flag, Optional, String as Text, Unsafe } from 'typebox'
import { oneOf, parameters as parametersOf } from '../../topics/schema.ts'
import { queryFormats, type QueryFormat } from '../../engine/control.ts'
import { parameterProblem, type SqlParameters } from '../../model/sql-parameters.ts'
import { answerStream } from '../answer.ts'
import { abortOnDisconnect, requireStore, logErrors } from '../store-query.ts'
import { isolated } from '../../topics/sql/isolated.ts'
import type { ApiContext } from '../options.ts'
import { runStatingLoss } from '../../topics/sql/lost-files.ts'
import { ApiError } from '../problems.ts'
import { list, problem, string } from '../openapi/json-schema.ts'
import { typed } from '../request/typed.ts'

const mediaTypes: Readonly<Record<QueryFormat, string>> = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  table: 'text/plain; charset=utf-8',
}

/** `false` when some of the newest rows are missing. */
const freshHeader = 'x-weir-fresh'
/** `what from/to`, comma-separated: rows that only damaged files had. */
const lostHeader = 'x-weir-lost'

const SqlRequest = parametersOf({
  sql: Text({ minLength: 1, description: 'The statement.', examples: ['SELECT count(*) FROM flows'] }),
  parameters: Optional(
    Unsafe<SqlParameters>({
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'array'], items: { type: ['string', 'number'] } },
      description: 'Values of `$name`: texts, numbers, or lists.',
      examples: [{ port: 443, namespaces: ['shop', 'web'] }],
    }),
  ),
  format: Optional(oneOf(queryFormats, { default: 'json', description: '`json` is an array of row objects.' })),
  fresh: Optional(
    Flag({
      default: true,
      description:
        'Wait up to 2 s until the result includes the rows accepted before the request. Header ' +
        '`X-Weir-Fresh` is `false` if some are missing.',
    }),
  ),
})

const schema = {
  operationId: 'sql',
  summary: 'Run SQL on the store',
  description:
    'One read-only statement (SELECT, WITH, DESCRIBE, SHOW, EXPLAIN or SUMMARIZE) over the views `flows`, ' +
    '`events`, `changes`, `audit`, `resources` and `relations`. No row limit. ' +
    'The response is streamed; a truncated response indicates an error. The engine binds the values of `parameters` ' +
    '(at most 40 with 8 KiB), which never become text of the statement; a list is for `IN $name`. Values that the ' +
    'statement does not use are ignored. Header `X-Weir-Lost` has the times of rows that only damaged files had, if ' +
    'any, as `what from/to`, comma-separated: a result lacks them.',
  body: SqlRequest,
  response: {
    200: {
      description:
        'Rows. 64-bit integers are numbers if a double represents them exactly, else strings; times are ISO ' +
        '8601 UTC with milliseconds.',
      content: {
        'application/json': { schema: list({ type: 'object' }) },
        'application/x-ndjson': { schema: string },
        'text/csv': { schema: string },
        'text/plain': { schema: string },
      },
    },
    400: problem,
    413: problem,
    422: problem,
    503: problem,
    504: problem,
  },
} as const

export function sqlRoutes(app: FastifyInstance, { control, host, limits, log }: ApiContext): void {
  typed(app).post('/api/v1/sql', { schema }, async (request, reply) => {
    const { sql, parameters = {}, format = 'json', fresh = true } = request.body
    const size = Buffer.byteLength(sql)
    if (size > limits.sqlBytes)
      throw new ApiError('WEIR_API_TOO_LARGE', `The statement has ${size} bytes; the limit is ${limits.sqlBytes}.`)
    const wrong = parameterProblem(parameters)
    if (wrong !== undefined) throw new ApiError('WEIR_API_INVALID', wrong)
    const store = requireStore({ control })
    const disconnected = abortOnDisconnect(reply)
    if (fresh && store.fresh !== undefined) reply.header(freshHeader, String(await store.fresh()))
    const { bytes, lost } = await runStatingLoss(store, { timers: host.timers, signal: disconnected }, () =>
      isolated(store, { sql, format, bound: 'work', parameters }, disconnected),
    )
    if (bytes === undefined) return reply.hijack()
    if (lost !== undefined) reply.header(lostHeader, lost)
    return answerStream(request, reply, mediaTypes[format], logErrors(bytes, disconnected, log))
  })
}
