/** Endpoints that differ in nothing that sums of a part depend on. */
import { isPrivateAddressSql } from '../../model/transfer-path.ts'
import { unknownColumn } from '../schema.ts'

/** Beside them: whether the address is private, and the name without an owner. */
export const sharedParts = ['zone', 'kind', 'namespace', 'owner_kind', 'owner_name', 'node', 'label'] as const

export const sharedEndsTable = 'sum_ends'

/**
 * Table of the ids of endpoints in files, with the first one that has the same values. Endpoints that can get a name
 * later have none. `has`: columns of the files. A window would keep the values of all endpoints in memory.
 */
export function sharedEndsSql(files: string, has: ReadonlySet<string>): string {
  const named = ['cluster', ...sharedParts].filter((name) => has.has(name)).map((name) => `"${name}"`)
  const name = has.has('owner_name') ? 'CASE WHEN owner_name IS NULL THEN name END' : 'name'
  const values = [isPrivateAddressSql('duckdb', 'addr'), ...named, ...(has.has('name') ? [name] : [])]
  const settled = has.has(unknownColumn) ? ` WHERE ${unknownColumn} IS NULL` : ''
  const ends = `SELECT ep, ${values.map((value, at) => `${value} AS _v${at}`).join(', ')} FROM ${files}${settled}`
  const list = values.map((_, at) => `_v${at}`).join(', ')
  const areEqual = values.map((_, at) => `of._v${at} IS NOT DISTINCT FROM shared._v${at}`).join(' AND ')
  return `CREATE OR REPLACE TEMP TABLE ${sharedEndsTable} AS SELECT of.ep AS _ep, shared._first AS _shared
      FROM (${ends}) of JOIN (SELECT ${list}, min(ep) AS _first FROM (${ends}) GROUP BY ${list}) shared ON ${areEqual}`
}

/** The flows with the ids of {@link sharedEndsSql}. */
export function withSharedEnds(flows: string): string {
  const ends = ['src', 'dst'] as const
  const ids = ends.map((end) => `coalesce(${end}._shared, flow.${end}_ep) AS ${end}_ep`)
  const joins = ends.map((end) => `LEFT JOIN ${sharedEndsTable} ${end} ON ${end}._ep = flow.${end}_ep`)
  return `SELECT flow.* REPLACE (${ids.join(', ')}) FROM (${flows}) flow ${joins.join(' ')}`
}
