import { useEffect, useRef, useState } from 'react'
import { useLocalKeys } from '../state/keys.ts'
import { onTheme } from '../app/theme.ts'
import { momentAt } from './format.ts'
import type { Drawn } from './chart-draw.ts'

export interface ChartSeries {
  readonly name: string
  /** One for each time; null where nothing is known. */
  readonly values: readonly (number | null)[]
  /** The rest of what was told apart: grey. */
  readonly other?: boolean
}

interface ChartProps {
  readonly label: string
  /** Unix seconds, rising. */
  readonly times: readonly number[]
  readonly series: readonly ChartSeries[]
  /** Drawn over them as dashed lines: a total, what was before. */
  readonly lines?: readonly ChartSeries[]
  /** Values lie on one another, so that the top is their sum; else each is a line. */
  readonly stacked: boolean
  readonly height: number
  readonly format: (value: number) => string
  /** A stretch was marked with the pointer, in Unix seconds. */
  readonly onBrush?: (from: number, to: number) => void
  /** Further controls beside its name. */
  readonly menu?: React.ReactNode
}

const none: readonly ChartSeries[] = []

/** As many as are told apart at most. */
const colors = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

/** Values over time. The library that draws is loaded with the first chart; the same values are a table away. */
export function Chart({ label, times, series, lines = none, stacked, height, format, onBrush, menu }: ChartProps): React.ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const [asTable, setAsTable] = useState(false)
  const [failed, setFailed] = useState(false)
  const [at, setAt] = useState<number>()
  const drawn = useRef<Drawn>(undefined)
  const brushed = useRef(onBrush)
  useEffect(() => {
    brushed.current = onBrush
  })
  useEffect(() => {
    const element = place.current
    if (element === null || asTable) return undefined
    let gone = false
    let stop = (): void => {}
    const draw = async (): Promise<void> => {
      const { draw: paint } = await import('./chart-draw.ts')
      if (gone) return
      const repaint = (): void => {
        stop()
        const now = paint(element, { times, series, lines, stacked, height, format, colors: colorsOf(element, series), onPoint: setAt, onBrush: (from, to) => brushed.current?.(from, to) })
        drawn.current = now
        stop = now.stop
      }
      repaint()
      offTheme = onTheme(repaint)
      dark.addEventListener('change', repaint)
      offDark = () => dark.removeEventListener('change', repaint)
    }
    const dark = matchMedia('(prefers-color-scheme: dark)')
    let offTheme = (): void => {}
    let offDark = (): void => {}
    draw().catch(() => setFailed(true))
    return () => {
      gone = true
      stop()
      offTheme()
      offDark()
    }
  }, [times, series, lines, stacked, height, format, asTable])
  const all = [...series, ...lines]
  const cursor = at === undefined || times[at] === undefined ? undefined : at
  const onKeyDown = useLocalKeys('In a chart', steps.map(({ keys, does, to }) => ({
    keys, does,
    run: () => {
      if (times.length > 0) drawn.current?.point(Math.max(0, Math.min(times.length - 1, to(cursor, times.length))))
    },
  })))
  return (
    <figure className="chart" aria-label={label}>
      <figcaption>
        <b>{label}</b>
        {series.map(({ name, other }, index) => <span key={`${index} ${name}`} className="legend"><i className={other === true ? 'c-other' : `c-${(index % colors.length) + 1}`} aria-hidden="true" />{name}</span>)}
        {lines.map(({ name }, index) => <span key={name} className="legend"><i className={`c-line c-line-${index % 2}`} aria-hidden="true" />{name}</span>)}
        {menu !== undefined && <span className="chart-menu">{menu}</span>}
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>Table</button>
      </figcaption>
      {failed && <p className="dim pad">The chart could not be drawn; the table has the same values.</p>}
      {asTable ? <ValueTable times={times} series={all} height={height} format={format} /> : (
        <div className="chart-frame">
          <div
            ref={place} className="chart-place" style={{ height }} tabIndex={0} role="slider" aria-label={`${label}: time`} aria-valuemin={0} aria-valuemax={Math.max(0, times.length - 1)} aria-valuenow={cursor ?? 0}
            aria-valuetext={cursor === undefined ? 'Arrow keys go from time to time' : `${momentAt((times[cursor] ?? 0) * 1000)}: ${all.map(({ name, values }) => `${name} ${valueText(values[cursor], format)}`).join(', ')}`}
            onKeyDown={onKeyDown}
          />
          {cursor !== undefined && (
            <dl className={`chart-read${cursor > times.length / 2 ? ' left' : ''}`} aria-hidden="true">
              <dt className="mono">{momentAt((times[cursor] ?? 0) * 1000)}</dt><dd />
              {series.map(({ name, other, values }, index) => <Reading key={`${index} ${name}`} name={name} mark={other === true ? 'c-other' : `c-${(index % colors.length) + 1}`} value={valueText(values[cursor], format)} />)}
              {lines.map(({ name, values }, index) => <Reading key={name} name={name} mark={`c-line c-line-${index % 2}`} value={valueText(values[cursor], format)} />)}
            </dl>
          )}
        </div>
      )}
    </figure>
  )
}

function Reading({ name, mark, value }: { readonly name: string; readonly mark: string; readonly value: string }): React.ReactNode {
  return <><dt className="legend"><i className={mark} />{name}</dt><dd>{value}</dd></>
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** Where keys lead on the axis of time. */
const steps: readonly { readonly keys: readonly string[]; readonly does: string; readonly to: (at: number | undefined, length: number) => number }[] = [
  { keys: ['ArrowRight'], does: 'next time', to: (at = -1) => at + 1 },
  { keys: ['ArrowLeft'], does: 'time before', to: (at, length) => (at ?? length) - 1 },
  { keys: ['PageDown'], does: 'ten times on', to: (at = -1) => at + 10 },
  { keys: ['PageUp'], does: 'ten times back', to: (at, length) => (at ?? length) - 10 },
  { keys: ['Home'], does: 'first time', to: () => 0 },
  { keys: ['End'], does: 'last time', to: (_, length) => length - 1 },
]

function ValueTable({ times, series, height, format }: Pick<ChartProps, 'times' | 'series' | 'height' | 'format'>): React.ReactNode {
  return (
    <div className="chart-table" style={{ maxHeight: height }} tabIndex={0} role="region" aria-label="Values">
      <table>
        <thead><tr><th scope="col">From</th>{series.map(({ name }, index) => <th key={`${index} ${name}`} scope="col" className="end">{name}</th>)}</tr></thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={at}>
              <th scope="row" className="mono">{momentAt(at * 1000)}</th>
              {series.map(({ name, values }, index) => <td key={`${index} ${name}`} className="end">{valueText(values[row], format)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Tokens as the canvas can use them: the browser works out what `light-dark` is now. */
function colorsOf(element: HTMLElement, series: readonly ChartSeries[]): { readonly series: readonly string[]; readonly ink: string; readonly line: string } {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = { series: series.map(({ other }, index) => token(other === true ? '--series-other' : (colors[index % colors.length] ?? '--series-1'))), ink: token('--dim'), line: token('--line') }
  probe.remove()
  return found
}

