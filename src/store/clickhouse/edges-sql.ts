/** Edges summed by one statement of ClickHouse. */
import type { EdgeQuery } from '../../engine/control.ts'
import { edgeConditions, edgeReads, type EdgeSql } from '../graph/edge-parts.ts'
import { clusterRelations } from './resources.ts'
import { text } from './sql.ts'
import type { StoreNames } from './tables.ts'

/** One row per edge and direction; the largest of each relation of a node. Undefined if there can be none. */
export function edgesSql(request: EdgeQuery, names: StoreNames): string | undefined {
  const sql = clickhouseEdges(names)
  const reads = edgeReads(request, sql)
  if (reads.length === 0) return undefined
  const tables = reads.flatMap(({ rows }) => rows ?? [])
  const parts = reads.flatMap((read) => read.parts)
  const conditions = edgeConditions(request, sql).join(' AND ')
  return (
    `${tables.length === 0 ? '' : `WITH ${tables.join(', ')} `}` +
    `SELECT *, count() OVER (PARTITION BY near) AS edges FROM (${parts.join(' UNION ALL ')}) WHERE ${conditions} ` +
    'ORDER BY near, relation, forward, count DESC, last DESC NULLS LAST, far ' +
    `LIMIT ${request.limit} BY near, relation, forward`
  )
}

function clickhouseEdges(names: StoreNames): EdgeSql {
  return {
    text,
    startsWith: (column, prefix) => `startsWith(assumeNotNull(${column}), ${text(prefix)})`,
    part: (column, separator, index) => `splitByChar(${text(separator)}, assumeNotNull(${column}))[${index}]`,
    time: (us) => `fromUnixTimestamp64Micro(${us}, 'UTC')`,
    micros: (time) => `toUnixTimestamp64Micro(${time})`,
    types: {
      text: 'Nullable(String)',
      count: 'UInt64',
      time: 'Nullable(Int64)',
      level: 'Nullable(UInt8)',
      bytes: 'Nullable(UInt128)',
    },
    table: (name, select) => `${name} AS (${select})`,
    isAmong: (column, refs) => `${column} IN (${refs.map(text).join(', ')})`,
    eventRelations,
    clusterRelations: (_, moment) =>
      `SELECT * FROM (${clusterRelations(names)}) WHERE valid_from <= ${moment} AND ` +
      `(valid_to IS NULL OR valid_to > ${moment})`,
  }
}

/** By relation: the far end of an event. */
const ofEvent: Readonly<Record<string, readonly (readonly [view: string, to: string])[]>> = {
  'performed-by': [
    ['audit', 'actor'],
    ['changes', 'actor_ref'],
  ],
  'applied-on': [
    ['audit', 'resource'],
    ['changes', 'ref'],
  ],
  'with-status': [['audit', "concat('status:', severity)"]],
}

/** The plan of view `relations` takes a second of processor time. */
function eventRelations(relations: readonly string[]): string {
  const rows = relations.flatMap((relation) =>
    (ofEvent[relation] ?? []).map(
      ([view, to]) =>
        `SELECT id AS from_ref, ${text(relation)} AS relation, CAST(${to} AS Nullable(String)) AS to_ref, ` +
        `time AS valid_from, time AS valid_to FROM ${view}`,
    ),
  )
  return `(${rows.join(' UNION ALL ')})`
}
