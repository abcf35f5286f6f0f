import { useMemo } from 'react'
import type { GridColumn } from '../grid.tsx'
import { PanelTable } from './panel-table.tsx'

type GridTableProps<Row> = Readonly<{
  columns: readonly GridColumn<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
}>

/** The first rows of a page's list, with its columns. */
export function GridTable<Row>({ columns, rows, keyOf }: GridTableProps<Row>): React.ReactNode {
  const cells = useMemo(() => rows.map((row) => columns.map(({ cell }) => cell(row))), [columns, rows])
  return <PanelTable columns={columns} rows={cells} keyOf={(at) => keyOf(rows[at]!)} />
}
