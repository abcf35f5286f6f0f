import type { StoreReader } from '../engine/control.ts'
import type { Timers } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'

/** Ends a query that makes no progress for this long, so that a few of them cannot keep all others out. */
export function limitQueries(reader: StoreReader, ms: number, timers: Timers): StoreReader {
  return {
    async query(sql, format, signal) {
      const late = new AbortController()
      const within = async <T>(act: () => Promise<T>): Promise<T> => {
        const timer = timers.after(ms, () => late.abort(new WeirError('WEIR_SQL_REFUSED', `the query made no progress for ${ms / 1000} s and was ended; \`store.query_timeout\` sets the limit`)))
        try {
          return await act()
        } finally {
          timer.cancel()
        }
      }
      const bytes = await within(() => reader.query(sql, format, AbortSignal.any([signal, late.signal])))
      return chunks(bytes, within)
    },
  }
}

async function* chunks(bytes: AsyncIterable<Uint8Array>, within: <T>(act: () => Promise<T>) => Promise<T>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await within(() => iterator.next())
      if (step.done === true) return
      yield step.value
    }
  } finally {
    await iterator.return?.()
  }
}
