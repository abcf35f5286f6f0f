import { useMemo, useRef, useState } from 'react'
import { momentAt } from './format.ts'
import { markClass, placesOf as colorPlacesOf } from './chart-colors.ts'
import { useDrawing, type Shown } from './chart-drawing.ts'
import { useChartKeys } from './chart-keys.ts'
import { ChartLegend, MarkLegend } from './chart-legend.tsx'
import { placeOf, placesOf } from './chart-places.ts'
import { ChartTooltip } from './chart-tooltip.tsx'
import { hiding, isShown, showAll, type LegendChoice } from './legend-choice.ts'
import { comparedText, isIn, markText, ValueTable, valueText } from './chart-table.tsx'
import { partsText } from '../text/parts.ts'
import { whyText } from './why/text.ts'

export type ChartSeries = Readonly<{
  name: string
  /** null: a gap; undefined: the value before lasts. */
  values: readonly (number | null | undefined)[]
  other?: boolean
  /** Values of an earlier range, at the same places; undefined: not known. */
  earlier?: readonly (number | null | undefined)[] | undefined
  /** Semantic colour; otherwise colours only distinguish series. */
  tone?: 'good' | 'warning' | 'bad' | 'series-1'
}>

export type ChartMark = Readonly<{
  /** `gap`: data may be missing from `since` on. `alert`: it fired from `since` on. */
  is?: 'change' | 'rollout' | 'audit' | 'gap' | 'alert'
  since?: number
  at: number
  text: string
  /** Position of the change, for `onMark`. */
  pos?: string
}>

/** A horizontal line, from which on values have another meaning. */
export type ChartLevel = Readonly<{ at: number; tone: 'good' | 'warning' | 'bad' }>

/** Marks that can be hidden and opened. */
export type MarkProps = Readonly<{
  marks: readonly ChartMark[]
  marksShown: boolean
  onMarks: (shown: boolean) => void
  onMark: (mark: ChartMark) => void
}>

export type ChartProps = Readonly<{
  label: string
  /** Times in Unix seconds, ascending. */
  times: readonly number[]
  series: readonly ChartSeries[]
  lines?: readonly ChartSeries[]
  marks?: readonly ChartMark[]
  /** Spans without known values, which are hatched because 0 would be a value. */
  unknown?: readonly Readonly<{ from: number; to: number }>[] | undefined
  /** Text for the spans without known values. Default: no data. */
  unknownText?: string
  stacked: boolean
  levels?: readonly ChartLevel[]
  /** Hidden until the first choice in the legend, which has the note until then. */
  hidden?: Readonly<{ names: readonly string[]; note: string }> | undefined
  /** `whole`: from 0, with steps of whole numbers. `fine`: fractions and negative numbers as well. */
  scale?: 'whole' | 'fine'
  height: number
  format: (value: number) => string
  onBrush?: (from: number, to: number) => void
  table?: boolean | undefined
  onTable?: ((table: boolean) => void) | undefined
  menu?: React.ReactNode
}> &
  Partial<Omit<MarkProps, 'marks'>>

const noMarks: readonly never[] = []

export function Chart(props: ChartProps): React.ReactNode {
  const {
    label,
    times,
    series,
    lines = noMarks,
    marks = noMarks,
    unknown = noMarks,
    height,
    format,
    table,
    onTable,
    hidden,
  } = props
  const container = useRef<HTMLDivElement>(null)
  const follow = useRef<() => void>(undefined)
  const [ownTable, setOwnTable] = useState(false)
  const asTable = table ?? ownTable
  // A time, so that the cursor stays when the axis moves.
  const [at, setAt] = useState<number>()
  const [markedTimes, setMarkedTimes] = useState<readonly [number, number]>()
  const cursor = placeOf(times, at)
  const marked = useMemo(() => placesOf(times, markedTimes), [times, markedTimes])
  const hues = useMemo(() => colorPlacesOf(series), [series])
  const [choice, setChoice] = useState<LegendChoice>()
  const usual = useMemo(() => (hidden === undefined ? showAll : hiding(hidden.names)), [hidden])
  const legend = choice ?? usual
  const shownData = useMemo(() => shownOf({ series, hues, lines }, legend), [series, hues, lines, legend])
  const { onBrush, onMark, stacked, levels = noMarks, scale = 'whole' } = props
  const { drawn, failed } = useDrawing(
    container,
    { times, shown: shownData, marks, unknown, stacked, levels, scale, height, format, asTable },
    {
      cursor,
      marked,
      onPoint: (time) => {
        setAt(time)
        follow.current?.()
      },
      onBrush,
      onMark,
    },
  )
  const onKeyDown = useChartKeys({ drawn, times, marks, cursor, marked, onMarked: setMarkedTimes, onBrush, onMark })
  const all = [...shownData.series, ...shownData.lines]
  return (
    <figure className="chart" aria-label={label}>
      <ChartHead
        {...props}
        hues={hues}
        choice={legend}
        onChoice={setChoice}
        hiddenNote={choice === undefined ? hidden?.note : undefined}
        asTable={asTable}
        onTable={onTable ?? setOwnTable}
      />
      {failed && <p className="dim pad">{partsText.chartFailed}</p>}
      {asTable ? (
        <ValueTable times={times} series={all} marks={marks} height={height} format={format} />
      ) : (
        <ChartPlot
          label={label}
          times={times}
          shown={shownData}
          lines={lines}
          choice={legend}
          marks={marks}
          height={height}
          format={format}
          cursor={cursor}
          marked={marked}
          container={container}
          x={() => drawn.current?.x() ?? 0}
          follow={follow}
          onKeyDown={onKeyDown}
        />
      )}
    </figure>
  )
}

