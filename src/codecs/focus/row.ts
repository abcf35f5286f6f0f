import { createHash } from 'node:crypto'
import type { CostData } from '../../model/cloud.ts'
import { isRecord } from '../../model/json.ts'
import {
  chargeCategories,
  curCategories,
  curColumns,
  curParquetName,
  focusColumns,
  renamedColumns,
  type FocusColumn,
} from './columns.ts'
import { decimalText, monthOf, nextDay, timeText } from './values.ts'

/** Values by their column in the file; undefined and null: absent. */
export type FileRow = (column: string) => string | null | undefined

export type CostOrigin = Readonly<{
  /** `x_Source`: the kind of the source, for example `focus`. */
  source: string
  /** `x_File`: rows of different files have different keys. */
  file?: string
  /** Unix ms. */
  collected: number
  estimated: boolean
}>

/** FOCUS column by column of the file. Constants replace missing values. */
export type ColumnMapping = Readonly<{
  columns: Readonly<Record<string, string>>
  constants: Readonly<Record<string, string>>
}>

/** A row that is not usable, with the reason. */
export class CostRowError extends Error {}

type Values = Record<string, string | null>

/** Columns that a header of FOCUS or of an AWS report has; `mapping` has priority. */
export function mappingFor(header: readonly string[], mapping: ColumnMapping): ColumnMapping {
  const names = new Set(header)
  const columns: Record<string, string> = {}
  const constants: Record<string, string> = {}
  for (const { name } of focusColumns) if (names.has(name)) columns[name] = name
  for (const [later, name] of Object.entries(renamedColumns)) if (names.has(later)) columns[name] ??= later
  for (const own of ['x_Estimated', 'x_FocusVersion']) if (names.has(own)) columns[own] = own
  if (names.has('lineItem/UnblendedCost') || names.has('line_item_unblended_cost')) {
    const isCsv = names.has('lineItem/UnblendedCost')
    for (const [name, cur] of Object.entries(curColumns)) {
      const written = isCsv ? cur : curParquetName(cur)
      if (names.has(written)) columns[name] = written
    }
    constants['ProviderName'] = 'AWS'
  }
  return {
    columns: { ...columns, ...mapping.columns },
    constants: { ...constants, ...mapping.constants },
  }
}

const absent = new Set(['', 'null', 'NULL', 'N/A', 'n/a', '\\N'])

function valueOf({ name, kind }: FocusColumn, written: string | null | undefined): string | null {
  if (written === null || written === undefined || absent.has(written)) return null
  if (kind === 'text') return written
  if (kind === 'tags') return tagsText(written)
  const value = kind === 'decimal' ? decimalText(written) : timeText(written)
  if (value === undefined)
    throw new CostRowError(`${name} is \`${written.slice(0, 40)}\`, not a ${kind === 'time' ? 'time' : 'decimal'}.`)
  return value
}

function tagsText(written: string): string {
  try {
    const tags: unknown = JSON.parse(written)
    if (isRecord(tags)) return JSON.stringify(tags)
  } catch {
    // The error below names the column.
  }
  throw new CostRowError('Tags is not a JSON object.')
}

/** One row of a file in the form of FOCUS 1.2. Throws a CostRowError. */
export function costRow(row: FileRow, { columns, constants }: ColumnMapping, origin: CostOrigin): CostData {
  const values: Values = {}
  for (const column of focusColumns) {
    const from = columns[column.name]
    const value = valueOf(column, from === undefined ? undefined : row(from)) ?? constants[column.name] ?? null
    if (value !== null || column.mandatory === true) values[column.name] = value
  }
  const own = (name: string): string | null | undefined =>
    columns[name] === undefined ? constants[name] : row(columns[name])
  const estimated = own('x_Estimated')
  const version = own('x_FocusVersion')
  return completed(
    { ...values, ...(typeof version === 'string' ? { x_FocusVersion: version } : {}) },
    typeof estimated === 'string' ? { ...origin, estimated: /^(true|1|yes)$/i.test(estimated) } : origin,
  )
}

/** Fills columns that follow from others, checks the row, and adds the own columns. Throws a CostRowError. */
export function completed(given: Readonly<Record<string, string | null>>, origin: CostOrigin): CostData {
  const values: Values = { ...given }
  const fill = (name: string, value: string | null | undefined): void => {
    values[name] ??= value ?? null
  }
  for (const name of ['EffectiveCost', 'ListCost', 'ContractedCost']) fill(name, values['BilledCost'])
  const start = values['ChargePeriodStart']
  if (typeof start === 'string') {
    fill('ChargePeriodEnd', nextDay(start))
    fill('BillingPeriodStart', monthOf(start)[0])
    fill('BillingPeriodEnd', monthOf(values['BillingPeriodStart'] ?? start)[1])
  }
  for (const name of ['PublisherName', 'InvoiceIssuerName']) fill(name, values['ProviderName'])
  fill('ServiceCategory', 'Other')
  fill('ServiceName', values['SkuId'] ?? values['ChargeDescription'] ?? 'Other')
  const category = values['ChargeCategory'] ?? 'Usage'
  values['ChargeCategory'] = (chargeCategories as readonly string[]).includes(category)
    ? category
    : (curCategories[category] ?? 'Usage')
  for (const { name, mandatory, required } of focusColumns) {
    if (mandatory === true) values[name] ??= null
    if (required === true && values[name] === null) throw new CostRowError(`${name} is missing.`)
  }
  if (!/^[A-Z]{3}$/.test(values['BillingCurrency'] ?? ''))
    throw new CostRowError(`BillingCurrency is \`${values['BillingCurrency']}\`, not a code of ISO 4217.`)
  if ((values['ChargePeriodEnd'] ?? '') <= (values['ChargePeriodStart'] ?? ''))
    throw new CostRowError('ChargePeriodEnd is not after ChargePeriodStart.')
  const { source, file, collected, estimated } = origin
  const row: Values = {
    ...values,
    x_Estimated: String(estimated),
    x_Source: source,
    ...(file === undefined ? {} : { x_File: file }),
    x_CollectedAt: `${new Date(collected).toISOString().slice(0, 19)}Z`,
    x_FocusVersion: values['x_FocusVersion'] ?? '1.2',
  }
  return { ...row, x_RowKey: rowKey(row) }
}

const keyColumns = [
  'ProviderName',
  'BillingAccountId',
  'SubAccountId',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'SkuId',
  'ServiceName',
  'RegionId',
  'ResourceId',
  'ChargeCategory',
  'x_Source',
  'x_File',
] as const

/** `occurrence`: rows of one file with the same columns are counted from 0. */
export function rowKey(row: Readonly<Record<string, unknown>>, occurrence = 0): string {
  const parts = keyColumns.map((name) => (typeof row[name] === 'string' ? row[name] : null))
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
  return occurrence === 0 ? hash : `${hash}-${occurrence}`
}
