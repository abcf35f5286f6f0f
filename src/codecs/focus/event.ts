import { cloudTypes, type CostData } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import { contentHash } from './keys.ts'

const utf8 = new TextEncoder()

/** Hash of the columns that make two readings of a row different. */
export function costHash(row: CostData): string {
  const { x_CollectedAt: _, ...content } = row
  return contentHash(JSON.stringify(content))
}

export function costEvent(row: CostData): WeirEvent {
  const key = textIn(row, 'x_RowKey')
  return {
    id: `${key}-${costHash(row)}`,
    source: `/spend/${textIn(row, 'x_Source')}`,
    type: cloudTypes.cost,
    key,
    time: Date.parse(textIn(row, 'ChargePeriodStart')),
    datacontenttype: 'application/json',
    family: 'cost',
    encoding: 'json',
    data: utf8.encode(JSON.stringify(row)),
  }
}

/** Empty if the column is null or an object. */
export function textIn(row: CostData, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : ''
}
