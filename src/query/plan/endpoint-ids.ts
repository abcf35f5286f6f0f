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

/** Single ids from a row with {@link idCounts}. Undefined: {@link withFirstIds} is needed. */
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

/**
 * Rows of statements with the first ids of the addresses instead of ids `ids`, and their columns `others`. `firsts`:
 * relation of all ids in flows and 0 (`_ep`), with the first one of the same address (`_first`; 0: no address).
 */
export function withFirstIds(
  scans: readonly string[],
  { firsts, ids, others }: Readonly<{ firsts: string; ids: readonly string[]; others: readonly string[] }>,
): string {
  const columns = [...ids.map((id, at) => `nullif(first${at}."_first", 0) AS ${id}`), ...others]
  const joins = ids.map((id, at) => `JOIN ${firsts} first${at} ON coalesce(flow.${id}, 0) = first${at}."_ep"`)
  // DuckDB knows the range of ids of each scan, but not of their union: then it joins by a hash table.
  return scans.map((rows) => `SELECT ${columns.join(', ')} FROM (${rows}) flow ${joins.join(' ')}`).join(' UNION ALL ')
}

/** Table `texts` (`_ep`, `_text`) of the ids in columns of a small relation. */
export function textsOfIdsSql(view: string, from: string, ids: readonly string[]): string {
  const listed = ids.map((id) => `SELECT ${id} FROM ${from}`).join(' UNION ALL ')
  return `texts AS MATERIALIZED (SELECT ep AS "_ep", addr AS "_text" FROM ${view} WHERE ep IN (${listed}))`
}
