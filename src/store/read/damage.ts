import type { DuckDBConnection } from '@duckdb/node-api'
import { quoted, rowsOf } from '../duck.ts'
import { dataFileNames } from '../names.ts'
import type { StoredFile } from '../record.ts'
import type { Pin } from '../versions.ts'

/** The query is repeated without the damaged file. */
export class DamagedFile extends Error {}

export function filesIn(views: string, pin: Pin): readonly StoredFile[] {
  const names = new Set(views.match(dataFileNames) ?? [])
  return pin.files.filter(({ name }) => names.has(name))
}

const suspicious = /^(?:IO Error|Invalid Error|Invalid Input Error|Serialization Error|Could not|TProtocol)/

async function reads(connection: DuckDBConnection, sql: string) {
  return rowsOf(connection, sql).then(
    () => true,
    () => false,
  )
}

export async function unreadableFiles(
  connection: DuckDBConnection,
  directory: string,
  all: readonly StoredFile[],
  message: string,
): Promise<StoredFile[]> {
  const files = all.filter(({ table }) => table === undefined)
  const named = files.filter(({ name }) => message.includes(name))
  if (named.length === 0 && !suspicious.test(message)) return []
  const broken: StoredFile[] = []
  for (const file of named.length > 0 ? named : files) {
    const path = quoted(`${directory}/${file.name}`)
    // Rows were read if the error names files, else only footers.
    const sql =
      named.length > 0
        ? `SELECT bit_xor(hash(t)) FROM read_parquet(${path}) t`
        : `SELECT count(*) FROM parquet_metadata(${path})`
    if (!(await reads(connection, sql))) broken.push(file)
  }
  return broken
}
