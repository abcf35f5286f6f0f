import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { inZone, partsAt } from '../state/time-zone.ts'
import { timeZone } from '../state/preferences.ts'
import { followTouch } from './chart-touch.ts'
import type { ChartColors } from './chart-colors.ts'
import type { ChartLevel, ChartMark, ChartSeries } from './chart.tsx'

type Drawing = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  lines: readonly ChartSeries[]
  marks: readonly ChartMark[]
  unknown: readonly Readonly<{ from: number; to: number }>[]
  stacked: boolean
  levels: readonly ChartLevel[]
  scale: 'whole' | 'fine'
  height: number
  format: (value: number) => string
  colors: ChartColors
  onPoint: (at: number | undefined) => void
  onBrush: (from: number, to: number) => void
  onMark: (mark: ChartMark) => void
  onReady: () => void
}>

const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

export type Drawn = Readonly<{
  stop: () => void
  point: (at: number) => void
  /** Horizontal position of the cursor, in px of the window. */
  x: () => number
  mark: (places: readonly [number, number] | undefined) => void
}>

const dashes = [
  [2, 3],
  [6, 4],
]
/** 1, 2, 5, 10 … Fractions would format alike. */
const wholeSteps = Array.from({ length: 57 }, (_, at) => ([1, 2, 5][at % 3] ?? 1) * 10 ** Math.floor(at / 3))

const scales = {
  whole: (_self: uPlot, _least: number, most: number): uPlot.Range.MinMax => [0, Math.max(most * 1.05, 1)],
  fine: (_self: uPlot, least: number, most: number): uPlot.Range.MinMax => {
    const [from, to] = [Math.min(0, least || 0), Math.max(0, most || 0)]
    const room = (to - from) * 0.05 || 0.5
    return [from < 0 ? from - room : 0, to + room]
  },
}

export function draw(element: HTMLElement, drawing: Drawing): Drawn {
  const { times, series, lines, marks, stacked, scale, height, onMark } = drawing
  const values = stacked ? sums(series, times.length) : series.map((part) => [...part.values])
  const order = series.map((_, index) => (stacked ? series.length - 1 - index : index))
  const plot = new uPlot(
    {
      width: Math.max(80, element.clientWidth),
      height,
      padding: [8, edgeRoom(), 0, 0],
      legend: { show: false },
      tzDate: (at) => (timeZone.get() === 'utc' ? uPlot.tzDate(new Date(at * 1000), 'Etc/UTC') : new Date(at * 1000)),
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      scales: { y: { range: scales[scale] } },
      axes: axesOf(drawing),
      series: seriesOf(drawing, order),
      hooks: hooksOf(drawing),
    },
    [
      withEnd(times),
      ...order.map((index) => closedLine(values[index] ?? [])),
      ...lines.map(({ values: lineValues }) => closedLine(lineValues)),
    ] as uPlot.AlignedData,
    element,
  )
  plot.over.addEventListener('click', ({ offsetX, offsetY }) => {
    const mark = markNear(plot, marks, offsetX, offsetY)
    if (mark !== undefined) onMark(mark)
  })
  followTouch(plot, element)
  const follow = new ResizeObserver(() => plot.setSize({ width: Math.max(80, element.clientWidth), height }))
  follow.observe(element)
  return {
    stop: () => {
      follow.disconnect()
      plot.destroy()
    },
    mark: (places) => {
      if (places === undefined) return plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
      const [first, last] = [Math.min(...places), Math.max(...places)]
      const x = (index: number) => plot.valToPos(plot.data[0][index] ?? 0, 'x')
      return plot.setSelect(
        { left: x(first), width: Math.max(2, x(last + 1) - x(first)), top: 0, height: plot.over.clientHeight },
        false,
      )
    },
    x: () => plot.over.getBoundingClientRect().left + Math.max(0, plot.cursor.left ?? 0),
    point: (at) => plot.setCursor({ left: plot.valToPos(times[at] ?? 0, 'x'), top: 0 }),
  }
}

function axesOf({ colors, format, scale }: Drawing): uPlot.Axis[] {
  const axis = { stroke: colors.ink, font, ticks: { show: false }, gap: 4 } satisfies uPlot.Axis
  return [
    {
      ...axis,
      grid: { show: false },
      size: 26,
      gap: 8,
      space: textSpace,
      values: (_self, ticks, _axis, _space, step) => ticks.map((at) => tickText(at, step)),
    },
    {
      ...axis,
      grid: { stroke: colors.line, width: 1 },
      size: (_self, texts) => Math.max(62, 8 + 6.8 * Math.max(0, ...(texts ?? []).map((text) => text.length))),
      ...(scale === 'whole' ? { incrs: wholeSteps } : {}),
      space: (_self, _axis, _least, _most, height) => Math.max(14, Math.min(28, height / 2), height / 12),
      values: (_self, ticks) => ticks.map(format),
    },
  ]
}

