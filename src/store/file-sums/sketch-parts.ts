/** Parts of the sums of files with counts by bins of a value (ADR 0039). */
import { binColumn, binSql, sketchedFields, timeBinColumn, timeBinSql } from '../../model/sketch.ts'
import type { SumPart } from './parts.ts'

/** Bins are many times the rows of other parts where a file has few flows in a long time. */
const mostShare = 0.1

export const sketchParts: readonly SumPart[] = sketchedFields.map((field) => ({
  name: `${field}_sketch`,
  keys: ['proto'],
  computed: [
    { name: timeBinColumn, type: 'INTEGER', reads: [], sql: () => timeBinSql },
    { name: binColumn(field), type: 'USMALLINT', reads: [field], sql: () => binSql(`r."${field}"`) },
  ],
  mostShare,
}))
