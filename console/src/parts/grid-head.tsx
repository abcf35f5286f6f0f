import { useRef } from 'react'
import { Lines } from './grid-row-lines.tsx'
import type { Place } from './grid-keys.ts'
import type { GridColumn } from './grid.tsx'

type GridHeadProps<Row> = Readonly<{
  columns: readonly GridColumn<Row>[]
  /** Number of columns in the first of two lines. */
  first: number | undefined
  place: Place
  sort: string
  onSort: ((id: string) => void) | undefined
  onWidth: (id: string, width: number | undefined, state: 'dragged' | 'done') => void
}>

export function GridHead<Row>({ columns, first, place, sort, onSort, onWidth }: GridHeadProps<Row>): React.ReactNode {
  const titles = columns.map((column, index) => (
    <div
      key={column.id}
      role="columnheader"
      aria-colindex={index + 1}
      data-at={`-1:${index}`}
      title={column.hint}
      className={column.end === true ? 'end' : undefined}
      tabIndex={place.row === -1 && place.column === index ? 0 : -1}
      aria-sort={
        sort === column.id
          ? 'ascending'
          : sort === `-${column.id}`
            ? 'descending'
            : column.sortable === true
              ? 'none'
              : undefined
      }
      onClick={column.sortable === true ? () => onSort?.(column.id) : undefined}
    >
      <span className="grid-title">
        {column.title}
        {sort === column.id ? ' ↑' : sort === `-${column.id}` ? ' ↓' : ''}
      </span>
      <Grip onWidth={(width, state) => onWidth(column.id, width, state)} />
    </div>
  ))
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" className="grid-row" aria-rowindex={1}>
        <Lines first={first}>{titles}</Lines>
      </div>
    </div>
  )
}

function Grip({ onWidth }: { onWidth: (width: number | undefined, state: 'dragged' | 'done') => void }) {
  const from = useRef<Readonly<{ x: number; width: number }>>(undefined)
  const widthAt = (event: React.PointerEvent) =>
    from.current === undefined ? 0 : from.current.width + event.clientX - from.current.x
  return (
    <span
      className="grid-grip"
      aria-hidden="true"
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={() => onWidth(undefined, 'done')}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.preventDefault()
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = {
          x: event.clientX,
          width: event.currentTarget.parentElement?.getBoundingClientRect().width ?? 0,
        }
      }}
      onPointerMove={(event) => {
        if (from.current !== undefined) onWidth(widthAt(event), 'dragged')
      }}
      onPointerUp={(event) => {
        // A click without movement is half of a double-click.
        if (from.current !== undefined && event.clientX !== from.current.x) onWidth(widthAt(event), 'done')
        from.current = undefined
      }}
      onPointerCancel={() => {
        from.current = undefined
      }}
    />
  )
}