/** @param order of the drawing: the lowest part of a stack is above the others. */
function seriesOf({ series, lines, stacked, colors }: Drawing, order: readonly number[]): uPlot.Series[] {
  const stepped = uPlot.paths.stepped?.({ align: 1, alignGaps: 1 })
  return [
    {},
    ...order.map((index): uPlot.Series => ({
      label: series[index]?.name ?? '',
      stroke: colors.series[index] ?? '',
      width: 1.25,
      points: stacked
        ? { show: false }
        : { show: false, size: 5, fill: colors.series[index] ?? '', filter: isolatedPoints },
      spanGaps: false,
      ...(stepped === undefined ? {} : { paths: stepped }),
      ...(stacked ? { fill: colors.series[index] ?? '' } : {}),
    })),
    ...lines.map(({ name }, index): uPlot.Series => ({
      label: name,
      stroke: colors.ink,
      width: 1.5,
      dash: dashes[index % dashes.length] ?? [],
      points: { show: false },
      spanGaps: false,
      ...(stepped === undefined ? {} : { paths: stepped }),
    })),
  ]
}

function hooksOf({ marks, levels, unknown, colors, onPoint, onBrush, onReady }: Drawing): uPlot.Hooks.Arrays {
  return {
    ready: [onReady],
    drawClear: [(self) => hatch(self, unknown, colors)],
    draw: [(self) => drawLevels(self, levels, colors), (self) => drawMarks(self, marks, colors)],
    setCursor: [
      (self) => {
        onPoint(self.cursor.idx ?? undefined)
        const { left = -1, top = -1 } = self.cursor
        self.over.style.cursor = markNear(self, marks, left, top) === undefined ? '' : 'pointer'
      },
    ],
    setSelect: [
      (self) => {
        const { left, width } = self.select
        if (width < 4) return
        onBrush(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'))
        self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
      },
    ],
  }
}

/** Pixels around the sign of a mark: a target of 24 px. */
const reach = 12

function markNear(plot: uPlot, marks: readonly ChartMark[], left: number, top: number): ChartMark | undefined {
  if (top < 0 || top > 2 * reach) return undefined
  return marks
    .filter(({ pos }) => pos !== undefined)
    .map((mark) => ({ mark, far: Math.abs(plot.valToPos(mark.at, 'x') - left) }))
    .filter(({ far }) => far <= reach)
    .toSorted((a, b) => a.far - b.far)[0]?.mark
}

function drawLevels(plot: uPlot, levels: readonly ChartLevel[], { tones }: ChartColors) {
  const {
    ctx: context,
    bbox: { left, top, width, height },
  } = plot
  context.save()
  context.lineWidth = 1.5 * devicePixelRatio
  context.setLineDash([8 * devicePixelRatio, 4 * devicePixelRatio])
  for (const { at, tone } of levels) {
    const y = Math.round(plot.valToPos(at, 'y', true))
    if (y < top || y > top + height) continue
    context.strokeStyle = tones[tone]
    context.beginPath()
    context.moveTo(left, y)
    context.lineTo(left + width, y)
    context.stroke()
  }
  context.restore()
}

function drawMarks(plot: uPlot, marks: readonly ChartMark[], { mark, gap, audit }: ChartColors) {
  const {
    ctx: context,
    bbox: { left, top, width, height },
  } = plot
  const side = 8 * devicePixelRatio
  context.save()
  context.lineWidth = devicePixelRatio
  context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  for (const { is, at, since = at } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true))
    context.fillStyle = context.strokeStyle = is === 'gap' || is === 'alert' ? gap : is === 'audit' ? audit : mark
    const [begin, end] = [Math.max(left, plot.valToPos(since, 'x', true)), Math.min(left + width, x)]
    if (is === 'alert') {
      drawBand(context, { begin, end: Math.max(end, begin + 2 * devicePixelRatio), top, height }, left + width)
      continue
    }
    if (end > begin) {
      context.globalAlpha = 0.14
      context.fillRect(begin, top, end - begin, height)
      context.globalAlpha = 1
    }
    if (x < left || x > left + width) continue
    context.beginPath()
    context.moveTo(x, top)
    context.lineTo(x, top + height)
    context.stroke()
    context.save()
    context.translate(x, top)
    if (is === 'gap') context.rotate(Math.PI / 4)
    sign(context, is, side / 2)
    context.restore()
  }
  context.restore()
}

type Band = Readonly<{ begin: number; end: number; top: number; height: number }>

