import type { FastifyInstance } from 'fastify'
import { addDecimals, focusColumns, ownColumns } from '../../codecs/focus/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import { answerJson, answerStream } from '../answer.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { exportSql, spendCosts, spendSpan, spendSumsSql, type SpendQuery } from '../spend-sql.ts'
import { abortOnDisconnect, isolated, logErrors, requireStore, rowsOf } from '../store-query.ts'

export const decimal = { type: 'string', description: 'Exact decimal.' } as const
const sum = { cost: decimal, estimated: { ...decimal, description: 'The part that may still change.' } }

export const spendSchemas = {
  SpendSums: object(
    {
      span: object({ from: string, to: string }),
      by: string,
      currencies: list(
        object({
          currency: string,
          ...sum,
          groups: list(object({ value: nullable, name: nullable, ...sum }), { description: 'Largest first.' }),
          others: object({ groups: integer, ...sum }, { description: 'Sum of the remaining groups.' }),
          buckets: list(
            object({ start: string, ...sum, costs: list(decimal) }, { description: 'A day or a month with costs.' }),
            { description: 'With `step`: `costs` of each of `groups` and of the rest.' },
          ),
        }),
        { description: 'Costs of different currencies are never added.' },
      ),
    },
    { required: ['span', 'by', 'currencies'] },
  ),
} as const

export const day = { type: 'string', pattern: '^\\d{4}-\\d{2}(-\\d{2})?$' } as const
const names = { type: 'string', maxLength: 4096 } as const

export const selection = {
  from: { ...day, description: 'First day or month, UTC. Default: this month.', examples: ['2026-10'] },
  to: { ...day, description: 'Day or month after the last one. Default: tomorrow.', examples: ['2026-11'] },
  provider: { ...names, description: 'Providers, comma-separated.', examples: ['AWS'] },
  account: { ...names, description: 'Billing accounts, comma-separated.' },
  service: { ...names, description: 'Services, comma-separated.' },
  region: { ...names, description: 'Regions, comma-separated.' },
  currency: { ...names, description: 'Currencies, comma-separated.', examples: ['EUR'] },
  resource: { ...names, description: 'Ids of resources, comma-separated.' },
} as const

export const costParameter = {
  type: 'string',
  enum: spendCosts,
  default: 'billed',
  description: 'The cost of FOCUS.',
} as const

export const groupParameter = (byDefault: string) =>
  ({
    type: 'string',
    maxLength: 300,
    default: byDefault,
    description:
      'Group: provider, account, sub_account, service, service_category, charge_category, region, resource, ' +
      'tag:NAME, or allocation: `idle` (of a resource with a finding), `shared` (without resource and namespace) ' +
      'and `allocated`.',
    examples: ['tag:team'],
  }) as const

const sumsSchema = {
  operationId: 'spend',
  summary: 'Costs by provider, account, service, region, resource or tag',
  description: 'Rows of invoices replace the estimates of their account and month. Whole months are fastest.',
  querystring: closed({
    ...selection,
    by: groupParameter('provider'),
    step: { type: 'string', enum: ['day', 'month'], description: 'Adds sums by day or month.' },
    cost: costParameter,
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Maximum groups of a currency.' },
  }),
  response: { 200: { $ref: 'SpendSums#' }, ...refusals },
} as const

const formats = { csv: 'text/csv; charset=utf-8; header=present', parquet: 'application/vnd.apache.parquet' } as const

const exportSchema = {
  operationId: 'exportSpend',
  summary: 'Rows of FOCUS 1.2',
  description: 'All mandatory columns, and own columns with the prefix `x_`. Decimals are exact text.',
  querystring: closed({
    ...selection,
    format: { type: 'string', enum: Object.keys(formats), default: 'csv', description: 'Format.' },
  }),
  response: {
    200: {
      description: 'The rows.',
      content: { 'text/csv': { schema: string }, 'application/vnd.apache.parquet': { schema: string } },
    },
    ...refusals,
  },
} as const

export function ownStore(context: ApiContext): StoreReader {
  const store = requireStore(context)
  if (store.dialect !== 'clickhouse') return store
  throw new ApiError('WEIR_API_NO_STORE', 'The store in ClickHouse has no sums of costs.', {
    hints: ['Its table of events has the rows, with the family `cost`.'],
  })
}

type Row = Readonly<{
  currency: string
  place: number
  start: string | null
  value: string | null
  name: string | null
  values: number
  cost: string
  estimated: string
}>

export function spendRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/spend', { schema: sumsSchema }, async (request, reply) => {
    const query = request.query as SpendQuery
    const store = ownStore(context)
    const span = spendSpan(query, context.host.clock.now())
    const disconnected = abortOnDisconnect(reply)
    const { limit = 10, by = 'provider', step } = query
    const groups = await rowsOf(store, spendSumsSql(query, span, false), disconnected)
    const buckets = step === undefined ? [] : await rowsOf(store, spendSumsSql(query, span, true), disconnected)
    if (groups === undefined || buckets === undefined || disconnected.aborted) return reply.hijack()
    return answerJson(request, reply, { span, by, currencies: currenciesOf(groups as Row[], buckets as Row[], limit) })
  })
  app.get('/api/v1/spend/export', { schema: exportSchema }, async (request, reply) => {
    const { format = 'csv', ...query } = request.query as SpendQuery & { readonly format?: keyof typeof formats }
    const store = ownStore(context)
    const span = spendSpan(query, context.host.clock.now())
    const disconnected = abortOnDisconnect(reply)
    const sql = exportSql(query, span, [...focusColumns.map(({ name }) => name), ...ownColumns])
    const bytes = await isolated(store, { sql, format, bound: 'wait' }, disconnected)
    if (bytes === undefined) return reply.hijack()
    reply.header('content-disposition', `attachment; filename="weir-spend.${format}"`)
    return answerStream(request, reply, formats[format], logErrors(bytes, disconnected, context.log))
  })
}

function currenciesOf(groups: readonly Row[], buckets: readonly Row[], limit: number): readonly object[] {
  return [...new Set(groups.map(({ currency }) => currency))].map((currency) => {
    const own = groups.filter((row) => row.currency === currency)
    const shown = own.filter(({ place }) => Number(place) <= limit)
    const rest = own.find(({ place }) => Number(place) > limit)
    const sums = (rows: readonly Row[]): object => ({
      cost: addDecimals(rows.map(({ cost }) => cost)),
      estimated: addDecimals(rows.map(({ estimated }) => estimated)),
    })
    const byStart = Map.groupBy(
      buckets.filter((row) => row.currency === currency),
      ({ start }) => start,
    )
    return {
      currency,
      ...sums(own),
      groups: shown.map((row) => ({ value: row.value, name: row.name, ...sums([row]) })),
      others: { groups: Number(rest?.values ?? 0), ...sums(rest === undefined ? [] : [rest]) },
      buckets: [...byStart]
        .toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))
        .map(([start, rows]) => ({
          start,
          ...sums(rows),
          costs: [...shown, ...(rest === undefined ? [] : [rest])].map(({ place }) =>
            addDecimals(rows.filter((row) => row.place === place).map(({ cost }) => cost)),
          ),
        })),
    }
  })
}
