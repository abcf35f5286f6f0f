import type { CostData } from '../../model/cloud.ts'
import { complete } from './cells.ts'
import { curColumns, curParquetName, focusColumns, renamedColumns } from './columns.ts'
import { rowKey } from './keys.ts'
import { secondsText } from './values.ts'

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

const plainName = (name: string): string => name.trim().replaceAll('_', '').toLowerCase()

/** Columns that a header of FOCUS or of an AWS report has; `mapping` has priority. */
export function mappingFor(header: readonly string[], mapping: ColumnMapping): ColumnMapping {
  const names = new Set(header)
  const columns: Record<string, string> = {}
  const constants: Record<string, string> = {}
  // Databases and some converters change the case, or separate words by underscores.
  const written = new Map(header.map((name) => [plainName(name), name]))
  const named = (name: string): string | undefined => (names.has(name) ? name : written.get(plainName(name)))
  const take = (name: string, from = name): void => {
    const column = named(from)
    if (column !== undefined) columns[name] ??= column
  }
  for (const { name } of focusColumns) take(name)
  for (const [later, name] of Object.entries(renamedColumns)) take(name, later)
  for (const text of ['x_Estimated', 'x_FocusVersion']) take(text)
  if (names.has('lineItem/UnblendedCost') || names.has('line_item_unblended_cost')) {
    const isCsv = names.has('lineItem/UnblendedCost')
    for (const [name, cur] of Object.entries(curColumns)) {
      const own = isCsv ? cur : curParquetName(cur)
      if (names.has(own)) columns[name] = own
    }
    constants['ProviderName'] = 'AWS'
  }
  return {
    columns: { ...columns, ...mapping.columns },
    constants: { ...constants, ...mapping.constants },
  }
}

/**
 * Fills columns that follow from others, checks the row, and adds the own columns. Columns have the order of FOCUS.
 * Throws a CostRowError.
 */
export function completed(given: Readonly<Record<string, string | null>>, origin: CostOrigin): CostData {
  const cells = focusColumns.map(({ name }) => given[name])
  complete(cells)
  const values = Object.fromEntries(
    focusColumns.flatMap(({ name }, at) => (cells[at] === undefined ? [] : [[name, cells[at]] as const])),
  )
  const { source, file, collected, estimated } = origin
  const version = given['x_FocusVersion'] ?? undefined
  const row = {
    ...values,
    ...(version === undefined ? {} : { x_FocusVersion: version }),
    x_Estimated: String(estimated),
    x_Source: source,
    ...(file === undefined ? {} : { x_File: file }),
    x_CollectedAt: secondsText(new Date(collected)),
    x_FocusVersion: version ?? '1.2',
  }
  return { ...row, x_RowKey: rowKey(row) }
}
