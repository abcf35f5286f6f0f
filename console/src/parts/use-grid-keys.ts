import { isKey, useLocalKeys, type Binding } from '../state/keys.ts'
import { partsText } from '../text/parts.ts'
import type { GridEnds } from './grid-ends.ts'
import { gridMoves, moved, type Place } from './grid-keys.ts'
import type { GridColumn, GridProps } from './grid.tsx'

type Keyed<Row> = Required<Pick<GridProps<Row>, 'rows' | 'cellKeys'>> &
  Readonly<{
    onSort: GridProps<Row>['onSort'] | undefined
    onOpen: GridProps<Row>['onOpen'] | undefined
    onMove: GridProps<Row>['onMove'] | undefined
    columns: readonly GridColumn<Row>[]
    ends: GridEnds | undefined
    place: Place
    scroller: React.RefObject<HTMLElement | null>
    /** Rows in sight, less one. */
    page: () => number
    goTo: (place: Place) => void
    /** The focus follows to the next place. */
    follow: () => void
    scrollTo: (row: number) => void
    onWidth: (id: string, width: number | undefined, state: 'dragged' | 'done') => void
  }>

const widthStep = 16

export function useGridKeys<Row>(keyed: Keyed<Row>): ReturnType<typeof useLocalKeys> {
  const { rows, columns, place, onSort, onOpen, onMove, cellKeys } = keyed
  const enter = () => {
    const [row, column] = [rows[place.row], columns[place.column]]
    if (place.row < 0) {
      if (column?.sortable === true) onSort?.(column.id)
    } else if (row !== undefined) onOpen?.(row)
  }
  const ofCell = (run: (typeof cellKeys)[number]['run']) => () => {
    const [row, column] = [rows[place.row], columns[place.column]]
    return row === undefined || column === undefined ? false : run(row, column.id)
  }
  return useLocalKeys(partsText.inATable, [
    { keys: ['Enter', 'Space'], does: partsText.openOrSort, run: enter },
    ...gridMoves.map(({ keys, does }): Binding => ({ keys, does, run: (event) => go(keyed, event) })),
    { keys: ['Alt+ArrowRight', 'Shift+ArrowRight'], does: partsText.widenColumn, run: () => widen(keyed, widthStep) },
    { keys: ['Alt+ArrowLeft', 'Shift+ArrowLeft'], does: partsText.narrowColumn, run: () => widen(keyed, -widthStep) },
    { keys: ['Delete', 'Backspace'], does: partsText.resetWidth, run: () => widen(keyed, undefined) },
    ...(onMove === undefined
      ? []
      : [
          { keys: ['Mod+Shift+ArrowRight'], does: partsText.moveColumnRight, run: () => move(keyed, 1) },
          { keys: ['Mod+Shift+ArrowLeft'], does: partsText.moveColumnLeft, run: () => move(keyed, -1) },
        ]),
    ...cellKeys.map(({ keys, does, run }): Binding => ({ keys, does, run: ofCell(run) })),
  ])
}

function go<Row>(keyed: Keyed<Row>, event: KeyboardEvent): boolean {
  const { rows, columns, ends, place, page, goTo, follow, scrollTo } = keyed
  if (isKey(event, 'Mod+End') && ends?.onLast !== undefined) {
    ends.onLast()
    follow()
    goTo({ row: place.row, column: columns.length - 1 })
    return true
  }
  if (isKey(event, 'Mod+Home')) ends?.onFirst?.()
  const next = moved(place, event, { rows: rows.length, columns: columns.length, page: page() })
  if (next === undefined) return false
  follow()
  if (next.row >= 0) scrollTo(next.row)
  goTo(next)
  return true
}

function widen<Row>({ columns, place, scroller, onWidth }: Keyed<Row>, by: number | undefined): boolean {
  const column = columns[place.column]
  if (place.row >= 0 || column === undefined) return false
  const now =
    scroller.current?.querySelector(`[data-at="-1:${place.column}"]`)?.getBoundingClientRect().width ?? column.width
  onWidth(column.id, by === undefined ? undefined : now + by, 'done')
  return true
}

function move<Row>({ columns, place, goTo, onMove }: Keyed<Row>, by: -1 | 1): boolean {
  const [column, to] = [columns[place.column], place.column + by]
  if (place.row >= 0 || column === undefined || to < 0 || to >= columns.length) return false
  goTo(place)
  onMove?.(column.id, by)
  return true
}
