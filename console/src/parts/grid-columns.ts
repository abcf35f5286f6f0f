import { useMemo } from 'react'
import { useIsPhone } from '../hooks/use-is-phone.ts'
import { density, usePreference } from '../state/preferences.ts'
import { linesOf, type GridLines } from './grid-lines.ts'
import { tracksOf, useKeptWidths } from './grid-widths.ts'
import type { GridColumn, GridProps } from './grid.tsx'

/** In px, as in grid.css. */
const rowHeights = { compact: 24, normal: 28, large: 36 } as const
const headHeight = 30
const lined = { rowHeight: 51, headHeight: 49 } as const

export type ShownColumns<Row> = Readonly<{
  columns: readonly GridColumn<Row>[]
  /** Number of columns in the first of two lines; undefined: a row is one line. */
  first: number | undefined
  lines: GridLines<GridColumn<Row>> | undefined
  rowHeight: number
  headHeight: number
}>

/** On a phone the columns of two lines, in their order; else all with the widths that the user chose. */
export function useShownColumns<Row>(
  widthsOf: string,
  { columns: all, onOpen }: Pick<GridProps<Row>, 'columns' | 'onOpen'>,
): ShownColumns<Row> {
  const kept = useKeptWidths(widthsOf, all)
  const isPhone = useIsPhone()
  const rowHeight = rowHeights[usePreference(density)]
  const rows = onOpen === undefined ? 'plain' : 'details'
  return useMemo(() => {
    const lines = isPhone ? linesOf(all, rows) : undefined
    return lines === undefined
      ? { columns: kept, first: undefined, lines, rowHeight, headHeight }
      : { columns: lines.columns, first: lines.first, lines, ...lined }
  }, [kept, all, isPhone, rows, rowHeight])
}

/** Through the CSSOM, because the CSP forbids style attributes. */
export function tracksStyle<Row>(
  { columns, lines }: ShownColumns<Row>,
  dragged: Readonly<{ id: string; width: number }> | undefined,
): React.CSSProperties {
  if (lines !== undefined)
    return { '--line-1': lines.tracks[0], '--line-2': lines.tracks[1], '--width': '0px' } as React.CSSProperties
  const least = columns.reduce((sum, { id, width }) => sum + (id === dragged?.id ? dragged.width : width), 0)
  return { '--columns': tracksOf(columns, dragged), '--width': `${least}px` } as React.CSSProperties
}
