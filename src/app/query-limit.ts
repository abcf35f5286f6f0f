import type { StoreReader } from '../engine/control.ts'
import type { Timers } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'

type WithLimit = <T>(act: () => Promise<T>) => Promise<T>

/** Ends a query without progress for `ms`, so that stalled queries do not block others. */
export function limitQueries(reader: StoreReader, ms: number, timers: Timers): StoreReader {
  const limit = (given: AbortSignal): Readonly<{ signal: AbortSignal; withLimit: WithLimit }> => {
    const late = new AbortController()
    return {
      signal: AbortSignal.any([given, late.signal]),
      withLimit: async (act) => {
        const timer = timers.after(ms, () =>
          late.abort(
            new WeirError(
              'WEIR_QUERY_TIMEOUT',
              `The query made no progress for ${ms / 1000} s (store.query_timeout) and was ended.`,
            ),
          ),
        )
        try {
          return await act()
        } finally {
          timer.cancel()
        }
      },
    }
  }
  return {
    async query(sql, format, given, onProgress) {
      const { signal, withLimit } = limit(given)
      return chunks(await withLimit(() => reader.query(sql, format, signal, onProgress)), withLimit)
    },
    ...(reader.isolated === undefined ? {} : { isolated: reader.isolated.bind(reader) }),
    edges(request, given, onProgress) {
      const { signal, withLimit } = limit(given)
      return withLimit(() => reader.edges(request, signal, onProgress))
    },
  }
}

async function* chunks(bytes: AsyncIterable<Uint8Array>, withLimit: WithLimit): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await withLimit(() => iterator.next())
      if (step.done === true) return
      yield step.value
    }
  } finally {
    await iterator.return?.()
  }
}
