import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { decimal, largestFirst, names, nullText, oneOf, orNull, parameters, type Of } from '../schema.ts'

export const costKinds = ['billed', 'effective', 'list'] as const

const day = (description: string, examples?: readonly string[]) =>
  Optional(Text({ pattern: '^\\d{4}-\\d{2}(-\\d{2})?$', description, ...(examples === undefined ? {} : { examples }) }))

const period = {
  from: day('First day or month, UTC. Default: this month.', ['2026-10']),
  to: day('Day or month after the last one. Default: tomorrow.', ['2026-11']),
}
const filters = {
  provider: names('Providers, comma-separated.', ['AWS']),
  account: names('Billing accounts, comma-separated.'),
  service: names('Services, comma-separated.'),
  region: names('Regions, comma-separated.'),
  currency: names('Currencies, comma-separated.', ['EUR']),
  resource: names('Ids of resources, comma-separated.'),
  namespace: names('Namespaces of Kubernetes by their tags, comma-separated.', ['shop']),
  workload: names('Workloads by their tags, comma-separated.', ['api']),
  team: names('Teams by the tag `team` or `owner`, comma-separated.', ['web']),
}
const tagFilter = {
  tag: names('Tags as NAME=VALUE, comma-separated. Values of a tag are alternatives; `NAME=`: without it.', [
    'env=prod',
  ]),
}
export const spendFilters = Object.keys(filters) as readonly (keyof typeof filters)[]

const cost = Optional(oneOf(costKinds, { default: 'billed', description: 'The cost of FOCUS.' }))

const groupBy = (byDefault: string) =>
  Optional(
    Text({
      maxLength: 300,
      default: byDefault,
      description:
        'Group: provider, account, sub_account, service, service_category, charge_category, region, resource, ' +
        'namespace, workload, team (by their tags), tag:NAME, or allocation: `idle` (of a resource with a finding), ' +
        '`shared` (without resource and namespace) ' +
        'and `allocated`.',
      examples: ['tag:team'],
    }),
  )

const atMost = (description: string) => Optional(Integer({ minimum: 1, maximum: 1000, default: 10, description }))

export const SumsParameters = parameters({
  ...period,
  ...filters,
  ...tagFilter,
  by: groupBy('provider'),
  step: Optional(oneOf(['day', 'month'], { description: 'Adds sums by day or month.' })),
  cost,
  limit: atMost('Maximum groups of a currency.'),
})

export const ForecastParameters = parameters({
  ...filters,
  ...tagFilter,
  month: Optional(
    Text({
      pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
      description: 'Default: this month, UTC.',
      examples: ['2026-11'],
    }),
  ),
  cost,
})

export const MoversParameters = parameters({
  ...filters,
  ...tagFilter,
  ...period,
  before_from: day('First day or month of the earlier period. Default: the period before, of the same length.'),
  before_to: day('Day or month after the earlier period.'),
  by: groupBy('service'),
  cost,
  limit: atMost('Maximum rises, and maximum falls.'),
})

export const TagsParameters = parameters({
  ...period,
  ...filters,
  ...tagFilter,
  cost,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum keys of a currency.' })),
})

export const exportFormats = ['csv', 'parquet'] as const

export const ExportParameters = parameters({
  ...period,
  ...filters,
  ...tagFilter,
  format: Optional(oneOf(exportFormats, { default: 'csv', description: 'Format.' })),
})

/** The parameters that select rows of costs. */
export type SpendQuery = Of<typeof SumsParameters>

const span = () => ObjectOf({ from: Text(), to: Text() })
const sum = () => ({ cost: decimal(), estimated: decimal('The part that may still change.') })

const Bucket = ObjectOf(
  { start: Text(), ...sum(), costs: ArrayOf(decimal()) },
  { description: 'A day or a month with costs.' },
)

export const SpendSums = ObjectOf(
  {
    span: span(),
    by: Text(),
    currencies: ArrayOf(
      ObjectOf({
        currency: Text(),
        ...sum(),
        groups: largestFirst(ObjectOf({ value: nullText('null: the charge has none.'), name: nullText(), ...sum() })),
        others: ObjectOf({ groups: Integer(), ...sum() }, { description: 'Sum of the remaining groups.' }),
        buckets: ArrayOf(Bucket, { description: 'With `step`: `costs` of each of `groups` and of the rest.' }),
      }),
      { description: 'Costs of different currencies are never added.' },
    ),
  },
  { $id: 'SpendSums' },
)
export type SpendSums = Of<typeof SpendSums>

export const SpendTags = ObjectOf(
  {
    span: span(),
    currencies: ArrayOf(
      ObjectOf({
        currency: Text(),
        cost: decimal('All costs, with tags or without.'),
        tags: largestFirst(
          ObjectOf({
            name: Text(),
            cost: decimal('Costs that have the tag with a value.'),
            values: Integer({ description: 'Different values.' }),
          }),
        ),
        others: Integer({ description: 'Number of the remaining keys.' }),
      }),
    ),
  },
  { $id: 'SpendTags' },
)
export type SpendTags = Of<typeof SpendTags>

const forecast = () => ({
  cost: decimal(),
  rate: nullText('Usage of a final day on average, to the cent. null: no day is final.'),
  forecast: nullText('Rate × days of the month + costs that are no usage, to the cent.'),
  basis: orNull(
    oneOf(['final', 'estimates'], {
      description: '`final` days, or `estimates` older than two days because no day is final.',
    }),
  ),
  finalDays: Integer({ description: 'Days that the rate is from; of a currency, the fewest of an account.' }),
  openDays: ArrayOf(Text(), { description: 'Days so far that are not final; the rate does not use them.' }),
})

const AnyForecast = ObjectOf(forecast())
/** Forecast of an account or a currency. */
export type Forecast = Of<typeof AnyForecast>

const BudgetState = ObjectOf({
  account: nullText('null: all accounts of the currency.'),
  amount: decimal(),
  cost: decimal(),
  forecast: nullText('Exact decimal, or null.'),
  state: oneOf(['kept', 'expected', 'exceeded'], {
    description: '`exceeded` by the costs; `expected` to be exceeded by the forecast.',
  }),
})
export type BudgetState = Of<typeof BudgetState>

const CurrencyForecast = ObjectOf({
  currency: Text(),
  ...forecast(),
  accounts: ArrayOf(ObjectOf({ account: Text(), name: nullText(), ...forecast() })),
  budgets: ArrayOf(BudgetState, { description: 'Empty if a part of an account is selected.' }),
})
export type CurrencyForecast = Of<typeof CurrencyForecast>

export const SpendForecast = ObjectOf(
  {
    month: Text(),
    currencies: ArrayOf(CurrencyForecast, {
      description: 'The forecast of a currency is the sum of its accounts. Currencies are never added.',
    }),
  },
  { $id: 'SpendForecast' },
)
export type SpendForecast = Of<typeof SpendForecast>

const change = () => ({
  cost: decimal(),
  before: decimal(),
  change: decimal(),
  percent: nullText('Of the earlier amount, one decimal; null: there is none.'),
})
const AnyChange = ObjectOf(change())
export type Change = Of<typeof AnyChange>

const Mover = ObjectOf({ value: nullText(), name: nullText(), ...change() })
export type Mover = Of<typeof Mover>

export const SpendMovers = ObjectOf(
  {
    span: span(),
    before: span(),
    by: Text(),
    currencies: ArrayOf(
      ObjectOf({ currency: Text(), ...change(), rises: largestFirst(Mover), falls: largestFirst(Mover) }),
    ),
  },
  { $id: 'SpendMovers' },
)
export type SpendMovers = Of<typeof SpendMovers>
