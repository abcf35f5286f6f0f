import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import type { ApiContext, ApiOptions } from '../options.ts'
import { forecastsOf, forecastSql, type ForecastRow } from '../spend-forecast.ts'
import { moversOf, moversSql, periodBefore, type MoverRow } from '../spend-movers.ts'
import { listOf } from '../query-parameters.ts'
import { spendFilters, spendSpan, type SpendQuery } from '../spend-sql.ts'
import { abortOnDisconnect, rowsOf } from '../store-query.ts'
import { costParameter, day, decimal, groupParameter, ownStore, selection } from './spend.ts'

const nullDecimal = { ...nullable, description: 'Exact decimal, or null.' } as const

const forecast = {
  cost: decimal,
  rate: { ...nullable, description: 'Usage of a final day on average, to the cent. null: no day is final.' },
  forecast: { ...nullable, description: 'Rate × days of the month + costs that are no usage, to the cent.' },
  basis: {
    type: ['string', 'null'],
    description: '`final` days, or `estimates` older than two days because no day is final.',
  },
  finalDays: { type: 'integer', description: 'Days that the rate is from; of a currency, the fewest of an account.' },
  openDays: list(string, { description: 'Days so far that are not final; the rate does not use them.' }),
} as const

const change = {
  cost: decimal,
  before: decimal,
  change: decimal,
  percent: { ...nullable, description: 'Of the earlier amount, one decimal; null: there is none.' },
} as const

const mover = object({ value: nullable, name: nullable, ...change })
const period = object({ from: string, to: string })

export const spendOutlookSchemas = {
  SpendForecast: object(
    {
      month: string,
      currencies: list(
        object({
          currency: string,
          ...forecast,
          accounts: list(object({ account: string, name: nullable, ...forecast })),
          budgets: list(
            object({
              account: { ...nullable, description: 'null: all accounts of the currency.' },
              amount: decimal,
              cost: decimal,
              forecast: nullDecimal,
              state: {
                type: 'string',
                enum: ['kept', 'expected', 'exceeded'],
                description: '`exceeded` by the costs; `expected` to be exceeded by the forecast.',
              },
            }),
            { description: 'Empty if a part of an account is selected.' },
          ),
        }),
        { description: 'The forecast of a currency is the sum of its accounts. Currencies are never added.' },
      ),
    },
    { required: ['month', 'currencies'] },
  ),
  SpendMovers: object(
    {
      span: period,
      before: period,
      by: string,
      currencies: list(
        object({
          currency: string,
          ...change,
          rises: list(mover, { description: 'Largest first.' }),
          falls: list(mover, { description: 'Largest first.' }),
        }),
      ),
    },
    { required: ['span', 'before', 'by', 'currencies'] },
  ),
} as const

const { from, to, ...filters } = selection

const forecastSchema = {
  operationId: 'spendForecast',
  summary: 'Expected costs of a month, and its budgets',
  description:
    'Linear: average usage of the final days × days of the month. A day is final when it is over, none of its ' +
    'costs is an estimate, and it has costs or is older than two days.',
  querystring: closed({
    ...filters,
    month: {
      type: 'string',
      pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
      description: 'Default: this month, UTC.',
      examples: ['2026-11'],
    },
    cost: costParameter,
  }),
  response: { 200: { $ref: 'SpendForecast#' }, ...refusals },
} as const

const moversSchema = {
  operationId: 'spendMovers',
  summary: 'Largest rises and falls of costs between two periods',
  querystring: closed({
    ...filters,
    from,
    to,
    before_from: {
      ...day,
      description: 'First day or month of the earlier period. Default: the period before, of the same length.',
    },
    before_to: { ...day, description: 'Day or month after the earlier period.' },
    by: groupParameter('service'),
    cost: costParameter,
    limit: { ...integer, minimum: 1, maximum: 1000, default: 10, description: 'Maximum rises, and maximum falls.' },
  }),
  response: { 200: { $ref: 'SpendMovers#' }, ...refusals },
} as const

type MoversQuery = SpendQuery & Readonly<{ before_from?: string; before_to?: string }>

/** A budget is for an account or all of them, and is not compared with a part of their costs. */
const isPart = (query: SpendQuery): boolean =>
  spendFilters.some((name) => name !== 'currency' && name !== 'account' && (query[name] ?? '') !== '')

export function spendOutlookRoutes(app: FastifyInstance, context: ApiContext, budgets: ApiOptions['budgets']): void {
  app.get('/api/v1/spend/forecast', { schema: forecastSchema }, async (request, reply) => {
    const { month: written, ...query } = request.query as SpendQuery & { readonly month?: string }
    const store = ownStore(context)
    const today = new Date(context.host.clock.now()).toISOString().slice(0, 10)
    const month = written ?? today.slice(0, 7)
    const disconnected = abortOnDisconnect(reply)
    const rows = await rowsOf(store, forecastSql(query, month), disconnected)
    if (rows === undefined || disconnected.aborted) return reply.hijack()
    const accounts = (query.account ?? '') === '' ? undefined : listOf(query.account)
    const compared = isPart(query)
      ? []
      : (budgets?.() ?? []).filter(({ account }) => accounts === undefined || accounts.includes(account ?? ''))
    const currencies = forecastsOf(rows as ForecastRow[], { month, today, budgets: compared })
    return answerJson(request, reply, { month, currencies })
  })

  app.get('/api/v1/spend/movers', { schema: moversSchema }, async (request, reply) => {
    const query = request.query as MoversQuery
    const store = ownStore(context)
    const clock = context.host.clock.now()
    const now = spendSpan(query, clock)
    const usual = periodBefore(now)
    const before = spendSpan({ from: query.before_from ?? usual.from, to: query.before_to ?? usual.to }, clock)
    const disconnected = abortOnDisconnect(reply)
    const rows = await rowsOf(store, moversSql(query, { now, before }), disconnected)
    if (rows === undefined || disconnected.aborted) return reply.hijack()
    const currencies = moversOf(rows as MoverRow[])
    return answerJson(request, reply, { span: now, before, by: query.by ?? 'service', currencies })
  })
}
