import type { EdgeQuery, StoredEdge } from '../../engine/control.ts'
import { EdgeSums, type EdgeRow } from '../graph/edge-sums.ts'
import { shownEdges } from '../graph/rank.ts'
import { Refs } from '../graph/refs.ts'
import { edgesSql } from './edges-sql.ts'
import type { StoreNames } from './tables.ts'

/** `edges`: of the near node. */
type Row = EdgeRow & Readonly<{ edges: number | string }>

export async function edgesOf(
  request: EdgeQuery,
  names: StoreNames,
  query: (sql: string) => Promise<AsyncIterable<Uint8Array>>,
): Promise<readonly StoredEdge[]> {
  const sql = edgesSql(request, names)
  if (sql === undefined) return []
  const text = new TextDecoder()
  let lines = ''
  for await (const bytes of await query(sql)) lines += text.decode(bytes, { stream: true })
  const sums = new EdgeSums(new Refs())
  const edges = new Map<string, number>()
  for (const line of lines.split('\n')) {
    if (line === '') continue
    const row = JSON.parse(line) as Row
    edges.set(row.near, Number(row.edges))
    sums.addRow(row)
  }
  // The statement returns the largest of each relation only, and counts all.
  return shownEdges(sums, { limit: request.limit, namespaces: undefined }).map((edge) => ({
    ...edge,
    others: Math.max((edges.get(edge.near) ?? 0) - request.limit, 0),
  }))
}
