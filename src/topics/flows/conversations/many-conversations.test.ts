import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { drawn } from '../../../../test/kit/seeds.ts'
import { conversationRanks, conversationsSql, type ConversationsRequest } from '../../../query/plan/index.ts'
import { flowBatch } from '../../../store/testing/frames.ts'
import { manyConversations } from './many-conversations.ts'
import { rowQueryOf } from '../row-query.ts'
import { local } from '../../../api/access/principal.ts'
import { readRows } from '../../rows.ts'
import type { SumRow } from '../sums/request.ts'
import { startStored } from '../../../api/testing/stored.ts'
import { watchedStore } from '../../../api/testing/watched-store.ts'

const now = Date.now()
const day = 86_400_000
const signal = new AbortController().signal

test('conversations read in parts equal those of one statement, for every rank and several filters', async () => {
  const api = await startStored()
  const random = new SeededRandom(9)
  const addresses = ['10.0.0.1', '10.0.0.10', '10.0.0.2', '9.9.9.9', '2001:db8::1', '192.0.2.7']
  // Ids of addresses differ by day.
  for (const received of [now - day, now - 1000]) {
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
  const store = api.control.store!
  for (const [at, by] of drawn([...conversationRanks.entries()], 4)) {
    const filter = ['', 'proto = 6', 'any.addr = 10.0.0.2', 'bytes = 5', 'src_addr = 10.0.0.0/30'][at % 5]
    const request: ConversationsRequest = {
      ...rowQueryOf({ from: String(now - 2 * day), both_ways: 'true', filter: filter ?? '' }, 'flow_time', now, local),
      by,
      limit: [3, 40, 1000][at % 3] ?? 0,
    }
    const expected = await readRows<SumRow>({ store, signal }, conversationsSql(request))
    const limits = { perPart: 60, parts: 4, keys: random.pick([7, 1000]) }
    const rows = await manyConversations(store, request, signal, limits)
    const columns = Object.keys(expected[0] ?? {}).filter((name) => expected.length > 1 || name.startsWith('_all_'))
    const cells = (all: typeof rows) => all.map((row) => columns.map((name) => row[name] ?? null))
    expect(cells(rows), `${by} ${filter}`).toEqual(cells(expected))
    if (filter !== 'bytes = 5') expect(expected.length).toBeGreaterThan(2)
  }
})

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
  const many = () => manyConversations(store, request, signal, { perPart: 20, parts: 3, keys: 1000 })
  const one = async () => keysOf(await readRows<SumRow>({ store: reader, signal }, conversationsSql(request)))
  expect(keysOf(await many())).toEqual(await one())
  expect(statements.some((sql) => sql.includes('flow_first_ids'))).toBe(false)
  watched.before = async () => {
    watched.before = () => Promise.resolve()
    await flowsOfDay(now - 2 * day, '10.0.0.10', '10.0.0.2')
  }
  expect(keysOf(await many())).toEqual(await one())
  expect(statements.some((sql) => sql.includes('flow_first_ids'))).toBe(true)
})
