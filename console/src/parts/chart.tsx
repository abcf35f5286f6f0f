import { useEffect, useMemo, useRef, useState } from 'react'
import { useLocalKeys, type Binding } from '../state/keys.ts'
import { onTheme } from '../app/theme.ts'
import { momentAt } from './format.ts'
import { colorsOf, markClass, placesOf as colorPlacesOf } from './chart-colors.ts'
import { ChartLegend, MarkLegend } from './chart-legend.tsx'
import { ChartTooltip } from './chart-tooltip.tsx'
import { isShown, showAll } from './legend-choice.ts'
import type { Drawn } from './chart-draw.ts'
import { comparedText, isIn, markText, ValueTable, valueText } from './chart-table.tsx'
import { partsText } from '../text/parts.ts'
import { whyText } from './why/text.ts'

export type ChartSeries = Readonly<{
  name: string
  /** null: a gap; undefined: the value before lasts. */
  values: readonly (number | null | undefined)[]
  other?: boolean
  /** Of an earlier range, at the same places; undefined: not known. */
  earlier?: readonly (number | null | undefined)[] | undefined
  /** Semantic colour; otherwise colours only distinguish series. */
  tone?: 'good' | 'warning' | 'bad' | 'series-1'
}>

export type ChartMark = Readonly<{
  /** `gap`: data may be missing from `since` on. */
  is?: 'change' | 'rollout' | 'audit' | 'gap'
  since?: number
  at: number
  text: string
  /** Of the change, for `onMark`. */
  pos?: string
}>

/** Marks that can be hidden and opened. */
export type MarkProps = Readonly<{
  marks: readonly ChartMark[]
  marksShown: boolean
  onMarks: (shown: boolean) => void
  onMark: (mark: ChartMark) => void
}>

type ChartProps = Readonly<{
  label: string
  /** Unix seconds, ascending. */
  times: readonly number[]
  series: readonly ChartSeries[]
  lines?: readonly ChartSeries[]
  marks?: readonly ChartMark[]
  /** Hatched, because 0 would be a value. */
  unknown?: readonly Readonly<{ from: number; to: number }>[] | undefined
  /** Default: no data. */
  unknownText?: string
  stacked: boolean
  height: number
  format: (value: number) => string
  onBrush?: (from: number, to: number) => void
  table?: boolean | undefined
  onTable?: ((table: boolean) => void) | undefined
  menu?: React.ReactNode
}> &
  Partial<Omit<MarkProps, 'marks'>>

const none: readonly never[] = []

