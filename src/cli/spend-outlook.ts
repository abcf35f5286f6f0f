/** `weir spend --forecast`, `--movers` and `--tags`. */
import type { CurrencyForecast, SpendForecast, SpendMovers, SpendTags } from '../topics/spend/schema.ts'
import type { Data, Row } from './output.ts'
import { oneLine, textTable } from './text-table.ts'

/** Decimals are cut to the cent for reading; `-o json` has all of them. */
export function cents(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return `${whole}.${fraction.slice(0, 2).padEnd(2, '0')}`
}

const optionalCents = (decimal: string | null): string => (decimal === null ? '–' : cents(decimal))

export function forecastData(answer: SpendForecast): Data {
  const { month, currencies } = answer
  const rows: Row[] = currencies.flatMap(({ currency, accounts }) =>
    accounts.map(({ openDays, ...account }) => ({ currency, ...account, openDays: openDays.length })),
  )
  return {
    whole: answer,
    rows,
    columns: ['currency', 'account', 'name', 'cost', 'rate', 'forecast', 'basis', 'finalDays', 'openDays'],
    table: () => (currencies.length === 0 ? `No costs in ${month}.\n` : currencies.map(forecastText).join('\n')),
  }
}

function forecastText({ currency, accounts, budgets, ...whole }: CurrencyForecast): string {
  const line = (name: string, of: Omit<CurrencyForecast, 'currency' | 'accounts' | 'budgets'>): string[] => [
    name,
    cents(of.cost),
    optionalCents(of.rate),
    optionalCents(of.forecast),
    `${of.finalDays}${of.basis === 'estimates' ? ' (from estimates)' : ''}`,
  ]
  const lines = [
    ...accounts.map(({ account, name, ...of }) => line(oneLine(name === null ? account : `${name} (${account})`), of)),
    line('total', whole),
  ]
  const states = budgets.map(
    ({ account, amount, state }) =>
      `Budget of ${account === null ? 'all accounts' : oneLine(account)}: ${cents(amount)} ${currency}, ` +
      `${{ kept: 'kept', expected: 'expected to be exceeded', exceeded: 'exceeded' }[state]}\n`,
  )
  return textTable(['account', currency, 'per day', 'forecast', 'final days'], lines) + states.join('')
}

export function moversData(answer: SpendMovers): Data {
  const { by, span, before, currencies } = answer
  const rows: Row[] = currencies.flatMap(({ currency, rises, falls }) =>
    [...rises, ...falls].map(({ value, ...mover }) => ({ currency, [by]: value, ...mover })),
  )
  return {
    whole: answer,
    rows,
    columns: ['currency', by, 'name', 'before', 'cost', 'change', 'percent'],
    table: () =>
      currencies.length === 0
        ? `No costs from ${before.from} to ${before.to} and from ${span.from} to ${span.to}.\n`
        : currencies.map((currency) => moversText(currency, by)).join('\n'),
  }
}

function moversText({ currency, rises, falls, ...total }: SpendMovers['currencies'][number], by: string): string {
  const line = (name: string, { before, cost, change, percent }: typeof total): string[] => [
    name,
    cents(before),
    cents(cost),
    cents(change),
    percent === null ? '–' : `${percent} %`,
  ]
  return textTable(
    [by, `${currency} before`, 'now', 'change', 'percent'],
    [
      ...[...rises, ...falls].map(({ value, name, ...mover }) =>
        line(oneLine(name === null ? (value ?? '(none)') : `${name} (${value ?? ''})`), mover),
      ),
      line('total', total),
    ],
  )
}

const percentOf = (part: string, whole: string): string =>
  Number(whole) === 0 ? '–' : `${((100 * Number(part)) / Number(whole)).toFixed(1)} %`

export function tagsData(answer: SpendTags): Data {
  const { span, currencies } = answer
  const rows: Row[] = currencies.flatMap(({ currency, cost: total, tags }) =>
    tags.map(({ name, cost, values }) => ({ currency, tag: name, cost, total, values })),
  )
  return {
    whole: answer,
    rows,
    columns: ['currency', 'tag', 'cost', 'total', 'values'],
    table: () =>
      rows.length === 0 ? `No costs with tags from ${span.from} to ${span.to}.\n` : currencies.map(tagsText).join('\n'),
  }
}

function tagsText({ currency, cost: total, tags, others }: SpendTags['currencies'][number]): string {
  const lines = tags.map(({ name, cost, values }) => [
    oneLine(name),
    cents(cost),
    percentOf(cost, total),
    String(values),
  ])
  if (others > 0) lines.push([`${others} others`, '', '', ''])
  lines.push(['all costs', cents(total), '', ''])
  return textTable(['tag', currency, 'coverage', 'values'], lines)
}
