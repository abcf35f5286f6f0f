import type { FastifyInstance } from 'fastify'
import type { Of } from '../../topics/schema.ts'
import { exportStatement, spendForecast, spendMovers, spendSums } from '../../topics/spend/index.ts'
import { ExportParameters, type exportFormats } from '../../topics/spend/schema.ts'
import { answerStream } from '../answer.ts'
import { refusals, string } from '../openapi/json-schema.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { serve } from '../serve.ts'
import { abortOnDisconnect, logErrors, requireStore } from '../store-query.ts'
import { isolated } from '../../topics/sql/isolated.ts'

export const spendSchemas = {
  SpendSums: spendSums.result,
  SpendForecast: spendForecast.result,
  SpendMovers: spendMovers.result,
} as const

const mediaTypes: Readonly<Record<(typeof exportFormats)[number], string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
}

const exportUrl = '/api/v1/spend/export'

const exportSchema = {
  operationId: 'exportSpend',
  summary: 'Rows of FOCUS 1.2',
  description: 'All mandatory columns, and own columns with the prefix `x_`. Decimals are exact text.',
  querystring: ExportParameters,
  response: {
    200: {
      description: 'The rows.',
      content: { 'text/csv': { schema: string }, 'application/vnd.apache.parquet': { schema: string } },
    },
    ...refusals,
  },
} as const

export function spendRoutes(app: FastifyInstance, context: ApiContext, budgets: ApiOptions['budgets']): void {
  serve(app, { context, url: '/api/v1/spend' }, spendSums)
  serve(app, { context, url: '/api/v1/spend/forecast' }, spendForecast, () => ({ budgets: budgets?.() ?? [] }))
  serve(app, { context, url: '/api/v1/spend/movers' }, spendMovers)
  app.get<{ Querystring: Of<typeof ExportParameters> }>(exportUrl, { schema: exportSchema }, async (request, reply) => {
    const { format = 'csv', ...query } = request.query
    const store = requireStore(context)
    const sql = exportStatement(query, { store, now: context.host.clock.now() })
    const disconnected = abortOnDisconnect(reply)
    const bytes = await isolated(store, { sql, format, bound: 'wait' }, disconnected)
    if (bytes === undefined) return reply.hijack()
    reply.header('content-disposition', `attachment; filename="weir-spend.${format}"`)
    return answerStream(request, reply, mediaTypes[format], logErrors(bytes, disconnected, context.log))
  })
}
