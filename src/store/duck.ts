import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** An instance in memory. DuckDB is imported with the first one: a start that stores nothing does not pay for it. */
export async function openDuck(options: Readonly<Record<string, string>>): Promise<DuckDBInstance> {
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api')
  return Instance.create(':memory:', { ...noFileCache, ...returnsMemory, ...options })
}

/**
 * The system's page cache serves repeated reads. DuckDB's cache of file contents would hold the same bytes again and fill
 * the instance up to its memory limit.
 */
const noFileCache: Readonly<Record<string, string>> = { enable_external_file_cache: 'false' }

/**
 * Free memory that DuckDB keeps; its own defaults keep more than a hundred megabytes. Without threads in the background its allocator returns memory only
 * with the next allocations: after 10 minutes of 1,000 flows a second that was 26 MB of 298.
 */
const keptFree = '4MB'
const returnsMemory: Readonly<Record<string, string>> = {
  allocator_flush_threshold: keptFree,
  allocator_bulk_deallocation_flush_threshold: keptFree,
  allocator_background_threads: 'true',
}

/** Never reach for the network or for what a user has installed. */
export const noExtensions: Readonly<Record<string, string>> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
}

export function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

export function fileList(paths: readonly string[]): string {
  return `[${paths.map(quoted).join(', ')}]`
}

/** All rows of a small result. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  const read = await connection.runAndReadAll(sql)
  return read.getRows()
}

/** Bytes that an instance accounts for. On a connection of its own: another one may run a statement for minutes. */
export async function duckMemory(instance: DuckDBInstance): Promise<number> {
  const connection = await instance.connect()
  try {
    const [[bytes] = []] = await rowsOf(connection, 'SELECT sum(memory_usage_bytes) FROM duckdb_memory()')
    return Number(bytes ?? 0)
  } finally {
    connection.closeSync()
  }
}
