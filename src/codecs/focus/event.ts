import { createHash } from 'node:crypto'
import { cloudTypes, type CostData } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import { focusColumns } from './columns.ts'

const utf8 = new TextEncoder()

/** Of the columns that make two readings of a row different. */
export function costHash(row: CostData): string {
  const { x_CollectedAt: _, ...content } = row
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 11)
}

export function costEvent(row: CostData): WeirEvent {
  const key = String(row['x_RowKey'])
  return {
    id: `${key}-${costHash(row)}`,
    source: `/spend/${String(row['x_Source'])}`,
    type: cloudTypes.cost,
    key,
    time: Date.parse(String(row['ChargePeriodStart'])),
    datacontenttype: 'application/json',
    family: 'cost',
    encoding: 'json',
    data: utf8.encode(JSON.stringify(row)),
  }
}

const costs = new Set(focusColumns.filter(({ name }) => name.endsWith('Cost')).map(({ name }) => name))

/** Replaces a row that its source no longer has. */
export function removedRow(row: CostData, collected: number): CostData {
  return {
    ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, costs.has(name) ? '0' : value])),
    x_Removed: 'true',
    x_CollectedAt: `${new Date(collected).toISOString().slice(0, 19)}Z`,
  }
}
