import type { FastifyReply } from 'fastify'
import type { IsolatedResult, IsolatedQuery, StoreReader } from '../engine/control.ts'
import type { Log } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { parseWithTexts } from '../model/exact-json.ts'
import type { ApiContext } from './options.ts'
import { readRows } from '../topics/rows.ts'
import { ApiError } from './problems.ts'

/** Throws 503 without a store. */
export function requireStore({ control }: Pick<ApiContext, 'control'>): StoreReader {
  if (control.store !== undefined) return control.store
  throw new ApiError('WEIR_API_NO_STORE', 'This instance has no store to query.', {
    hints: ['GET /api/v1/live streams current rows.'],
  })
}

export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const disconnected = new AbortController()
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) disconnected.abort()
  })
  if (reply.raw.destroyed) disconnected.abort()
  return disconnected.signal
}

/** Undefined if the signal aborts. */
export async function unlessAborted<Value>(
  signal: AbortSignal,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

export function rowsOf(
  store: StoreReader,
  sql: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>[] | undefined> {
  return unlessAborted(signal, () => readRows<Record<string, unknown>>({ store, signal }, sql))
}

/** Ms of parsing between two yields. */
const sliceMs = 4

/** {@link rowsOf} for thousands of rows: yields to the event loop. */
export async function manyRowsOf(
  store: StoreReader,
  sql: string,
  signal: AbortSignal,
  { clock, timers }: Pick<Host, 'clock' | 'timers'>,
): Promise<Record<string, unknown>[] | undefined> {
  const rows: Record<string, unknown>[] = []
  const text = new TextDecoder()
  let rest = ''
  let began = clock.monotonic()
  try {
    for await (const piece of await store.query(sql, 'ndjson', signal)) {
      rest += text.decode(piece, { stream: true })
      const end = rest.lastIndexOf('\n')
      if (end < 0) continue
      for (const row of parseWithTexts(`[${rest.slice(0, end).replaceAll('\n', ',')}]`) as Record<string, unknown>[])
        rows.push(row)
      rest = rest.slice(end + 1)
      if (clock.monotonic() - began < sliceMs) continue
      await timers.yield()
      began = clock.monotonic()
    }
    return rows
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

export async function isolated(
  store: StoreReader,
  { format, ...query }: IsolatedQuery,
  signal: AbortSignal,
): Promise<IsolatedResult | undefined> {
  try {
    if (store.isolated !== undefined) return await store.isolated({ ...query, format }, signal)
    if (format === 'parquet') throw new Error('The store cannot start processes that write Parquet.')
    if (Object.keys(query.parameters ?? {}).length > 0) throw new Error('The store cannot bind parameters.')
    return await store.query(query.sql, format, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

export async function* logErrors(
  bytes: IsolatedResult,
  disconnected: AbortSignal,
  log: Log,
): AsyncGenerator<Uint8Array, number | undefined> {
  try {
    return yield* bytes as AsyncGenerator<Uint8Array, number | undefined>
  } catch (error) {
    if (!disconnected.aborted)
      log.warn('A query failed after its response had started; the response was truncated.', { error })
    throw error
  }
}
