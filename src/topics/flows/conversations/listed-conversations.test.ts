import { appendFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawnSize, seeds } from '../../../../test/kit/seeds.ts'
import {
  conditionOf,
  conversationsSql,
  type ConversationRank,
  type ConversationsRequest,
} from '../../../query/plan/index.ts'
import type { StoreReader } from '../../../engine/control.ts'
import { msPerHour } from '../../../store/names.ts'
import { flowBatch, type FlowSpec } from '../../../store/testing/frames.ts'
import { local } from '../../../api/access/principal.ts'
import { listedConversations } from './listed-conversations.ts'
import { rowQueryOf } from '../row-query.ts'
import { readRows } from '../../rows.ts'
import type { SumRow } from '../sums/request.ts'
import { startObserved, type Observed } from '../../../api/testing/observed.ts'

const signal = new AbortController().signal
const day = 24 * msPerHour
const now = Date.now()

type Batch = Readonly<{ specs: readonly FlowSpec[]; ports: () => number; received: number }>

async function add(api: Observed, random: SeededRandom, { specs, ports, received }: Batch) {
  const batch = flowBatch(specs, received)
  const values = () => Uint16Array.from(specs, ports)
  const valid = Uint8Array.from({ length: (specs.length + 7) >> 3 }, () => random.pick([255, 255, 127]))
  const proto = Uint8Array.from(specs, () => random.pick([6, 17]))
  const columns = {
    ...batch.columns,
    src_port: { kind: 'u16' as const, values: values(), valid },
    dst_port: { kind: 'u16' as const, values: values() },
    proto: { kind: 'u8' as const, values: proto, valid },
    ...factsOf(specs.length, random, valid),
  }
  await api.addBatch({ ...batch, columns, dictionary }, received)
}

const dictionary = ['', 'netflow5', 'netobserv', 'alpha', 'beta']

/** What both directions of a conversation report. */
function factsOf(count: number, random: SeededRandom, valid: Uint8Array) {
  const u8 = (values: readonly number[]) => Uint8Array.from({ length: count }, () => random.pick(values))
  const u64 = () => new Uint32Array(BigUint64Array.from({ length: count }, () => BigInt(random.integer(0, 900))).buffer)
  const codes = (values: readonly number[]) => Uint32Array.from({ length: count }, () => random.pick(values))
  return {
    tcp_flags: { kind: 'u16' as const, values: Uint16Array.from(codes([0, 2, 16, 18, 0x102])), valid },
    listening_side: { kind: 'u8' as const, values: u8([1, 2]), valid: u8([0, 1, 255]) },
    rtt: { kind: 'u64' as const, words: u64(), valid },
    drop_packets: { kind: 'u64' as const, words: u64(), valid },
    protocol: { kind: 'dict' as const, codes: codes([1, 2]) },
    ...(random.chance(0.5) ? { src_name: { kind: 'dict' as const, codes: codes([0, 3, 4]) } } : {}),
  }
}

/** Few conversations in files of several days, with all their ties, absent ports and late flows. */
async function fewConversations(random: SeededRandom): Promise<Observed> {
  const api = await startObserved()
  const start = now - (now % day) - 2 * day
  for (const received of [20, 22.9, 23, 24.5, 26, 27, 30].map((hours) => start + hours * msPerHour)) {
    const specs = Array.from({ length: random.integer(100, 400) }, () => ({
      src: `10.0.0.${random.integer(1, 4)}`,
      dst: random.chance(0.1) ? '2001:db8::1' : `10.0.0.${random.integer(1, 4)}`,
      bytes: random.pick([0, 7, 1000, 123_456_789]),
      packets: random.integer(1, 5),
      ...(random.chance(0.5) ? { sampling: random.pick([1, 100]) } : {}),
      start: received - random.pick([0, 40_000, 30 * 60_000, -300_000]),
    }))
    await add(api, random, { specs, ports: () => random.pick([0, 443, 40_000]), received })
  }
  while (await api.store.maintain());
  const received = now - 1000
  await add(api, random, {
    specs: [{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 5 }],
    ports: () => random.pick([53, 443]),
    received,
  })
  return api
}

