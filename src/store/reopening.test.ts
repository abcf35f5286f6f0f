import { expect, test } from 'vitest'
import type { StoreReader } from '../engine/control.ts'
import { WeirError } from '../model/errors.ts'
import { realHost } from '../host/index.ts'
import type { Store } from './index.ts'
import { ReopeningStore } from './reopening.ts'
import { queryRows } from './testing/query-rows.ts'

const { timers } = realHost()
const signal = new AbortController().signal
const atOnce = { ...timers, sleep: () => Promise.resolve() }

/** A store with the results `pieces`; 'close' waits until the store closes and then fails. */
function fake(...pieces: readonly string[]): Store {
  const closing = Promise.withResolvers<never>()
  closing.promise.catch(() => undefined)
  const reader: StoreReader = {
    async query() {
      return (async function* answer() {
        for (const piece of pieces) yield piece === 'close' ? await closing.promise : Buffer.from(piece)
      })()
    },
    async edges() {
      return pieces[0] === 'close' ? closing.promise : []
    },
  }
  return { reader, close: async () => closing.reject(new Error('The store has ended.')) } as unknown as Store
}

test('a query interrupted by the close of its store runs again in the reopened store', async () => {
  const store = new ReopeningStore(fake('close'), async () => fake('[{"n":', '1}]'), atOnce)
  const answers = [
    queryRows(store.reader, 'SELECT n'),
    store.reader.edges(
      { near: [], span: { from: 0n, to: 1n }, limit: 1, relations: undefined, namespaces: undefined },
      signal,
    ),
  ]
  await new Promise((resolve) => setImmediate(resolve))
  await store.reopen(signal)
  expect(await Promise.all(answers)).toEqual([[{ n: 1 }], []])
})

test('a query that has returned bytes finishes before the store closes', async () => {
  const store = new ReopeningStore(fake('[{"n":', '1}]'), async () => fake('[{"n":2}]'), timers)
  const chunks = (await store.reader.query('SELECT n', 'json', signal))[Symbol.asyncIterator]()
  expect(String((await chunks.next()).value)).toBe('[{"n":')
  const reopened = store.reopen(signal)
  expect(String((await chunks.next()).value)).toBe('1}]')
  expect((await chunks.next()).done).toBe(true)
  await reopened
  expect(await queryRows(store.reader, 'SELECT n')).toEqual([{ n: 2 }])
})

test('an interrupted response ends with an error that recommends repeating the query', async () => {
  const store = new ReopeningStore(fake('[{"n":', 'close'), async () => fake('[{"n":2}]'), atOnce)
  const chunks = (await store.reader.query('SELECT n', 'json', signal))[Symbol.asyncIterator]()
  await chunks.next()
  const next = chunks.next()
  await Promise.all([expect(next).rejects.toMatchObject({ code: 'WEIR_STORE_REOPENING' }), store.reopen(signal)])
})

test('an invalid statement is refused once', async () => {
  let queries = 0
  const refusing: StoreReader = {
    query() {
      queries++
      return Promise.reject(new WeirError('WEIR_SQL_REFUSED', 'There is no such column.'))
    },
    edges: () => Promise.resolve([]),
  }
  const store = new ReopeningStore(
    { ...fake(), reader: { ...refusing, idle: () => Promise.resolve() } },
    async () => fake(),
    timers,
  )
  await expect(queryRows(store.reader, 'SELECT n')).rejects.toMatchObject({ code: 'WEIR_SQL_REFUSED' })
  expect(queries).toBe(1)
})
