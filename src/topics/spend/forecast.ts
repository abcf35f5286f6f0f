/** The expected costs of a month, by a linear rule, compared with budgets. */
import { addDecimals, difference, quotient } from '../../codecs/focus/index.ts'
import type { BudgetState, CurrencyForecast, Forecast, SpendForecast, SpendQuery } from './schema.ts'
import { spendConditions, tableOf } from './sql.ts'

export type Budget = Readonly<{ currency: string; amount: string; account: string | null }>

export type ForecastRow = Readonly<{
  currency: string
  account: string
  name: string | null
  day: string
  /** False: a purchase, tax, credit or adjustment, which does not recur by day. */
  usage: boolean
  cost: string
  estimated: boolean
}>

/** Providers publish the costs of a day up to two days later. */
const lateDays = 2
const dayMs = 86_400_000
const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10)

function monthDays(month: string): readonly string[] {
  const [year = 0, number = 1] = month.split('-').map(Number)
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate()
  return Array.from({ length }, (_, at) => `${month}-${String(at + 1).padStart(2, '0')}`)
}

export function forecastSql(query: SpendQuery, month: string): string {
  const { cost = 'billed' } = query
  const span = { from: `${month}-01`, to: dayAfter(monthDays(month).at(-1)!, 1) }
  const table = tableOf({ ...query, by: 'account', step: 'day' }, span)
  return `SELECT currency, account, max(account_name) AS name, day, charge_category = 'Usage' AS usage,
      coalesce(sum(${cost}), 0)::VARCHAR AS cost, bool_or(estimated) AS estimated
      FROM ${table} WHERE ${spendConditions(query, span, table)} GROUP BY currency, account, day, usage
      ORDER BY currency, account, day`
}

/** Costs of one account. A day after today is neither final nor open. */
function forecastOf(rows: readonly ForecastRow[], month: string, today: string): Forecast {
  const days = monthDays(month)
  const byDay = Map.groupBy(rows, ({ day }) => day)
  const isPast = (day: string): boolean => day < today
  const isOld = (day: string): boolean => day < dayAfter(today, -lateDays)
  const isFinal = (day: string): boolean => {
    const ofDay = byDay.get(day)
    return isPast(day) && (ofDay === undefined ? isOld(day) : ofDay.every(({ estimated }) => !estimated))
  }
  const final = days.filter(isFinal)
  const estimates = final.length === 0 ? days.filter(isOld) : []
  const counted = new Set([...final, ...estimates])
  const usage = addDecimals(rows.filter((row) => row.usage && counted.has(row.day)).map(({ cost }) => cost))
  const once = addDecimals(rows.filter((row) => !row.usage).map(({ cost }) => cost))
  const cost = addDecimals(rows.map((row) => row.cost))
  const expected =
    counted.size === 0
      ? null
      : addDecimals([quotient(usage, { times: days.length, by: counted.size, digits: 2 }), once])
  return {
    cost,
    rate: counted.size === 0 ? null : quotient(usage, { by: counted.size, digits: 2 }),
    // Open days may have cost more already.
    forecast: expected !== null && isBelow(expected, cost) ? cost : expected,
    basis: counted.size === 0 ? null : final.length === 0 ? 'estimates' : 'final',
    finalDays: final.length,
    openDays: days.filter((day) => day <= today && !isFinal(day)),
  }
}

type AccountForecast = CurrencyForecast['accounts'][number]

/** The forecast of a currency is the sum of its accounts, because each has its own last final day. */
export function forecastsOf(
  rows: readonly ForecastRow[],
  scope: Readonly<{ month: string; today: string; budgets: readonly Budget[] }>,
): SpendForecast['currencies'] {
  const { month, today, budgets } = scope
  return [...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, ofCurrency]) => {
    const accounts = [...Map.groupBy(ofCurrency, ({ account }) => account)].map(
      ([account, ofAccount]): AccountForecast => ({
        account,
        name: ofAccount.find(({ name }) => name !== null)?.name ?? null,
        ...forecastOf(ofAccount, month, today),
      }),
    )
    const whole = summed(accounts)
    const states = budgets
      .filter((budget) => budget.currency === currency)
      .map(({ account, amount }): BudgetState => {
        const spent =
          account === null ? whole : (accounts.find((candidate) => candidate.account === account) ?? nothing)
        return { account, amount, cost: spent.cost, forecast: spent.forecast, state: stateOf(spent, amount) }
      })
    return { currency, ...whole, accounts, budgets: states }
  })
}

const nothing: Forecast = { cost: '0', rate: null, forecast: null, basis: null, finalDays: 0, openDays: [] }

function summed(accounts: readonly Forecast[]): Forecast {
  const sum = (of: 'rate' | 'forecast'): string | null => {
    const amounts = accounts.flatMap((forecast) => forecast[of] ?? [])
    return amounts.length < accounts.length ? null : addDecimals(amounts)
  }
  const forecast = sum('forecast')
  return {
    cost: addDecimals(accounts.map(({ cost }) => cost)),
    rate: sum('rate'),
    forecast,
    basis: forecast === null ? null : accounts.some(({ basis }) => basis === 'estimates') ? 'estimates' : 'final',
    finalDays: Math.min(...accounts.map(({ finalDays }) => finalDays)),
    openDays: [...new Set(accounts.flatMap(({ openDays }) => openDays))].toSorted(),
  }
}

const isBelow = (a: string, b: string): boolean => difference(a, b).startsWith('-')

function stateOf({ cost, forecast }: Forecast, amount: string): BudgetState['state'] {
  if (isBelow(amount, cost)) return 'exceeded'
  return forecast !== null && isBelow(amount, forecast) ? 'expected' : 'kept'
}
