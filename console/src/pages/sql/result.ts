import type { ChartSeries } from '../../parts/chart.tsx'
import { sqlText } from './text.ts'
import { generalText } from '../../text/general.ts'

export type Column = Readonly<{
  name: string
  type: string
}>

export type Row = Readonly<Record<string, unknown>>

export type Result = Readonly<{
  columns: readonly Column[]
  rows: readonly Row[]
  cut: boolean
  ms: number
}>

export const maxRows = 100_000

export function isSelect(sql: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:select|with|from|values)\b/i.test(sql)
}

export function columnsOf(described: readonly Column[] | undefined, rows: readonly Row[]): readonly Column[] {
  if (described !== undefined) return described
  return [...new Set(rows.slice(0, 1000).flatMap((row) => Object.keys(row)))].map((name) => ({ name, type: '' }))
}

const isNumber = (value: unknown) =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
const isTime = (value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?/.test(value) && !Number.isNaN(Date.parse(value))

const numericType =
  /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*|(?:Nullable\()?(?:U?Int\d+|Float\d+|Decimal.*)\)?)$/

export function isNumeric({ name, type }: Column, rows: readonly Row[]): boolean {
  if (type !== '') return numericType.test(type)
  return isAll(name, rows, isNumber)
}

/** Ports and years: no value has six digits. */
export function isSmallIn(rows: readonly Row[], name: string): boolean {
  return rows.every((row) => !(Math.abs(Number(row[name] ?? 0)) >= 100_000))
}

function isAll(name: string, rows: readonly Row[], is: (value: unknown) => boolean): boolean {
  const values = rows
    .slice(0, 200)
    .map((row) => row[name])
    .filter((value) => value !== null && value !== undefined)
  return values.length > 0 && values.every(is)
}

type ChartOf = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  by: string
}>

const maxSeries = 7

/** A time column and a line for each numeric column, or for each text. A string explains why none can be drawn. */
export function chartOf({ columns, rows }: Pick<Result, 'columns' | 'rows'>): ChartOf | string {
  if (rows.length === 0) return sqlText.nothingDrawn
  const time = columns.find(
    ({ name, type }) => (type === '' || /^(?:Nullable\()?(?:TIMESTAMP|DATE)/i.test(type)) && isAll(name, rows, isTime),
  )
  if (time === undefined) return sqlText.needsTimeColumn
  const numbers = columns.filter((column) => column !== time && isNumeric(column, rows))
  if (numbers.length === 0) return sqlText.needsNumberColumn
  const texts = columns.filter((column) => column !== time && !numbers.includes(column))
  const at = (row: Row) => Date.parse(String(row[time.name] as string)) / 1000
  const times = withGaps([...new Set(rows.map(at))].filter((second) => Number.isFinite(second)).sort((a, b) => a - b))
  const indexByTime = new Map(times.map((second, index) => [second, index]))
  const group = texts[0]
  const [first] = numbers
  const valuesByName = new Map<string, (number | null)[]>()
  const put = (name: string, row: Row, value: unknown) => {
    const values = valuesByName.get(name) ?? new Array<number | null>(times.length).fill(null)
    valuesByName.set(name, values)
    const index = indexByTime.get(at(row))
    if (index !== undefined && value !== null && value !== undefined)
      values[index] = (values[index] ?? 0) + Number(value)
  }
  for (const row of rows) {
    if (group !== undefined && first !== undefined) put(textOf(row[group.name]), row, row[first.name])
    else for (const { name } of numbers) put(name, row, row[name])
  }
  const sum = (values: ChartSeries['values']) =>
    values.reduce<number>((before, value) => before + Math.abs(value ?? 0), 0)
  const all = [...valuesByName].map(([name, values]): ChartSeries => ({ name, values }))
  const series =
    group === undefined
      ? all.slice(0, maxSeries)
      : withOthers(
          all.toSorted((a, b) => sum(b.values) - sum(a.values)),
          times.length,
        )
  return { times, series, by: time.name }
}

/** Inserts null, so that no line crosses a gap. */
function withGaps(times: readonly number[]): readonly number[] {
  const widths = times.slice(1).map((time, index) => time - (times[index] ?? time))
  const step = Math.min(...widths)
  const isBuckets =
    step >= 1 &&
    widths.every((width) => width % step === 0) &&
    2 * widths.filter((width) => width === step).length >= widths.length
  return isBuckets
    ? times.flatMap((time, index) => ((widths[index] ?? step) > step ? [time, time + step] : [time]))
    : times
}

function withOthers(series: readonly ChartSeries[], length: number): readonly ChartSeries[] {
  if (series.length <= maxSeries) return series
  const rest = series.slice(maxSeries - 1)
  const values = Array.from({ length }, (_, index) =>
    rest.reduce<number | null>(
      (sum, each) =>
        each.values[index] === null || each.values[index] === undefined ? sum : (sum ?? 0) + each.values[index],
      null,
    ),
  )
  return [...series.slice(0, maxSeries - 1), { name: generalText.remaining(rest.length), values, other: true }]
}

const textOf = (value: unknown) =>
  value === null || value === undefined
    ? 'nothing'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value as string | number | boolean)

export function sortedRows({ columns, rows }: Pick<Result, 'columns' | 'rows'>, sort: string): readonly Row[] {
  const name = sort.replace(/^-/, '')
  const column = columns.find((candidate) => candidate.name === name)
  if (column === undefined) return rows
  const numeric = isNumeric(column, rows)
  const sign = sort.startsWith('-') ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [a[name], b[name]]
    if (x === null || x === undefined || y === null || y === undefined)
      return Number(x === null || x === undefined) - Number(y === null || y === undefined)
    return sign * (numeric ? Number(x) - Number(y) : textOf(x) < textOf(y) ? -1 : textOf(x) > textOf(y) ? 1 : 0)
  })
}
