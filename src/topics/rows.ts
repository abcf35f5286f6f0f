import type { Surroundings } from './operation.ts'
import { Refusal } from './refusal.ts'

/** The rows of a statement. Rejects when the signal aborts. */
export async function readRows<Row>(
  { store, signal }: Pick<Surroundings, 'store' | 'signal'>,
  sql: string,
): Promise<Row[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.query(sql, 'json', signal)) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Row[]
}

/** Throws WEIR_API_NO_STORE in ClickHouse, where only DuckDB has the table. */
export function needDuckDb({ store }: Pick<Surroundings, 'store'>, missing: string, hint: string): void {
  if (store.dialect === 'clickhouse') throw new Refusal('WEIR_API_NO_STORE', missing, [hint])
}
