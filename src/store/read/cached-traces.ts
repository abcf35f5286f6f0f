/** For view `audit` and as graph edges. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { fileList, rowsOf } from '../duck.ts'
import { TraceEdges } from '../graph/trace-edges.ts'
import type { Refs } from '../graph/refs.ts'
import { cachedColumns, cachedColumnsSql, isCacheable } from '../kubernetes/audit.ts'
import { cachePrefix, type CacheLease, type CachedRows, type CacheKind } from './file-cache.ts'

/** One database per part, because DuckDB compresses little in a database that is being read. */
export interface CachedTraces {
  readonly database: string
  readonly edges: TraceEdges
  readonly bytes: number
}

const filesAtOnce = 64

export function tracesCacheKind(directory: string, refs: Refs): CacheKind<CachedTraces> {
  let made = 0
  return {
    stream: 'events',
    fits: isCacheable,
    async read(connection, files) {
      const database = `${cachePrefix}traces_${++made}`
      const [before, refsBefore] = [await tableBytes(connection), refs.bytes]
      await connection.run(`ATTACH ':memory:' AS ${database} (COMPRESS)`)
      try {
        const table = `${database}.rows`
        for (let first = 0; first < files.length; first += filesAtOnce) {
          const some = cachedColumnsSql(
            fileList(files.slice(first, first + filesAtOnce).map(({ name }) => `${directory}/${name}`)),
            first,
          )
          await connection.run(first === 0 ? `CREATE TABLE ${table} AS ${some}` : `INSERT INTO ${table} ${some}`)
        }
        await connection.run(`CHECKPOINT ${database}`)
        const bytes = (await tableBytes(connection)) - before
        const edges = await TraceEdges.read(connection, table, files.length, refs)
        return { database, edges, bytes: bytes + edges.bytes + refs.bytes - refsBefore }
      } catch (error) {
        await connection.run(`DETACH ${database}`)
        throw error
      }
    },
    async drop(connection, { database, edges }) {
      edges.release()
      await connection.run(`DETACH ${database}`)
    },
  }
}

async function tableBytes(connection: DuckDBConnection): Promise<number> {
  return Number(
    (
      await rowsOf(
        connection,
        "SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'",
      )
    )[0]?.[0] ?? 0,
  )
}

export function cachedRows({ names, parts }: CacheLease<CachedTraces>): CachedRows {
  const selects = parts.map(
    ({ content, without }) =>
      `SELECT ${cachedColumns} FROM
        ${content.database}.rows${without.size === 0 ? '' : ` WHERE file NOT IN (${[...without].join(', ')})`}`,
  )
  return { names, sql: selects.length === 0 ? undefined : selects.join(' UNION ALL ') }
}
