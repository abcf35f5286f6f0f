import { expect, test } from 'vitest'
import type { StoreReader } from '../engine/control.ts'
import { realHost } from '../host/index.ts'
import { limitQueries } from './query-limit.ts'

const waiting = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
const never: StoreReader = {
  query: (_sql, _format, signal) => waiting(signal),
  edges: (_query, signal) => waiting(signal),
}

test('a stalled query or edge request ends with an error that names the setting', async () => {
  const reader = limitQueries(never, 5, realHost().timers)
  const { signal } = new AbortController()
  await expect(reader.query('SELECT 1', 'json', signal)).rejects.toMatchObject({
    code: 'WEIR_SQL_REFUSED',
    message: expect.stringContaining('store.query_timeout'),
  })
  await expect(
    reader.edges(
      { near: [], limit: 1, span: { from: 0n, to: 1n }, relations: undefined, namespaces: undefined },
      signal,
    ),
  ).rejects.toMatchObject({ code: 'WEIR_SQL_REFUSED', message: expect.stringContaining('store.query_timeout') })
})
