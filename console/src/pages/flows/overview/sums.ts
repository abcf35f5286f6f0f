import type { FlowGroups, Series } from '../../../../../src/api/published.ts'
import { knownValues, unknownOf, type Stretch } from '../../../api/series.ts'
import type { ChartSeries } from '../../../parts/chart.tsx'
import { csvOf } from '../../../parts/save-file.ts'
import { valueName } from './names.ts'
import type { Measure } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

export type Stack = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  total: ChartSeries
  sum: number
  /** Unix seconds of missing data; values there are null. */
  unknown?: readonly Stretch[]
}>

export const othersName = 'others'

interface GroupSums {
  readonly name: string
  readonly other: boolean
  sum: number
  /** Amounts of the buckets; divided once, because sums of fractions would be rounded differently. */
  readonly amounts: number[]
}

export function bucketTimes(from: number, to: number, step: number): readonly number[] {
  const first = Math.floor(from / step) * step
  return Array.from({ length: Math.max(1, Math.ceil((to - first) / step - 1e-9)) }, (_, index) => first + index * step)
}

export class Buckets {
  readonly times: readonly number[]
  readonly #first: number
  readonly #step: number
  readonly #groups = new Map<string, GroupSums>()
  readonly #total: number[]

  /** @param from and `to` in Unix seconds, `step` in seconds. */
  constructor(from: number, to: number, step: number) {
    this.#step = step
    this.times = bucketTimes(from, to, step)
    this.#first = this.times[0] ?? 0
    this.#total = this.times.map(() => 0)
  }

  add(key: string, { name, other }: Readonly<{ name: string; other: boolean }>, seconds: number, amount: number): void {
    const at = Math.round((seconds - this.#first) / this.#step)
    if (at < 0 || at >= this.times.length) return
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, (group = { name, other, sum: 0, amounts: this.times.map(() => 0) }))
    group.amounts[at] = (group.amounts[at] ?? 0) + amount
    group.sum += amount
    this.#total[at] = (this.#total[at] ?? 0) + amount
  }

  stack(): Stack {
    const groups = [...this.#groups.values()].sort((a, b) => Number(a.other) - Number(b.other) || b.sum - a.sum)
    const rates = (amounts: readonly number[]) => amounts.map((amount) => amount / this.#step)
    return {
      times: this.times,
      series: groups.map(({ name, other, amounts }) => ({ name, values: rates(amounts), other })),
      total: { name: 'total', values: rates(this.#total) },
      sum: groups.reduce((sum, group) => sum + group.sum, 0),
    }
  }
}

/** @param shift seconds by which an earlier range is moved onto the current one. */
export function stackOf(answer: Series, field: string, measure: Measure, shift = 0): Stack {
  const { columns, rows, span, step } = answer
  const [time, restColumn, group, amount] = ['time', 'other', field, measure].map((name) =>
    columns.findIndex((column) => column.name === name),
  ) as [number, number, number, number]
  const buckets = new Buckets(Date.parse(span.from) / 1000 + shift, Date.parse(span.to) / 1000 + shift, step)
  for (const row of rows) {
    const isOther = row[restColumn] === true
    const name = isOther ? othersName : valueName(field, row[group])
    buckets.add(
      isOther ? 'other' : JSON.stringify([row[group]]),
      { name, other: isOther },
      Date.parse(String(row[time])) / 1000 + shift,
      Number(row[amount]),
    )
  }
  return withoutUnknown(
    buckets.stack(),
    unknownOf(answer).map(({ from, to }) => ({ from: from + shift, to: to + shift })),
  )
}

function withoutUnknown(stack: Stack, unknown: readonly Stretch[]): Stack {
  if (unknown.length === 0) return stack
  const known = (part: ChartSeries): ChartSeries => ({
    ...part,
    values: knownValues(stack.times, part.values, unknown),
  })
  return { ...stack, series: stack.series.map(known), total: known(stack.total), unknown }
}

export type Share = Readonly<{
  name: string
  cells: readonly unknown[] | undefined
  amount: number
  /** In the range that is compared; undefined: not known. */
  earlier?: number | undefined
}>

export type Shares = Readonly<{
  shares: readonly Share[]
  total: number
  othersCount: number
  /** Present: compared with an earlier range. */
  earlier?: Readonly<{ total: number | undefined }>
  /** What the earlier range lacks; empty: nothing. */
  note?: string
}>

export function sharesOf(
  { columns, rows, total }: FlowGroups,
  fields: readonly string[],
  measure: Measure,
  between = ' → ',
): Shares {
  const at = columns.findIndex(({ name }) => name === measure)
  const places = fields.map((field) => columns.findIndex(({ name }) => name === field))
  const all = exact(total[measure])
  const shown = rows.map((row) => ({ cells: places.map((column) => row[column]), amount: exact(row[at]) }))
  const rest = shown.reduce((left, { amount }) => left - amount, all)
  // Of the topology: edges.
  const { groups, edges } = total as Readonly<{ groups?: number; edges?: number }>
  const othersCount = Math.max(0, (groups ?? edges ?? 0) - rows.length)
  const shares: Share[] = shown.map(({ cells, amount }) => ({
    name: cells.map((cell, index) => valueName(fields[index] ?? '', cell)).join(between),
    cells,
    amount: Number(amount),
  }))
  if (othersCount > 0 || rest !== 0n) shares.push({ name: othersName, cells: undefined, amount: Number(rest) })
  return { shares, total: Number(all), othersCount }
}

/** Integers beyond 2^53 are strings. */
function exact(value: unknown) {
  return typeof value === 'number' || typeof value === 'string' ? BigInt(value) : 0n
}

/** CSV with a line for each time (ISO 8601, UTC). `unit` follows the names. */
export function timesCsv(
  times: readonly number[],
  series: readonly ChartSeries[],
  unit = overviewText.perSecondInText,
): string {
  return csvOf(
    ['time', ...series.map(({ name }) => `${name} ${unit}`)],
    times.map((time, at) => [new Date(time * 1000).toISOString(), ...series.map(({ values }) => plain(values[at]))]),
  )
}

function plain(value: number | null | undefined) {
  return value === null || value === undefined ? undefined : Number(value.toPrecision(12))
}
