/** Parts of a range that are read one after another until a page is full. */
import type { RowsReceived } from '../../model/rows-received.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import { isFalling, type PageRequest } from './page.ts'
import { withinSql } from './row-query.ts'
import type { TimeSpan } from './span.ts'

/** Minimum expected rows of the first part, and expected rows per row of the page. */
const [leastRows, perRowOfPage] = [4000, 4]
/** Factor by which each part has more rows than the part before. */
const growth = 16
/** Number of parts that one statement reads. */
const maxJoined = 2
const receivedColumn = 'time_received'

export type PageWindow = Readonly<{
  span: TimeSpan
  /** Expected rows, without the filter. */
  rows: number
}>

/**
 * Parts that adjoin, in the order of the page. Rows of a part are before those of the next, so that the page is full as
 * soon as its rows are found. Undefined if the page is not in order of a time with a range. `hours`: the stored rows,
 * which determine only how much is read.
 */
export function windowsOf(request: PageRequest, hours: readonly RowsReceived[]): readonly PageWindow[] | undefined {
  const [first] = request.sort
  const span = spanOf(request)
  if (first === undefined || span === undefined) return undefined
  const isNewestFirst = isFalling(first, request)
  const [from, to] = [Number(span.from) / 1000, Number(span.to) / 1000]
  const [start, end] = isNewestFirst ? [to, from] : [from, to]
  const atStart = rowsBefore(hours, start)
  const distance = (time: number) => Math.abs(rowsBefore(hours, time) - atStart)
  const parts: PageWindow[] = []
  let nearEnd = isNewestFirst ? span.to : span.from
  const farEnd = isNewestFirst ? span.from : span.to
  let before = 0
  const add = (edge: bigint, rows: number) => {
    if (isNewestFirst ? edge < nearEnd : edge > nearEnd)
      parts.push({
        span: isNewestFirst ? { from: edge, to: nearEnd } : { from: nearEnd, to: edge },
        rows: rows - before,
      })
    ;[nearEnd, before] = [edge, rows]
  }
  const all = distance(end)
  for (let rows = Math.max(leastRows, request.limit * perRowOfPage); rows * growth < all; rows *= growth)
    add(BigInt(Math.round(timeAt(start, end, rows, distance))) * 1000n, rows)
  add(farEnd, all)
  return parts
}

/**
 * The next windows that one statement reads: more than one if the first is not expected to fill the page. `found`: rows
 * of the page in the windows before.
 */
export function nextWindows(
  windows: readonly PageWindow[],
  { at, found, missing }: Readonly<{ at: number; found: number; missing: number }>,
): Readonly<{ span: TimeSpan; end: number }> {
  const before = rowsOf(windows.slice(0, at))
  const share = before === 0 ? 0 : found / before
  let end = at + 1
  const isExpectedShort = () => share * rowsOf(windows.slice(at, end)) < missing
  while (at > 0 && end < windows.length && end - at < maxJoined && isExpectedShort()) end++
  // The windows adjoin, in either order.
  const [near, far] = [windows[at]!.span, windows[end - 1]!.span]
  const span = near.from < far.from ? { from: near.from, to: far.to } : { from: far.from, to: near.to }
  return { span, end }
}

export function windowSql({ sort: [first] }: PageRequest, span: TimeSpan, dialect: Dialect = duckdb): string {
  return withinSql(dialect.identifier(first?.field.name ?? receivedColumn), span, dialect)
}

function rowsOf(windows: readonly PageWindow[]) {
  return windows.reduce((sum, { rows }) => sum + rows, 0)
}

/** Span of the values of the first key in the rows from the cursor on. */
function spanOf({ sort: [first], span, time, after, upTo, ...request }: PageRequest): TimeSpan | undefined {
  const name = first?.field.name
  const wholeSpan = name === time.name ? span : name === receivedColumn ? time.received?.(span).all : undefined
  if (first === undefined || wholeSpan === undefined) return undefined
  const key = after?.keys[0]
  const spanEnd = name === receivedColumn && upTo < wholeSpan.to ? upTo + 1n : wholeSpan.to
  if (key === undefined || key === null) return { from: wholeSpan.from, to: spanEnd }
  return isFalling(first, request)
    ? { from: wholeSpan.from, to: BigInt(key) + 1n < spanEnd ? BigInt(key) + 1n : spanEnd }
    : { from: BigInt(key) > wholeSpan.from ? BigInt(key) : wholeSpan.from, to: spanEnd }
}

/** As if the rows of an hour had regular distances. */
export function rowsBefore(hours: readonly RowsReceived[], time: number): number {
  return hours.reduce((sum, { from, to, rows }) => {
    if (time <= from) return sum
    return sum + (time > to ? rows : rows * ((time - from) / (to - from)))
  }, 0)
}

/** The time (ms) between two at which so many rows are between it and the first. */
function timeAt(start: number, end: number, rows: number, distance: (time: number) => number): number {
  let [near, far] = [start, end]
  while (Math.abs(far - near) > 1) {
    const middle = (near + far) / 2
    if (distance(middle) < rows) near = middle
    else far = middle
  }
  return far
}
