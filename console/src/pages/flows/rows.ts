import { useCallback, useMemo } from 'react'
import type { Row } from '../../live/rows-model.ts'
import { plainText } from '../../parts/format.ts'
import type { GridProps } from '../../parts/grid.tsx'
import { gridColumns, type FlowColumn } from '../../parts/flows/columns.tsx'
import { andFilter, conditionFor, conditionWithout, eitherCondition } from '../../parts/filter-text.ts'
import { resized } from './parameters.ts'
import type { FlowViewProps } from './views.ts'
import { flowsText } from '../../parts/flows/text.ts'

export interface RowsProps extends FlowViewProps {
  readonly chosen: readonly FlowColumn[]
  readonly fields: readonly string[]
  readonly opened: ReadonlyMap<string, unknown>
  readonly onOpen: (values: ReadonlyMap<string, unknown>) => void
  readonly onSort: (id: string) => void
}

export function useRows(
  { chosen, state: { q, w, cols }, set, onOpen }: RowsProps,
  fields: readonly string[],
): Pick<GridProps<Row>, 'columns' | 'rowKey' | 'widthsOf' | 'onOpen' | 'onResize' | 'onMove' | 'cellKeys'> {
  const at = fields.indexOf('_pos')
  const add = (row: Row, id: string, condition: (field: string, value: unknown) => string | undefined) => {
    const [field = '', value] =
      chosen.find((column) => column.id === id)?.value((name) => row[fields.indexOf(name)] ?? null) ?? []
    const restricted = typeof value === 'object' && value !== null ? undefined : condition(field, value)
    if (restricted !== undefined) set({ q: andFilter(q, restricted), sel: '' })
    return restricted !== undefined
  }
  return {
    widthsOf: 'flows',
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
        const neighbour = cols[at + by]
        if (neighbour !== undefined) set({ cols: cols.with(at, neighbour).with(at + by, id) })
      },
      [set, cols],
    ),
    cellKeys: [
      { keys: ['='], does: flowsText.onlyCellValue, run: (row, id) => add(row, id, conditionFor) },
      {
        keys: ['-'],
        does: flowsText.excludeCellValue,
        run: (row, id) => add(row, id, (field, value) => conditionWithout(field, value)),
      },
      { keys: ['a'], does: flowsText.cellValueAtEitherEnd, run: (row, id) => add(row, id, eitherCondition) },
    ],
  }
}

export function spanOf(
  rows: readonly Row[],
  fields: readonly string[],
): readonly [oldest: string, newest: string] | undefined {
  const at = fields.indexOf('time_received')
  const [newest, oldest] = [rows[0]?.[at], rows.at(-1)?.[at]]
  return typeof newest === 'string' && typeof oldest === 'string' ? [oldest, newest] : undefined
}
