import type { StoreReader } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { readManyRows } from './many-rows.ts'
import { readRows } from './rows.ts'

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

/** {@link rowsOf} for thousands of rows: yields to the event loop. */
export function manyRowsOf(
  store: StoreReader,
  sql: string,
  signal: AbortSignal,
  host: Pick<Host, 'clock' | 'timers'>,
): Promise<Record<string, unknown>[] | undefined> {
  return unlessAborted(signal, () => readManyRows<Record<string, unknown>>({ store, signal, host }, sql))
}
