import { hash } from 'node:crypto'
import { cellOf } from './cells.ts'

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
] as const

/** Columns that identify a row, beside `x_Source` and `x_File`. */
export const keyCells: readonly number[] = keyColumns.map(cellOf)

/** `occurrence`: rows of one file with the same columns are counted from 0. */
export function rowKey(row: Readonly<Record<string, unknown>>, occurrence = 0): string {
  const parts = [...keyColumns, 'x_Source', 'x_File'].map((name) => (typeof row[name] === 'string' ? row[name] : null))
  return repeatedKey(keyHash(JSON.stringify(parts)), occurrence)
}

export function repeatedKey(key: string, occurrence: number): string {
  return occurrence === 0 ? key : `${key}-${occurrence}`
}

/** Hash of the JSON list of the columns that identify a row. */
export function keyHash(json: string): string {
  return hash('sha256', json, 'base64url').slice(0, 22)
}

/** Hash of the JSON of a row without the time of collection. */
export function contentHash(json: string): string {
  return hash('sha256', json, 'base64url').slice(0, 11)
}
