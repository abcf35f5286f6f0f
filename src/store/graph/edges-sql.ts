/** Edges summed by one statement of DuckDB. */
import type { EdgeQuery } from '../../engine/control.ts'
import { quoted } from '../duck.ts'
import { relationsAt } from '../kubernetes/resources.ts'
import type { TimeBounds } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import { edgeColumns, edgeConditions, edgeReads, hourUs, type EdgeRead, type EdgeSql } from './edge-parts.ts'
import { duckdbText } from './edge-scope.ts'

type Unknown = Readonly<{
  traces: boolean
  talks: boolean
  objects: boolean
}>

const timeSql = (us: bigint) => `make_timestamptz(${us})`

const clusterEdges = 'cluster_edges'

const duckdbEdges: EdgeSql = {
  ...duckdbText,
  time: timeSql,
  micros: (time) => `epoch_us(${time})`,
  types: { text: 'VARCHAR', count: 'BIGINT', time: 'DOUBLE', level: 'UTINYINT', bytes: 'BIGINT' },
  table: (name, select) => `${name} AS MATERIALIZED (${select})`,
  // IN would become a join, slower for few rows.
  isAmong: (column, refs) => `list_contains([${refs.map(quoted).join(', ')}], ${column})`,
  eventRelations: () => 'relations',
  clusterRelations: () => `SELECT from_ref, relation, to_ref, valid_from, valid_to FROM ${clusterEdges}`,
}

export function timesOf({ from, to }: EdgeQuery['span']): Readonly<{ audit: TimeBounds; traffic: TimeBounds }> {
  const ms = (us: bigint) => Number(us) / 1000
  return { audit: { from: ms(from), to: ms(to) }, traffic: { from: ms(from - (from % hourUs)), to: ms(to) } }
}

/** Unordered; times in µs. Undefined if there can be none. */
export function everyEdge(request: EdgeQuery, unknown: Unknown): Statement | undefined {
  return edgesStatement(request, unknown, `SELECT ${edgeColumns} FROM edges`)
}

export function largestEdges(request: EdgeQuery): Statement | undefined {
  const { limit } = request
  const columns = edgeColumns
    .split(', ')
    .map((name) => `e.${name}`)
    .join(', ')
  const largest = `SELECT near, relation, forward, count(*) AS edges, min((-count, -last, far),
      ${limit}) AS firsts FROM edges GROUP BY near, relation, forward`
  const ranked = `SELECT near, relation, forward, sum(edges) OVER (PARTITION BY near) AS edges,
      unnest(range(len(firsts))) AS place, unnest(firsts)[3] AS far FROM (${largest})`
  const numbered = `SELECT near, relation, forward, far, edges, row_number() OVER (PARTITION BY near
      ORDER BY place, relation, forward) AS number FROM (${ranked})`
  return edgesStatement(
    request,
    { traces: true, talks: true, objects: true },
    `SELECT ${columns}, greatest(n.edges - ${limit}, 0)::BIGINT AS others FROM (${numbered}) n
      JOIN edges e ON e.near = n.near AND e.relation = n.relation AND e.forward = n.forward AND e.far = n.far
      WHERE n.number <= ${limit} ORDER BY n.near, n.number`,
  )
}

const views = { audit: 'audit', events: 'relations', clusters: undefined, traffic: 'traffic' } as const

/** `select`: from `edges`. */
function edgesStatement(request: EdgeQuery, unknown: Unknown, select: string): Statement | undefined {
  const isUnknown = { audit: unknown.traces, events: true, clusters: unknown.objects, traffic: unknown.talks }
  const reads = edgeReads(request, duckdbEdges).filter(({ source }) => isUnknown[source])
  if (reads.length === 0) return undefined
  const tables = [
    ...reads.flatMap(({ rows }) => rows ?? []),
    duckdbEdges.table(
      'edges',
      `SELECT ${edgeColumns} FROM (${reads.flatMap(({ parts }) => parts).join(' UNION ALL ')})
        WHERE ${edgeConditions(request, duckdbEdges).join(' AND ')}`,
    ),
  ]
  return {
    sql: `WITH ${tables.join(', ')} ${select}`,
    reads: new Set(reads.flatMap(({ source }) => views[source] ?? [])),
    addresses: new Set(),
    actorBounds: undefined,
    readsZones: false,
    readsService: false,
    related: new Set(reads.flatMap(({ related }) => related ?? [])),
    selection: undefined,
    eventTimes: timesOf(request.span),
    narrow: true,
    tables: new Set(),
    ownView: clusterView(reads, timeSql(request.span.to)),
    receiveTime: undefined,
  }
}

function clusterView(reads: readonly EdgeRead[], moment: string): Statement['ownView'] {
  const ends = reads.find(({ source }) => source === 'clusters')?.ends
  if (ends === undefined) return undefined
  return { name: clusterEdges, sql: (input) => relationsAt(input, ends.from, ends.to, moment) }
}