function requestOf(by: ConversationRank, limit: number, { from, to }: Readonly<{ from: number; to: number }>) {
  const query = { from: String(from), to: String(to), both_ways: 'true' as const }
  return { ...rowQueryOf(query, 'flow_time', now, local), by, limit }
}

type Rows = readonly Record<string, unknown>[]

/** Rows with the columns of `expected`, without the estimated number of conversations. */
function cellsLike(expected: Rows, rows: Rows) {
  const columns = Object.keys(expected[0] ?? {}).filter((name) => name !== '_all_conversations' && name !== '_rank')
  return rows.map((row) => columns.map((name) => row[name] ?? null))
}

const keyOf = (row: Rows[number]) =>
  JSON.stringify(['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto'].map((name) => row[name] ?? null))

const rankOf = (row: Rows[number]) => BigInt((row['_rank'] ?? 0) as number | string)
const flowsOf = (row: Rows[number]) => Number(row['_flows_ab']) + Number(row['_flows_ba'])

/** In order, at most too low by the error; with all flows, all columns are equal. Others have at most the error. */
function expectWithin(rows: Rows, all: Rows, error: bigint, what: string) {
  const expected = new Map(all.map((row) => [keyOf(row), row]))
  const own = rows.map((row) => expected.get(keyOf(row))!)
  for (const [at, row] of rows.entries()) {
    const lack = rankOf(own[at]!) - rankOf(row)
    expect(lack >= 0n && lack <= error, `${what} ${keyOf(row)} ${lack} ${error}`).toBe(true)
    if (flowsOf(row) === flowsOf(own[at]!))
      expect(cellsLike([own[at]!], [row]), what).toEqual(cellsLike(own, [own[at]!]))
  }
  const ranks = rows.map(rankOf)
  expect(ranks, what).toEqual(ranks.toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0)))
  const shown = new Set(rows.map(keyOf))
  const least = ranks.at(-1) ?? 0n
  for (const row of all)
    if (!shown.has(keyOf(row)))
      expect(rankOf(row) <= error + least, `${what} ${keyOf(row)} ${rankOf(row)} ${error}`).toBe(true)
}

/** Ids of addresses are those of a day, so that a conversation of two days counts twice. */
async function countedByDay(store: StoreReader, request: ConversationsRequest): Promise<number> {
  const [source, target] = ['src', 'dst'].map(
    (end) => `coalesce("${end}_addr", '') || ':' || coalesce("${end}_port"::INTEGER, -1)`,
  )
  const columns = [
    `least(${source}, ${target})`,
    `greatest(${source}, ${target})`,
    '"proto"',
    'epoch_us("time_received") // 86400000000',
  ]
  const sql =
    `SELECT count(*) AS counted FROM (SELECT DISTINCT ${columns.join(', ')} FROM ${request.names.view} ` +
    `WHERE ${conditionOf(request)})`
  return Number((await readRows<SumRow>({ store, signal }, sql))[0]?.['counted'])
}

/** Whether the rows are those of all conversations. */
async function expectEqual(api: Observed, request: ConversationsRequest): Promise<boolean> {
  const store = api.control.store!
  const { rows = [], error } = (await listedConversations(store, request, signal, 0)) ?? {}
  expect(rows.length).toBeGreaterThan(0)
  const all = await readRows<SumRow>({ store, signal }, conversationsSql({ ...request, limit: 1_000_000 }))
  const what = JSON.stringify({ by: request.by, limit: request.limit, from: String(request.span.from) })
  const { _all_conversations: estimated, _conversations_error: countError } = rows[0] ?? {}
  const share = Number(estimated) / (await countedByDay(store, request))
  expect(Math.abs(share - 1)).toBeLessThanOrEqual(Number(countError))
  if (error === undefined) {
    const expected = all.slice(0, request.limit)
    expect(cellsLike(expected, rows), what).toEqual(cellsLike(expected, expected))
  } else expectWithin(rows, all, BigInt(error), what)
  return error === undefined
}

