import { useCallback, useMemo } from 'react'
import type { Row } from '../../live/rows-model.ts'
import { plainText } from '../../parts/format.ts'
import type { GridProps } from '../../parts/grid.tsx'
import { gridColumns, type FlowColumn } from './columns.tsx'
import { andFilter, conditionFor, eitherCondition } from '../../parts/filter-text.ts'
import { resized } from './parts-of-state.ts'
import type { FlowViewProps } from './views.ts'

/** What live and stored rows are given. */
export interface RowsProps extends FlowViewProps {
  readonly chosen: readonly FlowColumn[]
  /** Fields that the columns need. */
  readonly fields: readonly string[]
  /** Values of the row that was opened last, which may have left the table since. */
  readonly opened: ReadonlyMap<string, unknown>
  readonly onOpen: (values: ReadonlyMap<string, unknown>) => void
  readonly onSort: (id: string) => void
}

/** How the grid reads rows whose cells have these names, and what can be done with its columns and cells. */
export function useRows(
  { chosen, state: { q, w, cols }, set, onOpen }: RowsProps,
  fields: readonly string[],
): Pick<GridProps<Row>, 'columns' | 'rowKey' | 'onOpen' | 'onResize' | 'onMove' | 'cellKeys'> {
  const at = fields.indexOf('_pos')
  const add = (row: Row, id: string, condition: (field: string, value: unknown) => string | undefined): boolean => {
    const [field = '', value] =
      chosen.find((column) => column.id === id)?.value((name) => row[fields.indexOf(name)] ?? null) ?? []
    const said = typeof value === 'object' && value !== null ? undefined : condition(field, value)
    if (said !== undefined) set({ q: andFilter(q, said), sel: '' })
    return said !== undefined
  }
  return {
    columns: useMemo(() => gridColumns(chosen, fields, w), [chosen, fields, w]),
    rowKey: useCallback((row: Row) => plainText(row[at]), [at]),
    onOpen: useCallback(
      (row: Row) => onOpen(new Map(fields.map((name, index) => [name, row[index]]))),
      [fields, onOpen],
    ),
    onResize: useCallback(
      (id: string, width: number | undefined) => set({ w: resized(w, id, width) }, 'replace'),
      [set, w],
    ),
    onMove: useCallback(
      (id: string, by: -1 | 1) => {
        const at = cols.indexOf(id)
        const other = cols[at + by]
        if (other !== undefined) set({ cols: cols.with(at, other).with(at + by, id) })
      },
      [set, cols],
    ),
    cellKeys: [
      { keys: ['='], does: 'only rows with the value of the cell', run: (row, id) => add(row, id, conditionFor) },
      {
        keys: ['-'],
        does: 'no rows with the value of the cell',
        run: (row, id) => add(row, id, (field, value) => conditionFor(field, value, false)),
      },
      { keys: ['a'], does: 'only rows that have it at either end', run: (row, id) => add(row, id, eitherCondition) },
    ],
  }
}

/** From when to when the rows reach that are shown. */
export function spanOf(
  rows: readonly Row[],
  fields: readonly string[],
): readonly [oldest: string, newest: string] | undefined {
  const at = fields.indexOf('time_received')
  const [newest, oldest] = [rows[0]?.[at], rows.at(-1)?.[at]]
  return typeof newest === 'string' && typeof oldest === 'string' ? [oldest, newest] : undefined
}
