import type { GrowingColumn } from '../../model/flow-builder.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import type { TimeUnit } from './elements.ts'
import { numberIn, ntpTime } from './read.ts'
import type { Step } from './step-numbers.ts'

type TimeColumn = GrowingColumn<Float64Array>

export type TimePlace = Readonly<{
  unit: TimeUnit
  place: FieldPlace
}>

type TimePlaces = Readonly<{
  start: TimePlace | undefined
  end: TimePlace | undefined
  duration: Readonly<{ place: FieldPlace; perMs: number }> | undefined
  initTime: FieldPlace | undefined
}>

const latest = 8.64e15

export interface SkewRule {
  skewLimit: number
}

/** A missing time is the export time, marked; a single one is completed by the duration. */
export function timeSteps(
  columns: Readonly<{ start: TimeColumn; end: TimeColumn; skewed: GrowingColumn<Uint8Array> }>,
  { start, end, duration, initTime }: TimePlaces,
  rule: SkewRule,
): readonly Step[] {
  const steps: Step[] = []
  const first = start ?? end
  const last = end ?? start
  const hasBoth = first !== undefined && last !== undefined
  const relative = first?.unit === 'uptime' || last?.unit === 'uptime'
  steps.push(first === undefined ? exportTime(columns.start) : timeStep(columns.start, first, initTime))
  steps.push(last === undefined ? exportTime(columns.end) : timeStep(columns.end, last, initTime))
  if (hasBoth && first.unit === 'uptime' && last.unit === 'uptime' && initTime === undefined)
    steps.push(withoutUptime(columns.start, first.place, last.place))
  if (duration !== undefined && (start === undefined) !== (end === undefined)) {
    const sign = start === undefined ? -1 : 1
    const column = start === undefined ? columns.start : columns.end
    steps.push((set, row) => {
      for (let i = 0; i < set.count; i++) {
        column.items[row + i] =
          column.items[row + i]! + sign * Math.floor(numberIn(set, duration.place, i) / duration.perMs)
      }
    })
  }
  steps.push((set, row) => {
    const { count, context } = set
    const { skewLimit } = rule
    const skewed = columns.skewed.items,
      starts = columns.start.items,
      ends = columns.end.items
    const unknown = !hasBoth || (relative && initTime === undefined && Number.isNaN(context.uptime))
    for (let i = 0; i < count; i++) {
      if (starts[row + i]! > latest) starts[row + i] = latest
      if (ends[row + i]! > latest) ends[row + i] = latest
      skewed[row + i] = unknown || Math.abs(ends[row + i]! - context.received) > skewLimit ? 1 : 0
    }
    columns.start.markRows(row, row + count)
    columns.end.markRows(row, row + count)
    columns.skewed.markRows(row, row + count)
  })
  return steps
}

function exportTime(column: TimeColumn): Step {
  return (set, row) => void column.items.fill(set.context.exportTime, row, row + set.count)
}

/** IPFIX has no uptime in its header, and some exporters never announce it (IE 160): the duration is known. */
function withoutUptime(column: TimeColumn, first: FieldPlace, last: FieldPlace): Step {
  return (set, row) => {
    if (!Number.isNaN(set.context.uptime)) return
    for (let i = 0; i < set.count; i++)
      column.items[row + i] =
        column.items[row + i]! - Math.max(0, (numberIn(set, last, i) - numberIn(set, first, i)) | 0)
  }
}

function timeStep(column: TimeColumn, { unit, place }: TimePlace, initTime: FieldPlace | undefined): Step {
  const fast =
    place.length === 8 && unit === 'ms'
      ? milliseconds
      : place.length === 8 && unit === 'ntp'
        ? ntp
        : place.length === 4 && unit === 'uptime' && initTime === undefined
          ? sinceStart
          : undefined
  if (fast !== undefined) return (set, row) => fast(column.items, set, place, row)
  return (set, row) => {
    for (let i = 0; i < set.count; i++)
      column.items[row + i] = timeOf(
        set,
        unit,
        numberIn(set, place, i),
        initTime === undefined ? undefined : numberIn(set, initTime, i),
      )
  }
}

function timeOf({ context }: DataSet, unit: TimeUnit, value: number, initTime: number | undefined): number {
  switch (unit) {
    case 'ms':
      return value
    case 's':
      return value * 1000
    // Always 8 bytes: a number would lose the fraction.
    case 'ntp':
      return context.exportTime
    case 'before':
      return context.exportTime - Math.floor(value / 1000)
    case 'uptime':
      return fromUptime(
        context.exportTime,
        initTime === undefined ? context.uptime : context.exportTime - initTime,
        value,
      )
  }
}

/** Uptimes wrap at 2^32 ms. */
function fromUptime(exported: number, uptime: number, value: number) {
  return Number.isNaN(uptime) ? exported : exported - ((uptime - value) | 0)
}

function milliseconds(items: Float64Array, set: DataSet, { segment, offset }: FieldPlace, row: number) {
  const { view, count } = set
  const base = set.base[segment]!
  for (let i = 0; i < count; i++) {
    const at = base[i]! + offset
    items[row + i] = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
  }
}

function ntp(items: Float64Array, set: DataSet, { segment, offset }: FieldPlace, row: number) {
  const { view, count } = set
  const base = set.base[segment]!
  for (let i = 0; i < count; i++) {
    const at = base[i]! + offset
    items[row + i] = ntpTime(view.getUint32(at), view.getUint32(at + 4))
  }
}

function sinceStart(items: Float64Array, set: DataSet, { segment, offset }: FieldPlace, row: number) {
  const { view, count, context } = set
  const { exportTime: exported, uptime } = context
  const base = set.base[segment]!
  for (let i = 0; i < count; i++) items[row + i] = fromUptime(exported, uptime, view.getUint32(base[i]! + offset))
}
