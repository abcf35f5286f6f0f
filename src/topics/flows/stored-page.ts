/** Statements of a page of flows. */
import { dialectOf } from '../../query/index.ts'
import {
  amongKeys,
  cutInTies,
  keysSql,
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

/** Parts of the span until the page is full. If the page is in another order, its keys are read first. */
async function rowsOfPage(request: PageRequest, reading: Reading): Promise<readonly Row[]> {
  const { store } = reading
  const dialect = dialectOf(store)
  const windows = windowsOf(request, (await store.sums?.())?.flows.hours ?? [])
  if (windows !== undefined) return readWindows(request, windows, reading)
  let keys: readonly Row[] = []
  for (const ties of [false, true]) {
    const sql = keysSql(request, ties, dialect)
    if (sql === undefined) return readManyRows<Row>(reading, pageSql(request, undefined, dialect))
    keys = await readManyRows<Row>(reading, sql)
    if (!cutInTies(request, keys)) break
  }
  // Rows added later belong to no page.
  if (keys.length === 0) return keys
  return readManyRows<Row>(reading, pageSql(request, amongKeys(request, keys, dialect), dialect))
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
