/** Statements of a page of flows. */
import { dialectOf } from '../../query/index.ts'
import {
  nextWindows,
  pageSql,
  windowSql,
  windowsOf,
  type PageRequest,
  type PageWindow,
} from '../../query/plan/index.ts'
import { missingIn, storedTo, type Instance } from '../coverage.ts'
import { readManyRows, type ManyRows } from '../many-rows.ts'
import type { Surroundings } from '../operation.ts'
import { readSorted } from '../sorted-rows.ts'
import type { PageRows } from './page.ts'

type Row = Record<string, unknown>

/** `asSmall`: runs what reads few rows, so that it does not wait for others. */
type Reading = Pick<Surroundings, 'store' | 'signal'> &
  ManyRows &
  Readonly<{ instance: Instance; asSmall: <Value>(read: () => Value) => Value }>

export async function readStoredPage(request: PageRequest, reading: Reading): Promise<PageRows> {
  // Before the rows are read: rows stored meanwhile are not missing.
  const unstored = storedTo(reading.instance, request.span)
  const rows = await rowsOfPage(request, reading)
  return { rows, span: request.span, source: 'raw', ...(await missingIn(reading.instance, request)), ...unstored }
}

/** Parts of the span until the page is full, if the page is in order of time. */
async function rowsOfPage(request: PageRequest, reading: Reading): Promise<readonly Row[]> {
  const windows = windowsOf(request, (await reading.store.sums?.())?.flows.hours ?? [])
  return windows === undefined ? readSorted(request, reading) : readWindows(request, windows, reading)
}

async function readWindows(
  request: PageRequest,
  windows: readonly PageWindow[],
  reading: Reading,
): Promise<readonly Row[]> {
  const dialect = dialectOf(reading.store)
  const rows: Row[] = []
  for (let at = 0; at < windows.length && rows.length <= request.limit;) {
    const limit = request.limit - rows.length
    const { span, end } = nextWindows(windows, { at, found: rows.length, missing: limit + 1 })
    const read = () =>
      readManyRows<Row>(reading, pageSql({ ...request, limit }, windowSql(request, span, dialect), dialect))
    // The first parts of a range have few rows.
    rows.push(...(await (end <= 2 && end < windows.length ? reading.asSmall(read) : read())))
    at = end
  }
  return rows
}
