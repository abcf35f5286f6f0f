import { fileList } from '../duck.ts'
import { TraceEdges } from '../graph/trace-edges.ts'
import type { Refs } from '../graph/refs.ts'
import { cachedColumns, cachedColumnsSql, isCacheable } from '../kubernetes/audit.ts'
import { cachedSql, compressedTables, inParts } from './compressed-table.ts'
import { cachePrefix, type CacheLease, type CachedRows, type CacheKind } from './file-cache.ts'

export type CachedTraces = Readonly<{
  database: string
  edges: TraceEdges
  bytes: number
}>

export function tracesCacheKind(directory: string, refs: Refs): CacheKind<CachedTraces> {
  let made = 0
  return {
    stream: 'events',
    fits: isCacheable,
    async read(connection, files) {
      const database = `${cachePrefix}traces_${++made}`
      const refsBefore = refs.bytes
      const rows = inParts(files, (file, first) =>
        cachedColumnsSql(fileList(file.map(({ name }) => `${directory}/${name}`)), first),
      )
      const { bytes, read: edges } = await compressedTables(connection, database, { rows }, () =>
        TraceEdges.read(connection, `${database}.rows`, files.length, refs),
      )
      return { database, edges, bytes: bytes + edges.bytes + refs.bytes - refsBefore }
    },
    async drop(connection, { database, edges }) {
      edges.release()
      await connection.run(`DETACH ${database}`)
    },
  }
}

export function cachedRows({ names, parts }: CacheLease<CachedTraces>): CachedRows {
  return { names, sql: cachedSql(cachedColumns, parts) }
}