/** Data of the shown series. Colours depend on all series, so that hiding one does not change the others. */
function shownOf({ series, hues, lines }: Shown, choice: LegendChoice): Shown {
  const at = series.flatMap(({ name }, index) => (isShown(choice, name) ? [index] : []))
  return {
    series: at.map((index) => series[index]!),
    hues: at.map((index) => hues[index]!),
    lines: lines.filter(({ name }) => isShown(choice, name)),
  }
}

type ChartHeadProps = Omit<ChartProps, 'onTable'> &
  Readonly<{
    hues: readonly number[]
    choice: LegendChoice
    onChoice: (choice: LegendChoice) => void
    hiddenNote: string | undefined
    asTable: boolean
    onTable: (table: boolean) => void
  }>

function ChartHead({
  label,
  series,
  hues,
  lines = noMarks,
  choice,
  onChoice,
  hiddenNote,
  marks = noMarks,
  marksShown,
  onMarks,
  unknown = noMarks,
  unknownText = partsText.noData,
  asTable,
  onTable,
  menu,
}: ChartHeadProps) {
  return (
    <figcaption>
      <span className="chart-head">
        <b>{label}</b>
        <span className="chart-names">
          <ChartLegend series={series} hues={hues} lines={lines} choice={choice} onChoice={onChoice} />
          {hiddenNote !== undefined && <span className="legend">{hiddenNote}</span>}
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
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => onTable(!asTable)}>
          {partsText.table}
        </button>
        {menu}
      </span>
    </figcaption>
  )
}

type ChartPlotProps = Required<Pick<ChartProps, 'label' | 'times' | 'lines' | 'marks' | 'height' | 'format'>> &
  Pick<React.ComponentProps<typeof ChartTooltip>, 'x' | 'follow'> &
  Readonly<{
    shown: Shown
    choice: LegendChoice
    cursor: number | undefined
    marked: readonly [number, number] | undefined
    container: React.RefObject<HTMLDivElement | null>
    onKeyDown: (event: React.KeyboardEvent) => void
  }>

function ChartPlot({
  label,
  times,
  shown,
  lines,
  choice,
  marks,
  height,
  format,
  cursor,
  marked,
  container,
  x,
  follow,
  onKeyDown,
}: ChartPlotProps) {
  const frame = useRef<HTMLDivElement>(null)
  const happened = (index: number) => markText(marks.filter((mark) => isIn(times, index, mark)))
  const cursorText =
    cursor === undefined
      ? partsText.arrowKeysHint
      : `${momentAt((times[cursor] ?? 0) * 1000)}: ${[
          [...shown.series, ...shown.lines]
            .map((part) => `${part.name} ${comparedText(part, cursor, format)}`)
            .join(', '),
          ...[happened(cursor)].filter((events) => events !== ''),
        ].join('; ')}`
  const selectionText =
    marked === undefined ? '' : partsText.selectedTimes(Math.abs(marked[1] - marked[0]) + 1, times.length)
  return (
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
            ...readingAt(part, cursor),
            other: part.other === true,
          }))}
          totals={lines.flatMap((part, index) =>
            isShown(choice, part.name)
              ? [{ name: part.name, mark: `c-line c-line-${index % 2}`, ...readingAt(part, cursor) }]
              : [],
          )}
          format={(value) => valueText(value, format)}
          events={{ title: partsText.eventsInText, text: happened(cursor) }}
          frame={frame}
          x={x}
          follow={follow}
        />
      )}
    </div>
  )
}

const readingAt = ({ values, earlier }: ChartSeries, cursor: number) => ({
  value: values[cursor],
  earlier: earlier?.[cursor],
})
