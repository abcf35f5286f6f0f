import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { isKey, useLocalKeys, type Binding } from '../state/keys.ts'
import { density, usePreference } from '../state/preferences.ts'
import { GridHead } from './grid-head.tsx'
import { useGridEnds, type GridEnds } from './grid-ends.ts'
import { useGridFocus, type ActiveCell } from './grid-focus.ts'
import { fitWidth, keepWidth, tracksOf, useKeptWidths } from './grid-widths.ts'
import { SortAnnouncement } from './sort-announcement.tsx'
import { gridMoves, moved, type Place } from './grid-keys.ts'
import { partsText } from '../text/parts.ts'

export type GridColumn<Row> = Readonly<{
  id: string
  title: string
  hint?: string
  width: number
  /** Share of the remaining width; default 0: fixed. */
  grow?: number
  /** The URL has the width, which precedes the remembered one. */
  isSized?: boolean
  end?: boolean
  sortable?: boolean
  cell: (row: Row) => React.ReactNode
  /** In a file, if it differs from the text of the cell. */
  csv?: (row: Row) => string | null
}>

interface CellKey<Row> extends Pick<Binding, 'keys' | 'does'> {
  readonly run: (row: Row, column: string) => unknown
}

export type GridProps<Row> = Readonly<{
  label: string
  columns: readonly GridColumn<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  total: number | undefined
  sort?: string
  onSort?: (id: string) => void
  selected?: string
  onOpen?: (row: Row) => void
  onResize?: (id: string, width: number | undefined) => void
  onMove?: (id: string, by: -1 | 1) => void
  cellKeys?: readonly CellKey<Row>[]
  onEnd?: () => void
  onPlace?: (place: HTMLElement | null) => void
  /** Under which widths are remembered; default: the label. */
  widthsOf?: string
  ends?: GridEnds
}>

const rowHeights = { compact: 24, normal: 28, large: 36 } as const
const headHeight = 30
const widthStep = 16
const noKeys: readonly never[] = []

