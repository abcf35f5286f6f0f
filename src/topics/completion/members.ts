import { dialectOf } from '../../query/index.ts'
import { memberUseSql, type RowQuery } from '../../query/plan/index.ts'
import { readRows } from '../rows.ts'
import { cachedUse } from './names.ts'
import type { Reading } from './reading.ts'

/** Rows with `extra` that are read, and names that are offered. */
const [sampledRows, maxNames] = [2000, 200]

/** Rows that have each member of `extra`, in a sample: of the newest flows and of the stored ones. */
export async function memberUse(reading: Reading, rowQuery: RowQuery): Promise<ReadonlyMap<string, number>> {
  const { store } = reading
  const newest = reading.newest.memberUse(rowQuery, sampledRows, reading.signal)
  const stored =
    store === undefined
      ? undefined
      : cachedUse(reading, store, rowQuery, 'members', async (signal) => {
          const sql = memberUseSql(rowQuery, { rows: sampledRows, limit: maxNames }, dialectOf(store))
          const rows = await readRows<Readonly<{ name: string; n: number | string }>>({ store, signal }, sql)
          return new Map(rows.map(({ name, n }) => [name, Number(n)]))
        })
  const counts = new Map(await stored)
  for (const [name, count] of await newest) counts.set(name, Math.max(count, counts.get(name) ?? 0))
  return new Map([...counts].toSorted(([name, a], [next, b]) => b - a || (name < next ? -1 : 1)).slice(0, maxNames))
}
