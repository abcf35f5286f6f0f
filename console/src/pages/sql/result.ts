import type { ChartSeries } from '../../parts/chart.tsx'

export interface Column {
  readonly name: string
  /** As the store names it: BIGINT, VARCHAR; empty where it was not told. */
  readonly type: string
}

export type Row = Readonly<Record<string, unknown>>

export interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** The answer went on: only its first rows are here. */
  readonly cut: boolean
  readonly ms: number
}

export const mostRows = 100_000

/** A statement of which columns can be asked for by DESCRIBE. */
export function isSelect(sql: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:select|with|from|values)\b/i.test(sql)
}

/** Columns as DESCRIBE told them, else those that the rows have, in the order in which they come up. */
export function columnsOf(described: readonly Column[] | undefined, rows: readonly Row[]): readonly Column[] {
  if (described !== undefined) return described
  return [...new Set(rows.slice(0, 1000).flatMap((row) => Object.keys(row)))].map((name) => ({ name, type: '' }))
}

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
const isTime = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?/.test(value) && !Number.isNaN(Date.parse(value))

/** Is every value of the column a number? Types that the store told decide; of text only what it holds. */
export function isNumeric({ name, type }: Column, rows: readonly Row[]): boolean {
  if (type !== '') return /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type)
  return isAll(name, rows, isNumber)
}

function isAll(name: string, rows: readonly Row[], is: (value: unknown) => boolean): boolean {
  const values = rows
    .slice(0, 200)
    .map((row) => row[name])
    .filter((value) => value !== null && value !== undefined)
  return values.length > 0 && values.every(is)
}

export interface ChartOf {
  readonly times: readonly number[]
  readonly series: readonly ChartSeries[]
  /** Name of the column of time. */
  readonly by: string
}

const mostSeries = 7

/**
 * What can be drawn of a result: a column of time and columns of numbers, a line each; with one column of text and one of
 * numbers a line for each text, the largest first. A sentence says why there is nothing to draw.
 */
export function chartOf({ columns, rows }: Pick<Result, 'columns' | 'rows'>): ChartOf | string {
  if (rows.length === 0) return 'There is no row to draw.'
  const time = columns.find(
    ({ name, type }) => (type === '' || /^(?:TIMESTAMP|DATE)/.test(type)) && isAll(name, rows, isTime),
  )
  if (time === undefined)
    return 'A chart needs a column of time, for example time_bucket(INTERVAL 1 minute, time_received) AS time.'
  const numbers = columns.filter((column) => column !== time && isNumeric(column, rows))
  if (numbers.length === 0) return 'A chart needs a column of numbers beside the time.'
  const texts = columns.filter((column) => column !== time && !numbers.includes(column))
  const at = (row: Row): number => Date.parse(String(row[time.name] as string)) / 1000
  const times = withGaps([...new Set(rows.map(at))].filter((second) => Number.isFinite(second)).sort((a, b) => a - b))
  const place = new Map(times.map((second, index) => [second, index]))
  const group = texts[0]
  const [first] = numbers
  const found = new Map<string, (number | null)[]>()
  const put = (name: string, row: Row, value: unknown): void => {
    const values = found.get(name) ?? new Array<number | null>(times.length).fill(null)
    found.set(name, values)
    const index = place.get(at(row))
    if (index !== undefined && value !== null && value !== undefined)
      values[index] = (values[index] ?? 0) + Number(value)
  }
  for (const row of rows) {
    if (group !== undefined && first !== undefined) put(textOf(row[group.name]), row, row[first.name])
    else for (const { name } of numbers) put(name, row, row[name])
  }
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((before, value) => before + Math.abs(value ?? 0), 0)
  const all = [...found].map(([name, values]): ChartSeries => ({ name, values }))
  const series =
    group === undefined
      ? all.slice(0, mostSeries)
      : withOthers(
          all.toSorted((a, b) => sum(b.values) - sum(a.values)),
          times.length,
        )
  return { times, series, by: time.name }
}

/** Buckets of which most follow one another: with a time of nothing where some are missing, so that no line is drawn across. */
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

/** Those beyond what colours can tell apart, as one. */
function withOthers(series: readonly ChartSeries[], length: number): readonly ChartSeries[] {
  if (series.length <= mostSeries) return series
  const rest = series.slice(mostSeries - 1)
  const values = Array.from({ length }, (_, index) =>
    rest.reduce<number | null>(
      (sum, each) =>
        each.values[index] === null || each.values[index] === undefined ? sum : (sum ?? 0) + each.values[index],
      null,
    ),
  )
  return [...series.slice(0, mostSeries - 1), { name: `${rest.length} others`, values, other: true }]
}

const textOf = (value: unknown): string =>
  value === null || value === undefined
    ? 'nothing'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value as string | number | boolean)

/** Rows as they are shown: sorted in the page, numbers by value and nothing last. */
export function sortedRows({ columns, rows }: Pick<Result, 'columns' | 'rows'>, sort: string): readonly Row[] {
  const name = sort.replace(/^-/, '')
  const column = columns.find((each) => each.name === name)
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
