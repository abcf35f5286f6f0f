import { useCallback, useMemo } from 'react'
import type { Row } from '../../live/rows-model.ts'
import { plainText } from '../../parts/format.ts'
import type { GridProps } from '../../parts/grid.tsx'
import { gridColumns, type FlowColumn } from './columns.tsx'
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
export function useRows({ chosen, state: { w }, onOpen }: RowsProps, fields: readonly string[]): Pick<GridProps<Row>, 'columns' | 'rowKey' | 'onOpen'> {
  const at = fields.indexOf('_pos')
  return {
    columns: useMemo(() => gridColumns(chosen, fields, w), [chosen, fields, w]),
    rowKey: useCallback((row: Row) => plainText(row[at]), [at]),
    onOpen: useCallback((row: Row) => onOpen(new Map(fields.map((name, index) => [name, row[index]]))), [fields, onOpen]),
  }
}

/** From when to when the rows reach that are shown. */
export function spanOf(rows: readonly Row[], fields: readonly string[]): readonly [oldest: string, newest: string] | undefined {
  const at = fields.indexOf('time_received')
  const [newest, oldest] = [rows[0]?.[at], rows.at(-1)?.[at]]
  return typeof newest === 'string' && typeof oldest === 'string' ? [oldest, newest] : undefined
}
