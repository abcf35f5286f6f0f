import { isRecord } from '../../model/json.ts'
import { chargeCategories, curCategories, focusColumns, type FocusColumn } from './columns.ts'
import { decimalText, memoized, monthOf, nextDay, timeText } from './values.ts'

/** Values in the order of `focusColumns`; undefined: the row lacks the column. */
export type Cells = (string | null | undefined)[]

/** A row that is not usable, with the reason. */
export class CostRowError extends Error {}

export function cellOf(name: string): number {
  const at = focusColumns.findIndex((column) => column.name === name)
  if (at < 0) throw new Error(`FOCUS has no column ${name}.`)
  return at
}

const [billed, start, end, provider] = ['BilledCost', 'ChargePeriodStart', 'ChargePeriodEnd', 'ProviderName'].map(
  cellOf,
) as [number, number, number, number]
const copies = [
  ...['EffectiveCost', 'ListCost', 'ContractedCost'].map((name) => [cellOf(name), billed] as const),
  ...['PublisherName', 'InvoiceIssuerName'].map((name) => [cellOf(name), provider] as const),
]
const [periodStart, periodEnd] = [cellOf('BillingPeriodStart'), cellOf('BillingPeriodEnd')]
const [service, sku, description] = [cellOf('ServiceName'), cellOf('SkuId'), cellOf('ChargeDescription')]
const [serviceCategory, category, currency] = [
  cellOf('ServiceCategory'),
  cellOf('ChargeCategory'),
  cellOf('BillingCurrency'),
]
const mandatory = focusColumns.flatMap((column, at) => (column.mandatory === true ? [at] : []))
const required = focusColumns.flatMap((column, at) => (column.required === true ? [at] : []))
const currencyCode = /^[A-Z]{3}$/

/** Fills columns that follow from others, and checks the row. Throws a CostRowError. */
export function complete(cells: Cells): void {
  for (const at of mandatory) cells[at] ??= null
  for (const [to, from] of copies) cells[to] ??= cells[from]
  const begin = cells[start]
  if (typeof begin === 'string') {
    cells[end] ??= nextDay(begin)
    cells[periodStart] ??= monthOf(begin)[0]
    cells[periodEnd] ??= monthOf(cells[periodStart])[1]
  }
  cells[serviceCategory] ??= 'Other'
  cells[service] ??= cells[sku] ?? cells[description] ?? 'Other'
  const charge = cells[category] ?? 'Usage'
  cells[category] = (chargeCategories as readonly string[]).includes(charge)
    ? charge
    : (curCategories[charge] ?? 'Usage')
  for (const at of required) if (cells[at] === null) throw new CostRowError(`${focusColumns[at]!.name} is missing.`)
  if (!currencyCode.test(cells[currency] ?? ''))
    throw new CostRowError(`BillingCurrency is \`${cells[currency]}\`, not a code of ISO 4217.`)
  if ((cells[end] ?? '') <= (cells[start] ?? ''))
    throw new CostRowError('ChargePeriodEnd is not after ChargePeriodStart.')
}

const absent = new Set(['', 'null', 'NULL', 'N/A', 'n/a', '\\N'])
const longestAbsent = 4

/** The value as written in a file. Throws a CostRowError. */
export function valueOf({ name, kind }: FocusColumn, written: string | null | undefined): string | null {
  if (written === null || written === undefined) return null
  if (written.length <= longestAbsent && absent.has(written)) return null
  if (kind === 'text') return written
  if (kind === 'tags') return tagsText(written)
  const value = kind === 'decimal' ? decimalText(written) : timeText(written)
  if (value === undefined)
    throw new CostRowError(`${name} is \`${written.slice(0, 40)}\`, not a ${kind === 'time' ? 'time' : 'decimal'}.`)
  return value
}

const tagsText = memoized((written: string): string => {
  try {
    const tags: unknown = JSON.parse(written)
    if (isRecord(tags)) return JSON.stringify(tags)
  } catch {
    // The error below names the column.
  }
  throw new CostRowError('Tags is not a JSON object.')
})
