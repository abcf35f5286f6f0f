import { useEffect, useRef, useState } from 'react'
import { onTheme } from '../app/theme.ts'
import { colorsOf } from './chart-colors.ts'
import type { Drawn } from './chart-draw.ts'
import type { ChartLevel, ChartMark, ChartSeries } from './chart.tsx'

export type Shown = Readonly<{
  series: readonly ChartSeries[]
  hues: readonly number[]
  lines: readonly ChartSeries[]
}>

type Drawing = Readonly<{
  times: readonly number[]
  shown: Shown
  marks: readonly ChartMark[]
  unknown: readonly Readonly<{ from: number; to: number }>[]
  stacked: boolean
  levels: readonly ChartLevel[]
  scale: 'whole' | 'fine'
  height: number
  format: (value: number) => string
  /** Instead of the drawing. */
  asTable: boolean
}>

type Held = Readonly<{
  cursor: number | undefined
  marked: readonly [number, number] | undefined
  /** Unix seconds of the pointer; undefined: it left. */
  onPoint: (time: number | undefined) => void
  onBrush: ((from: number, to: number) => void) | undefined
  onMark: ((mark: ChartMark) => void) | undefined
}>

/** Redraws for other values or another theme, and keeps cursor and selection. */
export function useDrawing(
  container: React.RefObject<HTMLElement | null>,
  { times, shown, marks, unknown, stacked, levels, scale, height, format, asTable }: Drawing,
  held: Held,
): Readonly<{ drawn: React.RefObject<Drawn | undefined>; failed: boolean }> {
  const [failed, setFailed] = useState(false)
  const drawn = useRef<Drawn>(undefined)
  const latest = useRef(held)
  useEffect(() => {
    latest.current = held
  })
  const { marked } = held
  useEffect(() => drawn.current?.mark(marked), [marked])
  useEffect(() => {
    const element = container.current
    if (element === null || asTable) return undefined
    let gone = false
    const draw = async () => {
      const { draw: paint } = await import('./chart-draw.ts')
      if (gone) return
      const repaint = () => {
        // Not before: each redraw would show an empty frame.
        drawn.current?.stop()
        const { cursor: wasAt, marked: wasMarked } = latest.current
        const now = paint(element, {
          times,
          series: shown.series,
          lines: shown.lines,
          marks,
          unknown,
          stacked,
          levels,
          scale,
          height,
          format,
          colors: colorsOf(element, shown.series, shown.hues),
          onPoint: (index) =>
            latest.current.onPoint(index === undefined ? undefined : times[Math.min(index, times.length - 1)]),
          onBrush: (from, to) => latest.current.onBrush?.(from, to),
          onMark: (mark) => latest.current.onMark?.(mark),
          onReady: () => {
            if (wasAt !== undefined) now.point(wasAt)
            if (wasMarked !== undefined) now.mark(wasMarked)
          },
        })
        drawn.current = now
      }
      repaint()
      offTheme = onTheme(repaint)
      dark.addEventListener('change', repaint)
      offDark = () => dark.removeEventListener('change', repaint)
    }
    const dark = matchMedia('(prefers-color-scheme: dark)')
    let offTheme = () => {}
    let offDark = () => {}
    draw().catch(() => setFailed(true))
    return () => {
      gone = true
      offTheme()
      offDark()
    }
  }, [container, times, shown, marks, unknown, stacked, levels, scale, height, format, asTable])
  useEffect(
    () => () => {
      drawn.current?.stop()
      drawn.current = undefined
    },
    [asTable],
  )
  return { drawn, failed }
}
