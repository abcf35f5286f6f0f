import { expect, test } from 'vitest'
import { ResultCache } from './result-cache.ts'

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array, undefined> {
  for (const text of texts) yield Buffer.from(text)
}

async function textOf(result: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of result) all.push(piece)
  return Buffer.concat(all).toString()
}

const sql = 'SELECT 1'

test('requests of the same statement share a result, and later ones read it from memory', async () => {
  const cache = new ResultCache()
  const key = cache.keyOf('views', { sql })!
  expect(cache.keyOf('other files', { sql })).not.toBe(key)
  expect(await cache.find(key)).toBeUndefined()
  const waiting = cache.find(key)
  expect(await textOf(await cache.keep(key, pieces('[', '1]')))).toBe('[1]')
  expect(String(await waiting)).toBe('[1]')
  expect(String(await cache.find(key))).toBe('[1]')
})

test('a failure and a large result are not kept, and waiting requests run the statement', async () => {
  const cache = new ResultCache()
  const key = cache.keyOf('views', { sql })!
  const large = 'x'.repeat(600_000)
  const failing = async function* (): AsyncGenerator<Uint8Array, undefined> {
    yield Buffer.from('[')
    throw new Error('damaged')
  }
  for (const end of [
    async () => cache.fail(key),
    async () => expect(await cache.keep(key, failing()).catch(String)).toBe('Error: damaged'),
    async () => expect(await textOf(await cache.keep(key, pieces(large, 'end')))).toBe(`${large}end`),
  ]) {
    expect(await cache.find(key)).toBeUndefined()
    const waiting = cache.find(key)
    await end()
    expect(await waiting).toBeUndefined()
  }
})

test('the oldest results leave when their bytes exceed the limit', async () => {
  const cache = new ResultCache()
  const keys = Array.from({ length: 100 }, (_, at) => cache.keyOf(`views ${at}`, { sql })!)
  for (const key of keys) {
    await cache.find(key)
    await textOf(await cache.keep(key, pieces('x'.repeat(100_000))))
    // In use: stays.
    if (key !== keys[0]) await cache.find(keys[0]!)
  }
  expect((await cache.find(keys[0]!))?.length).toBe(100_000)
  expect((await cache.find(keys.at(-1)!))?.length).toBe(100_000)
  expect(await cache.find(keys[1]!)).toBeUndefined()
})

test('a result that two requests kept counts once', async () => {
  const cache = new ResultCache()
  const keys = ['a', 'b'].map((views) => cache.keyOf(views, { sql })!)
  for (let times = 0; times < 100; times++) await textOf(await cache.keep(keys[0]!, pieces('x'.repeat(100_000))))
  await textOf(await cache.keep(keys[1]!, pieces('[]')))
  expect((await cache.find(keys[0]!))?.length).toBe(100_000)
})

test('statements with a changing result without new files have no key', () => {
  const cache = new ResultCache()
  for (const changing of [
    'SELECT now()',
    'SELECT current_date',
    'SELECT random()',
    "SELECT 'today'::DATE",
    'SELECT age(t)',
  ])
    expect(cache.keyOf('views', { sql: changing })).toBeUndefined()
  expect(cache.keyOf('views', { sql, parameters: { name: 'x' } })).toBeUndefined()
})
