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
const decimals = focusColumns.flatMap(({ kind }, at) => (kind === 'decimal' ? [at] : []))
const currencyCode = /^[A-Z]{3}$/
/** Sums have at most 20 digits before the point. */
const maxWhole = 17

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
  for (const at of decimals) if ((cells[at]?.length ?? 0) > maxWhole) checkSize(focusColumns[at]!.name, cells[at]!)
  cells[currency] = cells[currency]!.toUpperCase()
  if (!currencyCode.test(cells[currency]))
    throw new CostRowError(`BillingCurrency is \`${cells[currency]}\`, not a code of ISO 4217.`)
  if ((cells[end] ?? '') <= (cells[start] ?? ''))
    throw new CostRowError('ChargePeriodEnd is not after ChargePeriodStart.')
}

function checkSize(name: string, value: string): void {
  const digits = /^-?(\d*)/.exec(value)?.[1]?.length ?? 0
  if (digits > maxWhole)
    throw new CostRowError(`${name} has ${digits} digits before the point; the most are ${maxWhole}.`)
}

const absent = new Set(['', 'null', 'NULL', 'N/A', 'n/a', '\\N'])
const longestAbsent = 4

function isAbsent(written: string | null | undefined): written is null | undefined {
  if (written === null || written === undefined) return true
  return written.length <= longestAbsent && absent.has(written)
}

/** Tags that {@link valueOf} cannot read, and leaves out. */
export function areUnreadable({ kind }: FocusColumn, written: string | null | undefined): boolean {
  return kind === 'tags' && !isAbsent(written) && tagsText(written) === undefined
}

/** The value as written in a file. Throws a CostRowError. */
export function valueOf({ name, kind }: FocusColumn, written: string | null | undefined): string | null {
  if (isAbsent(written)) return null
  if (kind === 'text') return written
  if (kind === 'tags') return tagsText(written) ?? null
  const value = kind === 'decimal' ? decimalText(written) : timeText(written)
  if (value === undefined)
    throw new CostRowError(`${name} is \`${written.slice(0, 40)}\`, not a ${kind === 'time' ? 'time' : 'decimal'}.`)
  return value
}

/** A JSON object, one without its braces, as Azure has it, or a list of keys and values, as BigQuery has it. */
const tagsText = memoized((written: string): string | undefined => {
  const tags = parsed(written) ?? parsed(`{${written}}`)
  if (isRecord(tags)) return JSON.stringify(tags)
  return Array.isArray(tags) ? listedTags(tags as unknown[]) : undefined
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listedTags(tags: readonly unknown[]): string | undefined {
  const results = tags.map((tag): readonly [unknown, unknown] => {
    if (!isRecord(tag)) return [undefined, undefined]
    return [tag['key'] ?? tag['Key'], tag['value'] ?? tag['Value'] ?? null]
  })
  const isList = results.every(([key]) => typeof key === 'string')
  return isList ? JSON.stringify(Object.fromEntries(results as [string, unknown][])) : undefined
}
