import { focusColumns, ownColumns } from '../../codecs/focus/index.ts'
import type { IsolatedResult } from '../../engine/control.ts'
import { listOf } from '../comma-list.ts'
import { operation, type Surroundings } from '../operation.ts'
import { needDuckDb, readRows } from '../rows.ts'
import type { Of } from '../schema.ts'
import { isolated } from '../sql/isolated.ts'
import { forecastsOf, forecastSql, type Budget, type ForecastRow } from './forecast.ts'
import { moversOf, moversSql, periodBefore, type MoverRow } from './movers.ts'
import {
  ForecastParameters,
  MoversParameters,
  spendFilters,
  SpendForecast,
  SpendMovers,
  SpendSums,
  SpendTags,
  SumsParameters,
  TagsParameters,
  type ExportParameters,
  type SpendQuery,
} from './schema.ts'
import { exportSql, spendConditions, spendSpan, spendSumsSql, tableOf } from './sql.ts'
import { currenciesOf, type SumRow } from './sums.ts'
import { tagsOf, tagsSql, type TagRow } from './tags.ts'

export type { Budget } from './forecast.ts'

const needCosts = (surroundings: Pick<Surroundings, 'store'>) =>
  needDuckDb(
    surroundings,
    'The store in ClickHouse has no sums of costs.',
    'Its table of events has the rows, with the family `cost`.',
  )

export const spendSums = operation({
  id: 'spend',
  summary: 'Costs by provider, account, service, region, resource, workload, team or tag',
  description: 'Rows of invoices replace the estimates of their account and month. Whole months are fastest.',
  parameters: SumsParameters,
  result: SpendSums,
  async run(query, surroundings) {
    needCosts(surroundings)
    const span = spendSpan(query, surroundings.now)
    const { limit = 10, by = 'provider', step } = query
    const groups = await readRows<SumRow>(surroundings, spendSumsSql(query, span, 'whole'))
    const buckets = step === undefined ? [] : await readRows<SumRow>(surroundings, spendSumsSql(query, span, step))
    return { span, by, currencies: currenciesOf(groups, buckets, limit) }
  },
})

/** A budget is for an account or all of them, and is not compared with a part of their costs. */
const isPart = (query: SpendQuery): boolean =>
  (query.tag ?? '') !== '' ||
  spendFilters.some((name) => name !== 'currency' && name !== 'account' && (query[name] ?? '') !== '')

export const spendForecast = operation({
  id: 'spendForecast',
  summary: 'Expected costs of a month, and its budgets',
  description:
    'Linear: average usage of the final days × days of the month. A day is final when it is over, none of its ' +
    'costs is an estimate, and it has costs or is older than two days.',
  parameters: ForecastParameters,
  result: SpendForecast,
  async run(
    { month: written, ...query },
    { budgets, ...surroundings }: Surroundings & { readonly budgets: readonly Budget[] },
  ) {
    needCosts(surroundings)
    const today = new Date(surroundings.now).toISOString().slice(0, 10)
    const month = written ?? today.slice(0, 7)
    const rows = await readRows<ForecastRow>(surroundings, forecastSql(query, month))
    const accounts = (query.account ?? '') === '' ? undefined : listOf(query.account)
    const compared = isPart(query)
      ? []
      : budgets.filter(({ account }) => accounts === undefined || accounts.includes(account ?? ''))
    return { month, currencies: forecastsOf(rows, { month, today, budgets: compared }) }
  },
})

export const spendMovers = operation({
  id: 'spendMovers',
  summary: 'Largest rises and falls of costs between two periods',
  parameters: MoversParameters,
  result: SpendMovers,
  async run(query, surroundings) {
    needCosts(surroundings)
    const span = spendSpan(query, surroundings.now)
    const usual = periodBefore(span)
    const written = { from: query.before_from ?? usual.from, to: query.before_to ?? usual.to }
    const before = spendSpan(written, surroundings.now)
    const rows = await readRows<MoverRow>(surroundings, moversSql(query, { now: span, before }))
    return { span, before, by: query.by ?? 'service', currencies: moversOf(rows) }
  },
})

export const spendTags = operation({
  id: 'spendTags',
  summary: 'Keys of tags, and the costs that have them',
  description: 'The coverage of a key is its costs divided by all costs of the currency.',
  parameters: TagsParameters,
  result: SpendTags,
  async run(query, surroundings) {
    needCosts(surroundings)
    const span = spendSpan(query, surroundings.now)
    const { cost = 'billed', limit = 100 } = query
    const table = tableOf({ ...query, by: 'tag:' }, span)
    const rows = await readRows<TagRow>(
      surroundings,
      tagsSql(table, spendConditions(query, span, table), { cost, limit }),
    )
    return { span, currencies: tagsOf(rows) }
  },
})

/** Rows of FOCUS as bytes of a file; undefined if the signal aborts. Throws {@link Refusal}. */
export function spendExport(
  { format = 'csv', ...query }: Of<typeof ExportParameters>,
  surroundings: Pick<Surroundings, 'store' | 'now' | 'signal'>,
): Promise<IsolatedResult | undefined> {
  needCosts(surroundings)
  const span = spendSpan(query, surroundings.now)
  const sql = exportSql(query, span, [...focusColumns.map(({ name }) => name), ...ownColumns])
  return isolated(surroundings.store, { sql, format, bound: 'wait' }, surroundings.signal)
}
