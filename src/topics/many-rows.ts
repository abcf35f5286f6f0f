import type { Host } from '../host/index.ts'
import { parseWithTexts } from '../model/exact-json.ts'
import type { Surroundings } from './operation.ts'

/** Ms of parsing between two yields. */
const sliceMs = 4

/** Needs of operations that read thousands of rows. */
export type ManyRows = Readonly<{ host: Pick<Host, 'clock' | 'timers'> }>

/** The rows of a statement, read without blocking the event loop. Rejects when the signal aborts. */
export async function readManyRows<Row>(
  { store, signal, host: { clock, timers } }: Pick<Surroundings, 'store' | 'signal'> & ManyRows,
  sql: string,
): Promise<Row[]> {
  const rows: Row[] = []
  const text = new TextDecoder()
  let rest = ''
  let began = clock.monotonic()
  for await (const piece of await store.query(sql, 'ndjson', signal)) {
    rest += text.decode(piece, { stream: true })
    const end = rest.lastIndexOf('\n')
    if (end < 0) continue
    for (const row of parseWithTexts(`[${rest.slice(0, end).replaceAll('\n', ',')}]`) as Row[]) rows.push(row)
    rest = rest.slice(end + 1)
    if (clock.monotonic() - began < sliceMs) continue
    await timers.yield()
    began = clock.monotonic()
  }
  return rows
}