/** The band has a bar at its top, so that it does not look like a gap. */
function drawBand(context: CanvasRenderingContext2D, { begin, end, top, height }: Band, right: number) {
  const width = Math.min(end, right) - begin
  if (width <= 0) return
  context.globalAlpha = 0.12
  context.fillRect(begin, top, width, height)
  context.globalAlpha = 1
  context.fillRect(begin, top, width, 3 * devicePixelRatio)
}

/** Shape and colour: rollouts are round, audit events triangles. */
function sign(context: CanvasRenderingContext2D, is: ChartMark['is'], half: number) {
  if (is !== 'rollout' && is !== 'audit') return context.fillRect(-half, -half, 2 * half, 2 * half)
  context.beginPath()
  if (is === 'rollout') context.arc(0, 0, 1.15 * half, 0, 2 * Math.PI)
  else {
    context.moveTo(0, -half)
    context.lineTo(1.15 * half, half)
    context.lineTo(-1.15 * half, half)
  }
  context.fill()
}

function hatch(plot: uPlot, unknown: readonly Readonly<{ from: number; to: number }>[], { ink, line }: ChartColors) {
  const {
    ctx: context,
    bbox: { left, top, width, height },
  } = plot
  const gap = 7 * devicePixelRatio
  for (const { from, to } of unknown) {
    const [begin, end] = [
      Math.max(left, plot.valToPos(from, 'x', true)),
      Math.min(left + width, plot.valToPos(to, 'x', true)),
    ]
    if (end <= begin) continue
    context.save()
    context.beginPath()
    context.rect(begin, top, end - begin, height)
    context.clip()
    context.fillStyle = line
    context.globalAlpha = 0.25
    context.fillRect(begin, top, end - begin, height)
    context.globalAlpha = 0.14
    context.strokeStyle = ink
    context.lineWidth = devicePixelRatio
    context.beginPath()
    for (let x = begin - (begin % gap) - height; x < end; x += gap) {
      context.moveTo(x, top + height)
      context.lineTo(x + height, top)
    }
    context.stroke()
    context.restore()
  }
}

/** The end of the last bucket, which is as long as the shortest. */
function withEnd(times: readonly number[]): number[] {
  const last = times.at(-1)
  if (last === undefined) return []
  const lengths = times.slice(1).map((time, index) => time - times[index]!)
  return [...times, last + (lengths.length === 0 ? 1 : Math.min(...lengths))]
}

/** A drawing ends where its last value begins: repeats that value where it ends. */
function closedLine(values: readonly (number | null | undefined)[]): (number | null | undefined)[] {
  const drawnValues = [...values, null]
  const last = values.findLastIndex((value) => typeof value === 'number')
  if (last >= 0) drawnValues[drawnValues.indexOf(null, last)] = values[last]
  return drawnValues
}

function sums(series: readonly ChartSeries[], length: number): (number | null)[][] {
  const sumsBelow = new Array<number>(length).fill(0)
  const isKnown = sumsBelow.map((_, at) => series.some(({ values }) => typeof values[at] === 'number'))
  return series.map(({ values }) =>
    sumsBelow.map((sum, at) => {
      sumsBelow[at] = sum + (values[at] ?? 0)
      return isKnown[at] === true ? sumsBelow[at] : null
    }),
  )
}

const clock = inZone({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const withSeconds = inZone({
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = inZone({ month: 'short', day: 'numeric' })

function edgeRoom(): number {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return 30
  context.font = font
  const sample = Date.UTC(2026, 8, 28, 20, 58, 58)
  return (
    Math.ceil(Math.max(...[clock, withSeconds, day].map((format) => context.measureText(format(sample)).width)) / 2) + 4
  )
}

/** Space between labels: labels with seconds are wider. */
function textSpace(_self: uPlot, _axis: number, least: number, most: number, length: number) {
  const usualSpace = 50
  return (usualSpace * (most - least)) / Math.max(1, length) >= 60 ? usualSpace : 2 * edgeRoom()
}

/** Text of a tick: at midnight the date replaces the time. */
function tickText(at: number, step: number) {
  const { hour, minute } = partsAt(at * 1000)
  if (step >= 60 && hour === 0 && minute === 0) return day(at * 1000)
  return (step >= 86_400 ? day : step >= 60 ? clock : withSeconds)(at * 1000)
}

/** A line has no length between gaps (null): such values are drawn as points. */
function isolatedPoints({ data }: uPlot, series: number): number[] {
  const values = data[series] ?? []
  const knownIndexes = [...values.keys()].filter((at) => values[at] !== undefined)
  const isGap = (at: number | undefined) => at === undefined || values[at] === null
  return knownIndexes.filter(
    (at, index) => !isGap(at) && isGap(knownIndexes[index - 1]) && isGap(knownIndexes[index + 1]),
  )
}
