import { memo, useCallback, useRef, useState } from 'react'
import type { Binding } from '../state/keys.ts'
import { tracksStyle, useShownColumns, type ShownColumns } from './grid-columns.ts'
import { GridHead } from './grid-head.tsx'
import { useGridEnds, type GridEnds } from './grid-ends.ts'
import { useGridFocus, type ActiveCell } from './grid-focus.ts'
import { Lines } from './grid-row-lines.tsx'
import { fitWidth, keepWidth } from './grid-widths.ts'
import { SortAnnouncement } from './sort-announcement.tsx'
import type { Place } from './grid-keys.ts'
import { useGridKeys } from './use-grid-keys.ts'
import { useGridRows } from './use-grid-rows.ts'

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
  /** On a phone; if a column has it, those without are hidden there. */
  line?: 1 | 2
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

const noKeys: readonly never[] = []

/** One tab stop. Enter opens a row or sorts; Alt with arrows resizes a column. */
export function Grid<Row>(props: GridProps<Row>): React.ReactNode {
  const { label, rows, total, sort = '', onSort, onOpen, onResize, onEnd, onPlace, widthsOf = label, ends } = props
  const shown = useShownColumns(widthsOf, props)
  const { columns, first, rowHeight, headHeight } = shown
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
  const place = placeOf(active, rows, columns)
  const goTo = ({ row, column }: Place) => setActive({ row, column, id: columns[column]?.id })
  const virtual = useGridRows(scroller, { count: rows.length, rowHeight, headHeight, focused: place.row, onEnd })
  const focus = useGridFocus(scroller, { label, active, place, onActive: setActive })
  useGridEnds(ends, scroller, rowHeight, {
    first: virtual.range?.startIndex,
    onAdded: (added) => setActive(({ row, ...others }) => ({ row: row < 0 ? row : row + added, ...others })),
    onJump: (isEnd) => {
      focus.follow()
      setActive((before) => ({ ...before, row: isEnd ? rows.length - 1 : 0 }))
    },
  })
  const resize = (id: string, width: number | undefined, state: 'dragged' | 'done') => {
    const done = state === 'done'
    const fit = width === undefined ? undefined : fitWidth(width)
    setDragged(done || fit === undefined ? undefined : { id, width: fit })
    if (!done) return
    keepWidth(widthsOf, id, fit)
    onResize?.(id, fit)
  }
  const onKeyDown = useGridKeys({
    rows,
    columns,
    ends,
    place,
    scroller,
    goTo,
    onSort,
    onOpen,
    onMove: props.onMove,
    cellKeys: props.cellKeys ?? noKeys,
    page: () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1),
    follow: focus.follow,
    scrollTo: (row) => virtual.scrollToIndex(row, { align: 'auto' }),
    onWidth: resize,
  })
  const onFocus = (event: React.FocusEvent) => {
    const [row, column] = (event.target.closest<HTMLElement>('[data-at]')?.dataset['at'] ?? '').split(':').map(Number)
    focus.onFocus()
    if (row !== undefined && column !== undefined) goTo({ row, column })
  }
  return (
    <>
      <div
        className={first === undefined ? 'grid' : 'grid lined'}
        ref={setPlace}
        role="grid"
        tabIndex={-1}
        aria-label={label}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-colcount={columns.length}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={focus.onBlur}
        style={tracksStyle(shown, dragged)}
      >
        <GridHead columns={columns} first={first} place={place} sort={sort} onSort={onSort} onWidth={resize} />
        <GridBody {...props} {...shown} place={place} virtual={virtual} />
      </div>
      <SortAnnouncement columns={columns} sort={sort} />
    </>
  )
}

function placeOf<Row>(active: ActiveCell, rows: readonly Row[], columns: readonly GridColumn<Row>[]): Place {
  const ofActive = columns.findIndex(({ id }) => id === active.id)
  return {
    row: Math.min(active.row, rows.length - 1),
    column: ofActive === -1 ? Math.min(active.column, columns.length - 1) : ofActive,
  }
}

type GridBodyProps<Row> = GridProps<Row> &
  ShownColumns<Row> &
  Readonly<{ place: Place; virtual: ReturnType<typeof useGridRows> }>

function GridBody<Row>(props: GridBodyProps<Row>) {
  const { columns, first, rows, rowKey, selected, onOpen, ends, place, virtual, headHeight } = props
  const offset = ends?.offset ?? 0
  const open = useCallback(
    (row: Row) => {
      if (getSelection()?.isCollapsed !== false) onOpen?.(row)
    },
    [onOpen],
  )
  return (
    <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
      {/* Keyed by index, so that the focused cell stays when the data change. */}
      {virtual.getVirtualItems().map(({ index, start }) => {
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
            first={first}
            column={place.row === index ? place.column : -1}
            open={isOpen}
            onOpen={open}
          />
        )
      })}
    </div>
  )
}

type GridRowProps<Row> = Readonly<{
  row: Row
  index: number
  rowIndex: number
  top: number
  columns: readonly GridColumn<Row>[]
  first: number | undefined
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
  first,
  column,
  open,
  onOpen,
}: GridRowProps<Row>) {
  const cells = columns.map(({ id, end, cell }, at) => (
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
  ))
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
      <Lines first={first}>{cells}</Lines>
    </div>
  )
}) as <Row>(props: GridRowProps<Row>) => React.ReactNode
