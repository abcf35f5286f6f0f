import { dialectOf } from '../../query/index.ts'
import { memberUseSql, type RowQuery } from '../../query/plan/index.ts'
import { ringMemberUse } from '../ring/values-in-use.ts'
import { rowsOf } from '../../topics/unless-aborted.ts'
import type { RunStatement } from '../ring/readers.ts'
import { cachedUse } from './names.ts'

/** Rows with `extra` that are read, and names that are offered. */
const [sampledRows, maxNames] = [2000, 200]

/** Rows that have each member of `extra`, in a sample: of the newest flows and of the stored ones. */
export async function memberUse(run: RunStatement, rowQuery: RowQuery): Promise<ReadonlyMap<string, number>> {
  const { store } = run.context.control
  const newest = ringMemberUse(run.hub.ringSource(), rowQuery, sampledRows, run.disconnected)
  const stored =
    store === undefined
      ? undefined
      : cachedUse(run, store, rowQuery, 'members', async (signal) => {
          const sql = memberUseSql(rowQuery, { rows: sampledRows, limit: maxNames }, dialectOf(store))
          const rows = (await rowsOf(store, sql, signal)) ?? []
          return new Map(rows.map((row) => [String(row['name']), Number(row['n'])]))
        })
  const counts = new Map(await stored)
  for (const [name, count] of await newest) counts.set(name, Math.max(count, counts.get(name) ?? 0))
  return new Map([...counts].toSorted(([name, a], [next, b]) => b - a || (name < next ? -1 : 1)).slice(0, maxNames))
}