/** One tab stop. Enter opens a row or sorts; Alt with arrows resizes a column. */
export function Grid<Row>({
  label,
  columns: given,
  rows,
  rowKey,
  total,
  sort = '',
  onSort,
  selected,
  onOpen,
  onResize,
  onMove,
  cellKeys = noKeys,
  onEnd,
  onPlace,
  widthsOf = label,
  ends,
}: GridProps<Row>): React.ReactNode {
  const columns = useKeptWidths(widthsOf, given)
  const scroller = useRef<HTMLDivElement | null>(null)
  const setPlace = useCallback(
    (place: HTMLDivElement | null) => {
      scroller.current = place
      onPlace?.(place)
    },
    [onPlace],
  )
  const [active, setActive] = useState<ActiveCell>({ row: 0, column: 0, id: undefined })
  const [dragged, setDragged] = useState<Readonly<{ id: string; width: number }>>()
  const rowHeight = rowHeights[usePreference(density)]
  const ofActive = columns.findIndex(({ id }) => id === active.id)
  const place = {
    row: Math.min(active.row, rows.length - 1),
    column: ofActive === -1 ? Math.min(active.column, columns.length - 1) : ofActive,
  }
  const goTo = ({ row, column }: Place) => setActive({ row, column, id: columns[column]?.id })
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    // The focused cell stays mounted when scrolled out of view.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const [first, last] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)]
      const inSight = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
      if (place.row < 0 || place.row >= count) return inSight
      return place.row < first ? [place.row, ...inSight] : place.row > last ? [...inSight, place.row] : inSight
    },
  })
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight])
  const items = virtual.getVirtualItems()
  const lastSeen = virtual.range?.endIndex ?? -1
  useEffect(() => {
    // The range is late by a frame after a jump to the other end.
    const { scrollTop = 0, clientHeight = 0 } = scroller.current ?? {}
    const bottom = (scrollTop + clientHeight) / rowHeight
    if (rows.length > 0 && Math.min(lastSeen, bottom) >= rows.length - 20) onEnd?.()
  }, [lastSeen, rows.length, onEnd, rowHeight])
  const offset = ends?.offset ?? 0
  const focus = useGridFocus(scroller, { label, active, place, onActive: setActive })
  useGridEnds(ends, scroller, rowHeight, {
    first: virtual.range?.startIndex,
    onAdded: (added) => setActive(({ row, ...others }) => ({ row: row < 0 ? row : row + added, ...others })),
    onJump: (isEnd) => {
      focus.follow()
      setActive((before) => ({ ...before, row: isEnd ? rows.length - 1 : 0 }))
    },
  })
  const open = useCallback(
    (row: Row) => {
      if (getSelection()?.isCollapsed !== false) onOpen?.(row)
    },
    [onOpen],
  )

  const go = (event: KeyboardEvent) => {
    if (isKey(event, 'Mod+End') && ends?.onLast !== undefined) {
      ends.onLast()
      focus.follow()
      goTo({ row: place.row, column: columns.length - 1 })
      return true
    }
    if (isKey(event, 'Mod+Home')) ends?.onFirst?.()
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1)
    const next = moved(place, event, { rows: rows.length, columns: columns.length, page })
    if (next === undefined) return false
    focus.follow()
    if (next.row >= 0) virtual.scrollToIndex(next.row, { align: 'auto' })
    goTo(next)
    return true
  }
  const enter = () => {
    const [row, column] = [rows[place.row], columns[place.column]]
    if (place.row < 0) {
      if (column?.sortable === true) onSort?.(column.id)
    } else if (row !== undefined) onOpen?.(row)
  }
  const resize = (id: string, width: number | undefined, done: boolean) => {
    const fit = width === undefined ? undefined : fitWidth(width)
    setDragged(done || fit === undefined ? undefined : { id, width: fit })
    if (!done) return
    keepWidth(widthsOf, id, fit)
    onResize?.(id, fit)
  }
  const widen = (by: number | undefined) => () => {
    const column = columns[place.column]
    if (place.row >= 0 || column === undefined) return false
    const now =
      scroller.current?.querySelector(`[data-at="-1:${place.column}"]`)?.getBoundingClientRect().width ?? column.width
    resize(column.id, by === undefined ? undefined : now + by, true)
    return true
  }
  const move = (by: -1 | 1) => () => {
    const [column, to] = [columns[place.column], place.column + by]
    if (place.row >= 0 || column === undefined || to < 0 || to >= columns.length) return false
    goTo(place)
    onMove?.(column.id, by)
    return true
  }
  const ofCell = (run: CellKey<Row>['run']) => () => {
    const [row, column] = [rows[place.row], columns[place.column]]
    return row === undefined || column === undefined ? false : run(row, column.id)
  }
  const onKeyDown = useLocalKeys(partsText.inATable, [
    { keys: ['Enter', 'Space'], does: partsText.openOrSort, run: enter },
    ...gridMoves.map(({ keys, does }): Binding => ({ keys, does, run: go })),
    { keys: ['Alt+ArrowRight', 'Shift+ArrowRight'], does: partsText.widenColumn, run: widen(widthStep) },
    { keys: ['Alt+ArrowLeft', 'Shift+ArrowLeft'], does: partsText.narrowColumn, run: widen(-widthStep) },
    { keys: ['Delete', 'Backspace'], does: partsText.resetWidth, run: widen(undefined) },
    ...(onMove === undefined
      ? []
      : [
          { keys: ['Mod+Shift+ArrowRight'], does: partsText.moveColumnRight, run: move(1) },
          { keys: ['Mod+Shift+ArrowLeft'], does: partsText.moveColumnLeft, run: move(-1) },
        ]),
    ...cellKeys.map(({ keys, does, run }): Binding => ({ keys, does, run: ofCell(run) })),
  ])
  const onFocus = (event: React.FocusEvent) => {
    const [row, column] = (event.target.closest<HTMLElement>('[data-at]')?.dataset['at'] ?? '').split(':').map(Number)
    focus.onFocus()
    if (row !== undefined && column !== undefined) goTo({ row, column })
  }
  return (
    <>
      <div
        className="grid"
        ref={setPlace}
        role="grid"
        tabIndex={-1}
        aria-label={label}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-colcount={columns.length}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={focus.onBlur}
        style={widths(columns, dragged)}
      >
        <GridHead columns={columns} place={place} sort={sort} onSort={onSort} onWidth={resize} />
        <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
          {/* Keyed by index, so that the focused cell stays when the data change. */}
          {items.map(({ index, start }) => {
            const row = rows[index]
            if (row === undefined) return null
            const isOpen = selected !== undefined && selected !== '' && selected === rowKey(row)
            return (
              <GridRow
                key={index}
                row={row}
                index={index}
                rowIndex={offset + index + 2}
                top={start - headHeight}
                columns={columns}
                column={place.row === index ? place.column : -1}
                open={isOpen}
                onOpen={open}
              />
            )
          })}
        </div>
      </div>
      <SortAnnouncement columns={columns} sort={sort} />
    </>
  )
}

/** Through the CSSOM, because the CSP forbids style attributes. */
function widths<Row>(
  columns: readonly GridColumn<Row>[],
  dragged: Readonly<{ id: string; width: number }> | undefined,
): React.CSSProperties {
  const least = columns.reduce((sum, { id, width }) => sum + (id === dragged?.id ? dragged.width : width), 0)
  return {
    '--columns': tracksOf(columns, dragged),
    '--width': `${least}px`,
  } as React.CSSProperties
}

type GridRowProps<Row> = Readonly<{
  row: Row
  index: number
  rowIndex: number
  top: number
  columns: readonly GridColumn<Row>[]
  column: number
  open: boolean
  onOpen: (row: Row) => void
}>

const GridRow = memo(function GridRow<Row>({
  row,
  index,
  rowIndex,
  top,
  columns,
  column,
  open,
  onOpen,
}: GridRowProps<Row>) {
  return (
    <div
      role="row"
      className="grid-row"
      aria-rowindex={rowIndex}
      aria-selected={open}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest('a') === null) onOpen(row)
      }}
    >
      {columns.map(({ id, end, cell }, at) => (
        <div
          key={id}
          role="gridcell"
          aria-colindex={at + 1}
          data-at={`${index}:${at}`}
          tabIndex={column === at ? 0 : -1}
          className={end === true ? 'end' : undefined}
        >
          {cell(row)}
        </div>
      ))}
    </div>
  )
}) as <Row>(props: GridRowProps<Row>) => React.ReactNode
