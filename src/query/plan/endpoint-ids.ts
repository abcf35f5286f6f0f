/**
 * Addresses of flows as numbers. Flows have ids of endpoints, and usually each address of a range has one: then no join
 * is needed to group by address. An address has several ids if its names changed, or in files of several days.
 */

/** Ids of endpoints without a gap, each with another address. */
export type SingleIds = Readonly<{ count: number; first: number; last: number }>

/** One row of a relation with columns `ep` and `addr`, to join to the row of a statement over the same flows. */
export function idCountsSql(view: string): string {
  return (
    `(SELECT count(*) AS "_ids", min(ep) AS "_first_id", max(ep) AS "_last_id", ` +
    `count(DISTINCT hash(addr)) AS "_addresses" FROM ${view}) known`
  )
}

export const idCounts = ['"_ids"', '"_first_id"', '"_last_id"', '"_addresses"'] as const

/** Of a row with {@link idCounts}. Undefined: {@link firstIdsSql} is needed. */
export function singleIdsOf(row: Readonly<Record<string, unknown>>): SingleIds | undefined {
  const [count, first, last, addresses] = idCounts.map((name) => Number(row[name.slice(1, -1)])) as [
    number,
    number,
    number,
    number,
  ]
  return count > 0 && addresses === count && last - first + 1 === count ? { count, first, last } : undefined
}

/** Whether these are still the ids of a statement. `used`: columns of its rows, for an aggregate of them. */
export function stillSingleSql({ count, first, last }: SingleIds, view: string, used: readonly string[]): string {
  const within = used.map((id) => `coalesce(min(${id}) >= ${first} AND max(${id}) <= ${last}, true)`)
  const same = `(SELECT count(*) = ${count} AND min(ep) = ${first} AND max(ep) = ${last} FROM ${view})`
  return [same, ...within].join(' AND ')
}

/** Table `firsts`: of each id, the first one of the same address. */
export function firstIdsSql(view: string): string {
  return (
    `firsts AS MATERIALIZED (SELECT ep AS "_ep", min(ep) OVER (PARTITION BY addr) AS "_first" ` +
    `FROM ${view} WHERE addr IS NOT NULL)`
  )
}

/** Columns of {@link firstIdsSql} instead of ids of the relation `flow`, and their joins. */
export function firstIds(ids: readonly string[]): Readonly<{ values: readonly string[]; joins: string }> {
  return {
    values: ids.map((_, at) => `first${at}."_first"`),
    joins: ids.map((id, at) => `LEFT JOIN firsts first${at} ON flow.${id} = first${at}."_ep"`).join(' '),
  }
}

/** Table `texts` (`_ep`, `_text`) of the ids in columns of a small relation. */
export function textsOfIdsSql(view: string, from: string, ids: readonly string[]): string {
  const listed = ids.map((id) => `SELECT ${id} FROM ${from}`).join(' UNION ALL ')
  return `texts AS MATERIALIZED (SELECT ep AS "_ep", addr AS "_text" FROM ${view} WHERE ep IN (${listed}))`
}