export function Chart({
  label,
  times,
  series,
  lines = none,
  marks = none,
  unknown = none,
  unknownText = partsText.noData,
  stacked,
  height,
  format,
  onBrush,
  table,
  onTable,
  menu,
  marksShown,
  onMarks,
  onMark,
}: ChartProps): React.ReactNode {
  const container = useRef<HTMLDivElement>(null)
  const [ownTable, setOwnTable] = useState(false)
  const asTable = table ?? ownTable
  const setAsTable = onTable ?? setOwnTable
  const [failed, setFailed] = useState(false)
  // A time, so that the cursor stays when the axis moves.
  const [at, setAt] = useState<number>()
  const [markedTimes, setMarkedTimes] = useState<readonly [number, number]>()
  const cursor = placeOf(times, at)
  const marked = useMemo(() => placesOf(times, markedTimes), [times, markedTimes])
  const hues = useMemo(() => colorPlacesOf(series), [series])
  const [choice, setChoice] = useState(showAll)
  // Colours are those of all series, so that hiding one does not change the others.
  const shown = useMemo(() => {
    const at = series.flatMap(({ name }, index) => (isShown(choice, name) ? [index] : []))
    return {
      series: at.map((index) => series[index]!),
      hues: at.map((index) => hues[index]!),
      lines: lines.filter(({ name }) => isShown(choice, name)),
    }
  }, [series, hues, lines, choice])
  const frame = useRef<HTMLDivElement>(null)
  const follow = useRef<() => void>(undefined)
  const drawn = useRef<Drawn>(undefined)
  const brushed = useRef(onBrush)
  const opened = useRef(onMark)
  const held = useRef<Readonly<{ cursor: number | undefined; marked: readonly [number, number] | undefined }>>({
    cursor,
    marked,
  })
  useEffect(() => {
    brushed.current = onBrush
    opened.current = onMark
    held.current = { cursor, marked }
  })
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
        const { cursor: wasAt, marked: wasMarked } = held.current
        const now = paint(element, {
          times,
          series: shown.series,
          lines: shown.lines,
          marks,
          unknown,
          stacked,
          height,
          format,
          colors: colorsOf(element, shown.series, shown.hues),
          onPoint: (index) => {
            setAt(index === undefined ? undefined : times[Math.min(index, times.length - 1)])
            follow.current?.()
          },
          onBrush: (from, to) => brushed.current?.(from, to),
          onMark: (mark) => opened.current?.(mark),
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
  }, [times, shown, marks, unknown, stacked, height, format, asTable])
  useEffect(
    () => () => {
      drawn.current?.stop()
      drawn.current = undefined
    },
    [asTable],
  )
  const all = [...shown.series, ...shown.lines]
  const happened = (index: number) => markText(marks.filter((mark) => isIn(times, index, mark)))
  const step = ({ keys, does, to }: (typeof steps)[number]): Binding => ({
    keys,
    does,
    run: () => {
      if (times.length > 0) drawn.current?.point(clamped(to(cursor, times.length)))
    },
  })
  const clamped = (index: number) => Math.max(0, Math.min(times.length - 1, index))
  const mark = (places: readonly [number, number] | undefined) =>
    setMarkedTimes(places === undefined ? undefined : [times[places[0]] ?? 0, times[places[1]] ?? 0])
  const markOn = (by: number) => () => {
    const from = marked?.[0] ?? clamped(cursor ?? (by > 0 ? 0 : times.length - 1))
    const to = marked === undefined ? from : clamped(marked[1] + by)
    mark([from, to])
    drawn.current?.point(to)
  }
  const take = () => {
    if (marked === undefined || onBrush === undefined) return false
    const [first, last] = [Math.min(...marked), Math.max(...marked)]
    const width = (times[1] ?? 0) - (times[0] ?? 0)
    mark(undefined)
    onBrush(times[first] ?? 0, times[last + 1] ?? (times[last] ?? 0) + width)
    return true
  }
  const toNextMark = () => {
    const after = times[(cursor ?? -1) + 1] ?? Infinity
    const next = marks.toSorted((a, b) => a.at - b.at).find(({ at, pos }) => pos !== undefined && at >= after)
    const index = placeOf(times, next?.at)
    if (index !== undefined) drawn.current?.point(index)
  }
  const openMark = () => {
    const mark = marks.find(
      (candidate) => candidate.pos !== undefined && cursor !== undefined && isIn(times, cursor, candidate),
    )
    if (mark === undefined) return false
    onMark?.(mark)
    return true
  }
  const drop = () => {
    mark(undefined)
    return marked !== undefined
  }
  const onKeyDown = useLocalKeys(partsText.inAChart, [
    ...steps.map(step),
    ...(onBrush === undefined
      ? []
      : [
          { keys: ['Shift+ArrowRight'], does: partsText.selectNext, run: markOn(1) },
          { keys: ['Shift+ArrowLeft'], does: partsText.selectPrevious, run: markOn(-1) },
          { keys: ['Enter'], does: partsText.zoomIn, run: () => take() || openMark() },
          { keys: ['Escape'], does: partsText.clearSelection, run: drop },
        ]),
    ...(onMark === undefined
      ? []
      : [
          { keys: ['n'], does: whyText.nextMark, run: toNextMark },
          { keys: ['o'], does: whyText.openMark, run: openMark },
        ]),
  ])
  const cursorText =
    cursor === undefined
      ? partsText.arrowKeysHint
      : `${momentAt((times[cursor] ?? 0) * 1000)}: ${[
          all.map((part) => `${part.name} ${comparedText(part, cursor, format)}`).join(', '),
          ...[happened(cursor)].filter((events) => events !== ''),
        ].join('; ')}`
  const selectionText =
    marked === undefined ? '' : partsText.selectedTimes(Math.abs(marked[1] - marked[0]) + 1, times.length)
  return (
    <figure className="chart" aria-label={label}>
      <figcaption>
        <span className="chart-head">
          <b>{label}</b>
          <span className="chart-names">
            <ChartLegend series={series} hues={hues} lines={lines} choice={choice} onChoice={setChoice} />
            <MarkLegend marks={marks} />
            {unknown.length > 0 && (
              <span className="legend">
                <i className="c-unknown" aria-hidden="true" />
                {unknownText}
              </span>
            )}
          </span>
        </span>
        <span className="chart-acts">
          {onMarks !== undefined && (
            <button
              type="button"
              className="quiet"
              aria-pressed={marksShown}
              title={whyText.marksHint}
              onClick={() => onMarks(marksShown !== true)}
            >
              {whyText.marks}
            </button>
          )}
          <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {partsText.table}
          </button>
          {menu}
        </span>
      </figcaption>
      {failed && <p className="dim pad">{partsText.chartFailed}</p>}
      {asTable ? (
        <ValueTable times={times} series={all} marks={marks} height={height} format={format} />
      ) : (
        <div ref={frame} className="chart-frame">
          <div
            ref={container}
            className="chart-place"
            style={{ height }}
            tabIndex={0}
            role="slider"
            aria-label={partsText.timeOf(label)}
            aria-valuemin={0}
            aria-valuemax={Math.max(0, times.length - 1)}
            aria-valuenow={cursor ?? 0}
            aria-valuetext={cursorText + selectionText}
            onKeyDown={onKeyDown}
          />
          {cursor !== undefined && (
            <ChartTooltip
              title={momentAt((times[cursor] ?? 0) * 1000)}
              readings={shown.series.map((part, index) => ({
                name: part.name,
                mark: markClass(part, shown.hues[index] ?? index),
                value: part.values[cursor],
                earlier: part.earlier?.[cursor],
                other: part.other === true,
              }))}
              totals={lines.flatMap(({ name, values, earlier }, index) =>
                isShown(choice, name)
                  ? [
                      {
                        name,
                        mark: `c-line c-line-${index % 2}`,
                        value: values[cursor],
                        earlier: earlier?.[cursor],
                      },
                    ]
                  : [],
              )}
              format={(value) => valueText(value, format)}
              events={{ title: partsText.eventsInText, text: happened(cursor) }}
              frame={frame}
              x={() => drawn.current?.x() ?? 0}
              follow={follow}
            />
          )}
        </div>
      )}
    </figure>
  )
}

