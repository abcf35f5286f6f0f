import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export async function openDuck(options: Readonly<Record<string, string>>): Promise<DuckDBInstance> {
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api')
  return Instance.create(':memory:', { ...noFileCache, ...returnsMemory, ...options })
}

/** The page cache serves repeated reads. */
const noFileCache: Readonly<Record<string, string>> = { enable_external_file_cache: 'false' }

/** The default is above 100 MB and is returned only on later allocations. */
const retainedFree = '4MB'
const returnsMemory: Readonly<Record<string, string>> = {
  allocator_flush_threshold: retainedFree,
  allocator_bulk_deallocation_flush_threshold: retainedFree,
  allocator_background_threads: 'true',
}

export const withoutExtensions: Readonly<Record<string, string>> = {
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

type ReadableFiles = Readonly<{
  directory: string
  /** The only path to which statements may write. */
  output: string | undefined
  /** Bytes; 0: none. */
  spill: number
}>

/** Statements reach the files of the directory only, and cannot change settings. */
export async function lockDuck(
  connection: DuckDBConnection,
  { directory, output, spill }: ReadableFiles,
): Promise<void> {
  await connection.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
  if (spill > 0) await connection.run(`SET GLOBAL max_temp_directory_size = '${spill}B'`)
  await connection.run(`SET GLOBAL allowed_directories = ${fileList([`${directory}/`])}`)
  if (output !== undefined) await connection.run(`SET GLOBAL allowed_paths = ${fileList([output])}`)
  await connection.run('SET GLOBAL enable_external_access = false')
  await connection.run('SET GLOBAL lock_configuration = true')
}

export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  const read = await connection.runAndReadAll(sql)
  return read.getRows()
}

/** Statements on other connections can run for minutes. */
export async function duckMemory(instance: DuckDBInstance): Promise<number> {
  const connection = await instance.connect()
  try {
    const [[bytes] = []] = await rowsOf(connection, 'SELECT sum(memory_usage_bytes) FROM duckdb_memory()')
    return Number(bytes ?? 0)
  } finally {
    connection.closeSync()
  }
}
