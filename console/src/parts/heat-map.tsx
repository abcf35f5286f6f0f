import { useEffect, useRef, useState } from 'react'
import { onTheme } from '../app/theme.ts'
import { partsText } from '../text/parts.ts'
import { ValueTable } from './chart-table.tsx'
import { momentAt, time } from './format.ts'
import './heat-map.css'

export type HeatRow = Readonly<{ name: string; values: readonly (number | null)[] }>

type HeatMapProps = Readonly<{
  label: string
  /** Unix seconds, ascending. */
  times: readonly number[]
  /** From low to high; drawn from the bottom. */
  rows: readonly HeatRow[]
  height: number
  format: (value: number) => string
}>

type Cell = Readonly<{ row: number; column: number }>
const mostNames = 8

/** Amounts by time and class; the darkest cell has the largest one. The table has the same values. */
export function HeatMap({ label, times, rows, height, format }: HeatMapProps): React.ReactNode {
  const [asTable, setAsTable] = useState(false)
  const [cell, setCell] = useState<Cell>()
  const series = rows.map(({ name, values }) => ({ name, values }))
  return (
    <figure className="chart" aria-label={label}>
      <figcaption>
        <span className="chart-head">
          <b>{label}</b>
        </span>
        <span className="chart-acts">
          <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {partsText.table}
          </button>
        </span>
      </figcaption>
      {asTable ? (
        <ValueTable times={times} series={series} marks={[]} height={height} format={format} />
      ) : (
        <div className="heat-map">
          <RowNames rows={rows} />
          <div style={{ height }}>
            <Cells label={label} times={times} rows={rows} onCell={setCell} />
          </div>
          <div className="heat-times">
            {[times[0], times[Math.floor(times.length / 2)], times.at(-1)].map((at, index) => (
              <span key={index}>{at === undefined ? '' : time(new Date(at * 1000).toISOString())}</span>
            ))}
          </div>
          <p className="heat-read dim number">{cell === undefined ? '' : cellText(cell, { times, rows, format })}</p>
        </div>
      )}
    </figure>
  )
}

function cellText({ row, column }: Cell, { times, rows, format }: Pick<HeatMapProps, 'times' | 'rows' | 'format'>) {
  const value = rows[row]?.values[column]
  const text = value === null || value === undefined ? '–' : format(value)
  return `${momentAt((times[column] ?? 0) * 1000)} · ${rows[row]?.name ?? ''}: ${text}`
}

/** Not all of many names. */
function RowNames({ rows }: Pick<HeatMapProps, 'rows'>) {
  const every = Math.ceil(rows.length / mostNames)
  return (
    <div className="heat-rows" aria-hidden="true">
      {rows
        .filter((_, index) => index % every === 0)
        .toReversed()
        .map(({ name }) => (
          <span key={name}>{name}</span>
        ))}
    </div>
  )
}

type CellsProps = Pick<HeatMapProps, 'label' | 'times' | 'rows'> &
  Readonly<{ onCell: (cell: Cell | undefined) => void }>

function Cells({ label, times, rows, onCell }: CellsProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const element = canvas.current
    if (element === null) return undefined
    const paint = () => paintCells(element, times, rows)
    const follow = new ResizeObserver(paint)
    follow.observe(element)
    const offTheme = onTheme(paint)
    return () => {
      follow.disconnect()
      offTheme()
    }
  }, [times, rows])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={partsText.heatMapOf(label, times.length, rows.length)}
      onPointerMove={({ clientX, clientY, currentTarget }) => {
        const { left, top, width, height } = currentTarget.getBoundingClientRect()
        const column = Math.min(times.length - 1, Math.floor((times.length * (clientX - left)) / width))
        const fromTop = Math.min(rows.length - 1, Math.floor((rows.length * (clientY - top)) / height))
        onCell({ row: rows.length - 1 - fromTop, column })
      }}
      onPointerLeave={() => onCell(undefined)}
    />
  )
}

function paintCells(element: HTMLCanvasElement, times: readonly number[], rows: readonly HeatRow[]): void {
  const { clientWidth, clientHeight } = element
  element.width = Math.max(1, clientWidth * devicePixelRatio)
  element.height = Math.max(1, clientHeight * devicePixelRatio)
  const context = element.getContext('2d')
  if (context === null || times.length === 0 || rows.length === 0) return
  context.fillStyle = getComputedStyle(element).getPropertyValue('--series-1')
  const most = Math.max(...rows.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const [width, height] = [element.width / times.length, element.height / rows.length]
  rows.forEach(({ values }, row) =>
    values.forEach((value, column) => {
      if (value === null || value <= 0 || most <= 0) return
      // Small amounts stay visible.
      context.globalAlpha = 0.08 + 0.92 * Math.sqrt(value / most)
      const [x, y] = [Math.floor(column * width), Math.floor((rows.length - 1 - row) * height)]
      context.fillRect(x, y, Math.ceil(width), Math.max(1, Math.ceil(height) - 1))
    }),
  )
}