async function expectRandom(api: Observed, random: SeededRandom, times: number): Promise<number> {
  let proven = 0
  const start = now - (now % day) - 2 * day
  for (let time = 0; time < times; time++) {
    const from = start + random.integer(19, 24) * msPerHour + random.integer(-90_000, 90_000)
    const to = random.pick([now, start + random.integer(25, 31) * msPerHour + random.integer(-90_000, 90_000)])
    const request = requestOf(random.pick(['bytes', 'packets', 'flows']), random.pick([1, 5, 40, 1000]), { from, to })
    proven += Number(await expectEqual(api, request))
  }
  return proven
}

it.each(seeds(1, 20))('conversations from lists equal those of all flows (seed %i)', async (seed) => {
  const random = new SeededRandom(seed)
  const api = await fewConversations(random)
  expect(await expectRandom(api, random, drawnSize(12, 40))).toBeGreaterThan(3)
})

test('missing and damaged lists change no result', async () => {
  const random = new SeededRandom(7)
  const api = await fewConversations(random)
  const files = (await readdir(api.directory)).filter((name) => name.endsWith('.sums'))
  expect(files.length).toBeGreaterThan(2)
  await rm(join(api.directory, files[0]!))
  await appendFile(join(api.directory, files[1]!), 'x')
  expect(await expectRandom(api, random, drawnSize(8, 20))).toBeGreaterThan(2)
})

/** More conversations than lists have, in files of several hours; `size`: the bytes of one. */
async function manyConversations(random: SeededRandom, size: () => number): Promise<Observed> {
  const api = await startObserved()
  const start = now - (now % day) - 2 * day
  for (const hour of [22, 23, 25]) {
    const specs = Array.from({ length: 22_000 }, () => ({
      src: `10.0.${random.integer(0, 3)}.${random.integer(0, 255)}`,
      dst: `10.1.0.${random.integer(1, 30)}`,
      bytes: size(),
    }))
    // In all files, and the largest in none of them.
    for (const spec of specs.slice(0, 30)) Object.assign(spec, { src: '10.9.9.9', dst: '10.9.9.8', bytes: 90 })
    const few = specs.map((_, at) => (at < 30 ? 443 : random.integer(1, 60_000)))
    let at = 0
    await add(api, random, { specs, ports: () => few[at++ % few.length]!, received: start + hour * msPerHour })
  }
  while (await api.store.maintain());
  return api
}

test('hashes of stored lists are those of the engine: with others, increase the version of sums', async () => {
  const { control } = await startObserved()
  const sql = `SELECT hash('10.0.0.1')::VARCHAR AS text, hash(1::UBIGINT, 2::UBIGINT, 6::UTINYINT)::VARCHAR AS pair`
  const hashes = { text: '4781076152632159224', pair: '13478927207556113683' }
  expect(await readRows<SumRow>({ store: control.store!, signal }, sql)).toEqual([hashes])
})

const range = { from: now - 3 * day, to: now }

test('with more conversations than lists have, rows are within the stated error', async () => {
  const random = new SeededRandom(3)
  const heavy = await manyConversations(random, () => Math.floor(100 / (random.next() + 1e-5)))
  const { fileSums } = heavy.store.status().sums
  const { rows } = fileSums!['conversations']!
  expect(rows).toBeGreaterThan(3 * 256)
  expect(rows).toBeLessThan(3 * 1000)
  for (const [by, limit] of [
    ['bytes', 1],
    ['bytes', 20],
    ['packets', 3],
    ['flows', 2],
  ] as const)
    expect(await expectEqual(heavy, requestOf(by, limit, range)), by).toBe(false)
  const even = await manyConversations(random, () => random.integer(900, 1000))
  expect(await expectEqual(even, requestOf('bytes', 50, range))).toBe(false)
})
