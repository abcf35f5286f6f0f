import { expect, it, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { drawn, drawnSize, seeds } from '../../test/kit/seeds.ts'
import {
  conversationRanks,
  conversationsSql,
  type ConversationRank,
  type ConversationsRequest,
} from '../query/plan/index.ts'
import { flowBatch } from '../store/testing/frames.ts'
import { manyConversations } from './many-conversations.ts'
import { pruning } from './pruned-conversations.ts'
import { rowQueryOf } from './query-parameters.ts'
import { local } from './access/principal.ts'
import { rowsOf } from './store-query.ts'
import { startStored } from './testing/stored.ts'
import { watchedStore } from './testing/watched-store.ts'

const now = Date.now()
const day = 86_400_000
const disconnected = new AbortController().signal

/** Flows between few addresses, received at these times. Ids of addresses differ by day. */
async function filled(random: SeededRandom, times: readonly number[]) {
  const api = await startStored()
  const addresses = ['10.0.0.1', '10.0.0.10', '10.0.0.2', '9.9.9.9', '2001:db8::1', '192.0.2.7']
  for (const received of times) {
    const count = 250
    const ports = () => Uint16Array.from({ length: count }, () => random.pick([0, 53, 443, 40_000, 40_002, 65_535]))
    const specs = Array.from({ length: count }, () => ({
      src: random.pick(addresses),
      dst: random.pick(addresses),
      bytes: random.pick([0, 7, 1000, 18_446_744_073_709_551_615n]),
      start: received - random.integer(600, 5000),
      ...(random.chance(0.5) ? { sampling: 100 } : {}),
    }))
    const batch = flowBatch(specs, received)
    const valid = Uint8Array.from({ length: (count + 7) >> 3 }, () => random.integer(0, 255))
    await api.addBatch(
      {
        ...batch,
        columns: {
          ...batch.columns,
          src_port: { kind: 'u16', values: ports(), valid },
          dst_port: { kind: 'u16', values: ports() },
          proto: { kind: 'u8', values: Uint8Array.from({ length: count }, () => random.pick([6, 17])) },
          tcp_flags: { kind: 'u16', values: Uint16Array.from({ length: count }, () => random.pick([0, 2, 18])) },
          rtt: {
            kind: 'u64',
            words: new Uint32Array(BigUint64Array.from(specs, () => BigInt(random.integer(0, 3))).buffer),
            valid,
          },
        },
      },
      received,
    )
  }
  return api
}

const inParts = { parts: 4, keys: 1000, pruned: { ...pruning, above: Infinity } }

type Rows = readonly Record<string, unknown>[]

/** The rows with the columns of `expected`. */
function cellsLike(expected: Rows, rows: Rows): readonly (readonly unknown[])[] {
  const columns = Object.keys(expected[0] ?? {}).filter((name) => expected.length > 1 || name.startsWith('_all_'))
  return rows.map((row) => columns.map((name) => row[name] ?? null))
}

function requestOf(filter: string, by: ConversationRank, limit: number): ConversationsRequest {
  return {
    ...rowQueryOf({ from: String(now - 2 * day), both_ways: 'true', filter }, 'flow_time', now, local),
    by,
    limit,
  }
}

test('conversations read in parts equal those of one statement, for every rank and several filters', async () => {
  const random = new SeededRandom(9)
  const api = await filled(random, [now - day, now - 1000])
  const store = api.control.store!
  for (const [at, by] of drawn([...conversationRanks.entries()], 4)) {
    const filter = ['', 'proto = 6', 'any.addr = 10.0.0.2', 'bytes = 5'][at % 4] ?? ''
    const request = requestOf(filter, by, [3, 40, 1000][at % 3] ?? 0)
    const expected = (await rowsOf(store, conversationsSql(request), disconnected)) ?? []
    const limits = { ...inParts, perPart: 60, keys: random.pick([7, 1000]) }
    const rows = (await manyConversations(store, request, disconnected, limits)) ?? []
    expect(cellsLike(expected, rows), `${by} ${filter}`).toEqual(cellsLike(expected, expected))
    if (filter !== 'bytes = 5') expect(expected.length).toBeGreaterThan(2)
  }
})

it.each(seeds(1, 20))('the largest conversations of buckets equal those of all (seed %i)', async (seed) => {
  const random = new SeededRandom(seed)
  const api = await filled(random, random.pick([[now - 1000], [now - day, now - 1000]]))
  const store = api.control.store!
  let estimated = 0
  for (let time = 0; time < drawnSize(12, 40); time++) {
    const filter = random.pick(['', '', 'proto = 6', 'any.addr = 10.0.0.2', 'bytes = 5'])
    const request = requestOf(filter, random.pick(conversationRanks), random.pick([1, 3, 20, 1000]))
    const bits = random.integer(2, 8)
    const pruned = {
      above: 0,
      perBucket: 1,
      bits: { least: bits, most: bits },
      large: random.integer(1, 40),
      flows: random.pick([20, 100, 1000]),
    }
    const limits = { ...inParts, perPart: 3000, pruned }
    const [expected, rows] = [
      (await rowsOf(store, conversationsSql(request), disconnected)) ?? [],
      (await manyConversations(store, request, disconnected, limits)) ?? [],
    ]
    const isEstimated = rows[0]?.['_conversations_error'] !== undefined
    const comparable = (all: Rows) =>
      isEstimated ? all.map((row) => ({ ...row, _all_conversations: undefined })) : all
    const what = JSON.stringify({ by: request.by, filter, limit: request.limit, pruned })
    expect(cellsLike(expected, comparable(rows)), what).toEqual(cellsLike(expected, comparable(expected)))
    estimated += Number(isEstimated)
  }
  expect(estimated).toBeGreaterThan(2)
})

it.each([400, 30_000])(
  'the number of conversations of %i addresses is estimated within the stated error',
  async (count) => {
    const api = await startStored()
    const random = new SeededRandom(count)
    const specs = Array.from({ length: count }, (_, at) => ({
      src: `10.0.${at >> 8}.${at & 255}`,
      dst: '10.255.0.1',
      bytes: random.integer(1, 1_000_000),
    }))
    await api.add([...specs, ...specs.slice(0, count / 2)], now - 1000)
    const pruned = { ...pruning, above: 0, bits: { least: 12, most: 12 }, large: 200 }
    const store = api.control.store!
    const request = requestOf('', 'bytes', 20)
    const rows = await manyConversations(store, request, disconnected, { ...inParts, perPart: 1e6, pruned })
    const [expected] = (await rowsOf(store, conversationsSql(request), disconnected)) ?? []
    const [first] = rows ?? []
    const error = Number(first?.['_conversations_error'])
    expect(error).toBeLessThan(0.25)
    const share = Number(first?.['_all_conversations']) / Number(expected?.['_all_conversations'])
    expect(Math.abs(share - 1)).toBeLessThanOrEqual(error)
  },
)

test('ids that change between two statements do not divide conversations', async () => {
  const api = await startStored()
  const flowsOfDay = (received: number, src: string, dst: string) =>
    api.add(
      Array.from({ length: 30 }, (_, at) => ({ src: `10.0.0.${(at % 5) + 1}`, dst: '10.0.0.10', bytes: at })).map(
        ({ bytes, ...ends }) => ({ ...ends, bytes, ...(bytes % 2 === 0 ? {} : { src, dst }) }),
      ),
      received,
    )
  await flowsOfDay(now - 1000, '10.0.0.10', '10.0.0.2')
  const { reader } = api.store
  const watched = watchedStore(reader, 'conversations AS')
  const { store, statements } = watched
  const request: ConversationsRequest = {
    ...rowQueryOf({ from: String(now - 3 * day), both_ways: 'true' }, 'flow_time', now, local),
    by: 'flows',
    limit: 4,
  }
  const keysOf = (rows: readonly Record<string, unknown>[] | undefined) =>
    rows?.map((row) => ['_a_addr', '_b_addr', '_rank', '_all_conversations'].map((name) => row[name]))
  const many = () => manyConversations(store, request, disconnected, { ...inParts, perPart: 20, parts: 3 })
  const one = async () => keysOf(await rowsOf(reader, conversationsSql(request), disconnected))
  expect(keysOf(await many())).toEqual(await one())
  expect(statements.some((sql) => sql.includes('firsts'))).toBe(false)
  watched.before = async () => {
    watched.before = () => Promise.resolve()
    await flowsOfDay(now - 2 * day, '10.0.0.10', '10.0.0.2')
  }
  expect(keysOf(await many())).toEqual(await one())
  expect(statements.some((sql) => sql.includes('firsts'))).toBe(true)
})
