import { expect, test } from 'vitest'
import type { OnProgress, StoreReader } from '../../engine/control.ts'
import { start } from '../testing/kit.ts'
import { pieces, RecordingControl } from '../testing/recording-control.ts'

const tokens = [
  { name: 'ann', token: 'secret-of-ann-0001' },
  { name: 'bob', token: 'secret-of-bob-0001' },
  { name: 'shop', token: 'secret-of-shop-001', role: 'viewer', namespaces: ['shop'] },
] as const

const bearer = (token: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
})

/** A store that reads until it is released. */
async function heldStore() {
  const control = new RecordingControl()
  const held = Promise.withResolvers<void>()
  const reported: OnProgress[] = []
  const aborted: unknown[] = []
  control.store = {
    ...(control.store as StoreReader),
    async query(_sql, _format, signal, onProgress) {
      if (onProgress !== undefined) reported.push(onProgress)
      signal.addEventListener('abort', () => aborted.push(signal.reason))
      await held.promise
      return pieces('[]')
    },
  }
  const { api } = await start({ control, auth: { tokens }, limits: { concurrentQueries: 1 }, invented: true })
  const queries = async (token: string) => {
    const answer = await fetch(`${api.url}/api/v1/queries`, bearer(token))
    return ((await answer.json()) as { queries: Record<string, unknown>[] }).queries
  }
  return { url: api.url, held, reported, aborted, queries }
}

test('a user sees the progress of queries of this user only, by the ids of requests', async () => {
  const { url, held, reported, queries } = await heldStore()
  const path = `${url}/api/v1/resources`
  const first = fetch(path, bearer('secret-of-ann-0001', { 'x-query-id': 'first-1' }))
  await expect.poll(() => reported.length).toBeGreaterThan(0)
  const second = fetch(path, bearer('secret-of-ann-0001', { 'x-query-id': 'not an id' }))
  await expect.poll(async () => (await queries('secret-of-ann-0001')).length).toBe(2)
  expect(await queries('secret-of-bob-0001')).toEqual([])
  reported[0]?.({ unit: 'rows', done: 30, total: 120 })
  const [one, other] = await queries('secret-of-ann-0001')
  expect(one).toMatchObject({ query_id: 'first-1', operation: 'resources', state: 'reading', done: 30, total: 120 })
  expect(other).toMatchObject({ state: 'waiting', query_id: expect.stringMatching(/^[0-9a-f]{8}-\w+$/) })
  held.resolve()
  expect((await first).headers.get('x-query-id')).toBe('first-1')
  expect((await second).headers.get('x-query-id')).toBe(other?.['query_id'])
  expect(await queries('secret-of-ann-0001')).toEqual([])
})

test('viewers limited to namespaces get no numbers of rows', async () => {
  const { url, held, reported, queries } = await heldStore()
  const answer = fetch(`${url}/api/v1/resources`, bearer('secret-of-shop-001'))
  await expect.poll(() => reported.length).toBeGreaterThan(0)
  reported[0]?.({ unit: 'rows', done: 30, total: 120 })
  const [query] = await queries('secret-of-shop-001')
  expect(query).toMatchObject({ state: 'reading' })
  expect(Object.keys(query ?? {})).not.toContain('total')
  held.resolve()
  await answer
})

test('a request that is closed leaves the list, and its statement ends', async () => {
  const { url, reported, aborted, queries } = await heldStore()
  const left = new AbortController()
  const request = fetch(`${url}/api/v1/resources`, { ...bearer('secret-of-ann-0001'), signal: left.signal })
  await expect.poll(() => reported.length).toBeGreaterThan(0)
  left.abort()
  await expect(request).rejects.toThrow()
  await expect.poll(() => aborted.length).toBeGreaterThan(0)
  await expect.poll(() => queries('secret-of-ann-0001')).toEqual([])
})
