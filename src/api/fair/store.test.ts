import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { pieces, RecordingControl } from '../testing/recording-control.ts'
import { start } from '../testing/kit.ts'
import { asSmall, fairReaders, fairScheduling } from './store.ts'

const tokens = [
  { name: 'heavy', token: 'secret-heavy-1' },
  { name: 'light', token: 'secret-light-1' },
] as const

test('of twelve concurrent queries of a user ten run in order; another user is not affected', async () => {
  const control = new RecordingControl()
  const ends: (() => void)[] = []
  const begun: string[] = []
  control.answer = (sql) => {
    begun.push(sql)
    return new Promise((resolve) => ends.push(() => resolve(pieces('[]'))))
  }
  const { api } = await start({
    control,
    auth: { tokens },
    limits: { concurrentQueries: 2, queuedPerUser: 8, queuedQueries: 100 },
  })
  const run = async (name: 'heavy' | 'light', sql: string): Promise<number> => {
    const answer = await fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { authorization: `Bearer secret-${name}-1`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql, format: 'json' }),
    })
    if (answer.status === 429)
      expect(await answer.json()).toMatchObject({
        code: 'WEIR_API_LIMIT',
        detail: 'The limit of the store is reached: 8 waiting queries of one user.',
      })
    return answer.status
  }
  const refused: number[] = []
  const heavy = Array.from({ length: 12 }, async (_, at) => {
    const status = await run('heavy', `SELECT ${at} AS heavy`)
    if (status === 429) refused.push(status)
    return status
  })
  // Two run and eight are queued; the last ones to arrive are rejected.
  await expect.poll(() => refused.length).toBe(2)
  expect(begun).toHaveLength(2)
  const light = run('light', 'SELECT 1 AS light')
  while (ends.length > 0 || begun.length < 11) {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await light).toBe(200)
  expect((await Promise.all(heavy)).toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: 10 }, () => 200),
    429,
    429,
  ])
})

const never = new AbortController().signal

test('a small statement does not wait for large ones, only for another small one', async () => {
  const control = new RecordingControl()
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  control.answer = (sql) => {
    begun.push(sql)
    return new Promise((resolve) => ends.set(sql, () => resolve(pieces('[]'))))
  }
  const { store } = fairScheduling(
    control,
    fairReaders({ atOnce: 2, waitingPerUser: 10, waiting: 10 }, 1, fakeHost(1).timers),
  )
  const query = async (sql: string) => store?.query(sql, 'json', never)
  const all = [query('large 1'), query('large 2'), query('large 3')]
  all.push(
    asSmall(() => query('small 1')),
    asSmall(() => query('small 2')),
  )
  await expect.poll(() => begun).toEqual(['large 1', 'large 2', 'small 1'])
  ends.get('small 1')?.()
  await expect.poll(() => begun.at(-1)).toBe('small 2')
  for (const name of ['large 1', 'large 2', 'small 2']) ends.get(name)?.()
  await expect.poll(() => begun.at(-1)).toBe('large 3')
  ends.get('large 3')?.()
  await Promise.all(all)
})

/** A control with isolated statements that return endless rows. */
function withProcesses(ended: string[]): RecordingControl {
  const control = new RecordingControl()
  control.store = {
    query: async () => pieces('[]'),
    edges: async () => [],
    async isolated({ sql }, signal) {
      signal.addEventListener('abort', () => ended.push(`${sql}: ${(signal.reason as Error).message}`))
      return (async function* endless() {
        for (;;) {
          signal.throwIfAborted()
          yield Buffer.from(sql)
        }
      })()
    },
  }
  return control
}

test('unread responses give their slot to others, and the oldest of too many ends', async () => {
  const host = fakeHost(1)
  const ended: string[] = []
  const { store } = fairScheduling(
    withProcesses(ended),
    fairReaders({ atOnce: 2, waitingPerUser: 10, waiting: 10 }, 1, host.timers),
  )
  const begin = async (sql: string): Promise<AsyncIterator<Uint8Array>> => {
    const answer = await store?.isolated?.({ sql, format: 'json', bound: 'work' }, never)
    const iterator = (answer as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await iterator.next()
    return iterator
  }
  const read = [await begin('a'), await begin('b')]
  const third = begin('c')
  await host.advance(900)
  // Within the first second the third one is queued.
  let went = false
  third.then(
    () => (went = true),
    () => undefined,
  )
  await host.advance(0)
  expect(went).toBe(false)
  await host.advance(100)
  read.push(await third, await begin('d'))
  await host.advance(1000)
  expect(ended).toEqual([])
  // A response that is read again continues, and does not count as unread.
  expect((await read[0]?.next())?.done).toBe(false)
  read.push(await begin('e'))
  await host.advance(1000)
  expect(ended).toEqual([
    'b: The client did not read the rows of the query, and a newer query needed its process; the query was ended.',
  ])
  await expect(read[1]?.next()).rejects.toMatchObject({ code: 'WEIR_SQL_TIMEOUT' })
  for (const iterator of read) await iterator.return?.()
  // Every slot is free again.
  await Promise.all([begin('f'), begin('g')])
})