function placeOf(times: readonly number[], at: number | undefined): number | undefined {
  const width = (times[1] ?? 0) - (times[0] ?? 0)
  if (at === undefined || times.length === 0 || at < (times[0] ?? 0) || at > (times.at(-1) ?? 0) + width)
    return undefined
  return times.findLastIndex((time) => time <= at)
}

function placesOf(
  times: readonly number[],
  marked: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  const [first, last] = [times[0], times.at(-1)]
  if (
    marked === undefined ||
    first === undefined ||
    last === undefined ||
    Math.max(...marked) < first ||
    Math.min(...marked) > last
  )
    return undefined
  const indexOf = (time: number) => placeOf(times, Math.min(last, Math.max(first, time))) ?? 0
  return [indexOf(marked[0]), indexOf(marked[1])]
}

const steps: readonly Readonly<{
  keys: readonly string[]
  does: string
  to: (at: number | undefined, length: number) => number
}>[] = [
  { keys: ['ArrowRight'], does: partsText.nextTime, to: (at = -1) => at + 1 },
  { keys: ['ArrowLeft'], does: partsText.previousTime, to: (at, length) => (at ?? length) - 1 },
  { keys: ['PageDown'], does: partsText.tenTimesForward, to: (at = -1) => at + 10 },
  { keys: ['PageUp'], does: partsText.tenTimesBack, to: (at, length) => (at ?? length) - 10 },
  { keys: ['Home'], does: partsText.firstTime, to: () => 0 },
  { keys: ['End'], does: partsText.lastTime, to: (_, length) => length - 1 },
]
