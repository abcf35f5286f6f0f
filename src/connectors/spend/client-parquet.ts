/** DuckDB reads Parquet; every value becomes text, so that decimals stay exact. */
import type { FileRecords } from './client-files.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

export async function* parquetRows(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Readonly<{ header: readonly string[]; records: FileRecords }>> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  const interrupt = (): void => connection.interrupt()
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const from = `read_parquet(${quoted(path)})`
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows()
    const header = described.map(([name]) => String(name))
    const columns = described.map(([name, type]) => {
      const column = identifier(String(name))
      return /^(?:MAP|STRUCT)/.test(String(type)) ? `to_json(${column})::VARCHAR` : `${column}::VARCHAR`
    })
    // One text for each row: a call of DuckDB for each value costs more than parsing JSON.
    const result = await connection.stream(`SELECT to_json([${columns.join(', ')}])::VARCHAR FROM ${from}`)
    for (let row = 0; ;) {
      const chunk = await result.fetchChunk()
      signal.throwIfAborted()
      if (chunk === null || chunk.rowCount === 0) return
      const rows = JSON.parse(`[${chunk.getColumnValues(0).join(',')}]`) as (string | null)[][]
      yield { header, records: rows.map((values) => ({ line: ++row, values })) }
    }
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
  }
}
