import { dialectOf } from '../query/index.ts'
import { amongKeys, cutInTies, keysSql, pageSql, type PageRequest } from '../query/plan/index.ts'
import { readManyRows, type ManyRows } from './many-rows.ts'
import type { Surroundings } from './operation.ts'

type Row = Record<string, unknown>

/** One row more than the page if there is one. The sort keys are read first, so that only rows of the page are read. */
export async function readSorted(
  request: PageRequest,
  reading: Pick<Surroundings, 'store' | 'signal'> & ManyRows,
): Promise<readonly Row[]> {
  const dialect = dialectOf(reading.store)
  let keys: readonly Row[] = []
  for (const ties of ['any', 'by position'] as const) {
    const sql = keysSql(request, ties, dialect)
    if (sql === undefined) return readManyRows<Row>(reading, pageSql(request, undefined, dialect))
    keys = await readManyRows<Row>(reading, sql)
    if (!cutInTies(request, keys)) break
  }
  // Rows added later belong to no page.
  if (keys.length === 0) return keys
  return readManyRows<Row>(reading, pageSql(request, amongKeys(request, keys, dialect), dialect))
}
