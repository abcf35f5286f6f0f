import type { QueryFormat, StoreReader } from '../../engine/control.ts'

export async function queryText(
  reader: StoreReader,
  sql: string,
  format: QueryFormat = 'json',
  signal = new AbortController().signal,
): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await reader.query(sql, format, signal)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

export async function queryRows(reader: StoreReader, sql: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await queryText(reader, sql)) as Record<string, unknown>[]
}
