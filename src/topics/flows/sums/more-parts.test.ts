import { expect, test } from 'vitest'
import type { StoreReader } from '../../../engine/control.ts'
import { WeirError } from '../../../model/errors.ts'
import { readOfIds, withMoreParts } from './more-parts.ts'

const turn = { store: {} as StoreReader, signal: new AbortController().signal }
const lacking = new WeirError('WEIR_QUERY_MEMORY', 'no memory')

test('the parts double until the memory suffices', async () => {
  const tried: number[] = []
  const result = await withMoreParts(turn, 3, async (parts) => {
    tried.push(parts)
    if (parts < 10) throw lacking
    return parts
  })
  expect([result, tried]).toEqual([12, [3, 6, 12]])
})

test.each([
  ['lack of memory with most parts', lacking, [4, 8, 16]],
  ['another failure', new Error('no file'), [4]],
])('%s is thrown', async (_, error, expected) => {
  const tried: number[] = []
  const read = withMoreParts(turn, 4, async (parts) => {
    tried.push(parts)
    throw error
  })
  await expect(read).rejects.toBe(error)
  expect(tried).toEqual(expected)
})

test('one request at a time, and none for a client that has disconnected', async () => {
  const events: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = withMoreParts(turn, 1, async () => {
    events.push('first')
    await promise
    events.push('ended')
    return 1
  })
  const left = new AbortController()
  const others = [
    withMoreParts({ ...turn, signal: left.signal }, 1, async () => events.push('left')),
    withMoreParts(turn, 1, async () => events.push('second')),
  ]
  left.abort()
  await expect(others[0]).rejects.toThrow('aborted')
  resolve()
  await Promise.all([first, others[1]])
  expect(events).toEqual(['first', 'ended', 'second'])
})

const single = { count: 2, first: 1, last: 2 }
const limits = { perPart: 10, parts: 4 }

test.each([
  ['suffices', async () => 'whole', 'whole', []],
  ['does not suffice', async () => undefined, 'parts', [[single, 3]]],
  ['lacks memory', () => Promise.reject(lacking), 'parts', [[single, 3]]],
])('a statement for all groups that %s', async (_, whole, expected, read) => {
  const calls: unknown[] = []
  const result = await readOfIds(
    turn,
    { groups: 30, single, limits },
    { whole, parts: async (...call) => (calls.push(call), 'parts') },
  )
  expect([result, calls]).toEqual([expected, read])
})

test('a statement for all groups that fails otherwise is an error', async () => {
  const failure = new Error('no file')
  const read = readOfIds(
    turn,
    { groups: 30, single, limits },
    { whole: () => Promise.reject(failure), parts: async () => 'parts' },
  )
  await expect(read).rejects.toBe(failure)
})

test('groups of outdated ids are read with joins, also in one statement', async () => {
  const calls: unknown[] = []
  const result = await readOfIds(
    turn,
    { groups: 30, single, limits },
    {
      whole: async (ids) => (calls.push(['whole', ids]), undefined),
      parts: async (ids, parts) => (calls.push(['parts', ids, parts]), ids === undefined ? 'joined' : undefined),
    },
  )
  expect([result, calls]).toEqual([
    'joined',
    [
      ['whole', single],
      ['parts', single, 3],
      ['whole', undefined],
      ['parts', undefined, 4],
    ],
  ])
})
