import { dialectOf } from '../../query/index.ts'
import { conditionOf, type RowQuery } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { eventTime } from './rows.ts'

/** Times in µs. `beyond`: only rows after this time, in the order of the rows. `upTo`: the last receive time. */
type Edge = Readonly<{ descending: boolean; limit: number; beyond?: bigint; upTo?: bigint }>

/** A condition on the time for the first rows in time and those of equal time; undefined: there are fewer rows. */
export async function withinEdge(
  rowQuery: RowQuery,
  { descending, limit, beyond, upTo }: Edge,
  { store, signal }: Pick<Surroundings, 'store' | 'signal'>,
): Promise<string | undefined> {
  const dialect = dialectOf(store)
  const time = eventTime.sql(dialect)
  const conditions = [
    conditionOf(rowQuery, dialect),
    ...(upTo === undefined ? [] : [`time_received <= ${dialect.time(upTo)}`]),
    ...(beyond === undefined ? [] : [`${time} ${descending ? '<' : '>'} ${dialect.time(beyond)}`]),
  ]
  const first =
    `SELECT ${dialect.micros(time)} AS us FROM events WHERE ${conditions.join(' AND ')} ` +
    `ORDER BY ${time} ${descending ? 'DESC' : 'ASC'} LIMIT ${limit}`
  const [row] = await readRows<Readonly<{ edge: number | string | null; n: number | string }>>(
    { store, signal },
    `SELECT ${descending ? 'min' : 'max'}(us) AS edge, count(*) AS n FROM (${first}) newest`,
  )
  if (Number(row?.n ?? 0) < limit) return undefined
  return `${time} ${descending ? '>=' : '<='} ${dialect.time(BigInt(row?.edge ?? 0))}`
}
