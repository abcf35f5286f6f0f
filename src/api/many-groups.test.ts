import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import type { StoreReader } from '../engine/control.ts'
import { groupsSql, type GroupsRequest, type Rank } from '../query/plan/index.ts'
import { rowsOf } from './store-query.ts'
import { manyGroups } from './many-groups.ts'
import { groupField, rowQueryOf } from '../topics/flows/row-query.ts'
import { local } from './access/principal.ts'
import { startObserved } from './testing/observed.ts'
import { startStored } from './testing/stored.ts'
import { watchedStore } from './testing/watched-store.ts'

const now = Date.now()
const day = 86_400_000
const limits = { many: 0, perPart: 20, parts: 5 }
const disconnected = new AbortController().signal

test.each([
  { type: 'DOUBLE', sizes: [0, 7, 1000], queried: 7 },
  // The type concerns only the sums of a statement, which the first questions have.
  { type: 'HUGEINT', sizes: [0, 7, 18_446_744_073_709_551_615n], queried: 3 },
])(
  'groups read in parts equal those of one statement, as $type',
  async ({ type, sizes, queried }) => {
    const api = await startStored()
    const random = new SeededRandom(7)
    const addresses = Array.from({ length: 24 }, (_, index) =>
      index % 3 === 0 ? `2001:db8::${index.toString(16)}` : `10.0.0.${index}`,
    )
    // Ids of addresses differ by day.
    for (const received of [now - day, now - 1000]) {
      await api.add(
        Array.from({ length: 400 }, () => ({
          src: random.pick(addresses),
          dst: random.pick(addresses),
          bytes: random.pick(sizes),
          ...(random.chance(0.5) ? { sampling: 100 } : {}),
        })),
        received,
      )
    }
    const statements: string[] = []
    const store: StoreReader = {
      query: (sql, format, signal) => (statements.push(sql), api.store.reader.query(sql, format, signal)),
      edges: (query, signal) => api.store.reader.edges(query, signal),
    }
    const questions: readonly [fields: readonly string[], by: Rank, limit: number, filter?: string][] = [
      [['src_addr', 'dst_addr'], 'bytes', 10],
      [['src_addr', 'dst_addr'], 'flows', 3],
      [['dst_addr', 'proto', 'src_addr'], 'packets', 1000],
      [['src_addr', 'src_name'], 'drop_bytes', 5],
      [['dst_name', 'src_addr'], 'bytes', 7, 'src_name = gateway or dst_addr = 10.0.0.0/28'],
      [['next_hop', 'dst_addr'], 'bytes', 4],
      [['exporter_addr', 'src_endpoint', 'dst_addr'], 'flows', 50],
    ]
    for (const [fields, by, limit, filter] of questions.slice(0, queried)) {
      const request: GroupsRequest = {
        ...rowQueryOf(
          { from: String(now - 2 * day), ...(filter === undefined ? {} : { filter }) },
          'flow_time',
          now,
          local,
        ),
        group: fields.map(groupField),
        by,
        limit,
        ...(by === 'drop_bytes' ? { further: ['drop_bytes'] } : {}),
        doubles: type === 'DOUBLE',
      }
      const one = (await rowsOf(store, groupsSql(request), disconnected)) ?? []
      statements.length = 0
      const many = (await manyGroups(store, request, 800, disconnected, limits)) as Record<string, unknown>[]
      expect(statements.length, fields.join()).toBeGreaterThan(2)
      expect(statements.at(-1)).toContain(type === 'DOUBLE' ? 'sum("f$bytes_est")' : '"bytes"::HUGEINT')
      const bounds = ['_rest', '_least', '_next']
      const plain = (rows: readonly Record<string, unknown>[]): unknown =>
        rows.map((row) =>
          Object.fromEntries(
            Object.entries(row)
              .filter(([name]) => !bounds.includes(name))
              .sort(([a], [b]) => (a < b ? -1 : 1)),
          ),
        )
      expect(plain(many), fields.join()).toEqual(plain(one))
      expect(many.length).toBeGreaterThan(2)
    }
  },
  300_000,
)

const plainRows = (rows: readonly Record<string, unknown>[]): unknown =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !/^_(?:rest|least|next)$/.test(name))))

test('addresses with one id need no joins, and one that gets a second id is one group', async () => {
  const api = await startStored()
  const random = new SeededRandom(8)
  const flowsOfDay = (received: number) =>
    api.add(
      Array.from({ length: 200 }, () => ({
        src: `10.0.0.${random.integer(1, 9)}`,
        dst: `10.0.1.${random.integer(1, 9)}`,
        bytes: random.pick([7, 1000]),
      })),
      received,
    )
  await flowsOfDay(now - 1000)
  const request: GroupsRequest = {
    ...rowQueryOf({ from: String(now - 3 * day) }, 'flow_time', now, local),
    group: ['src_addr', 'dst_addr'].map(groupField),
    by: 'flows',
    limit: 20,
    doubles: true,
  }
  const { reader } = api.store
  const watched = watchedStore(reader, 'parts AS')
  const { store, statements } = watched
  const both = async () => [
    plainRows((await manyGroups(store, request, 200, disconnected, limits)) as Record<string, unknown>[]),
    plainRows((await rowsOf(reader, groupsSql(request), disconnected)) ?? []),
  ]
  const [alone, expected] = await both()
  expect(alone).toEqual(expected)
  expect(statements.some((sql) => sql.includes('flow_first_ids'))).toBe(false)
  // Other ids for the same addresses, after the first statement.
  watched.before = async () => {
    watched.before = () => Promise.resolve()
    await flowsOfDay(now - 2 * day)
  }
  const [twice, expectedTwice] = await both()
  expect(twice).toEqual(expectedTwice)
  expect(statements.at(-1)).toContain('flow_first_ids')
})

test('few groups, statistics and groups without an address use one statement', async () => {
  const api = await startStored()
  await api.add(
    Array.from({ length: 30 }, (_, index) => ({ src: `10.0.0.${index}`, dst: '10.0.1.1' })),
    now - 1000,
  )
  const question = rowQueryOf({}, 'flow_time', now, local)
  const request: GroupsRequest = { ...question, group: ['src_addr', 'dst_addr'].map(groupField), by: 'bytes', limit: 5 }
  expect(await manyGroups(api.store.reader, request, 30, disconnected)).toBe('few')
  expect(
    await manyGroups(
      api.store.reader,
      { ...request, group: ['src_port', 'dst_port'].map(groupField) },
      30,
      disconnected,
      limits,
    ),
  ).toBe('few')
  expect(
    await manyGroups(api.store.reader, { ...request, by: 'p90', of: groupField('bytes') }, 30, disconnected, limits),
  ).toBe('few')
  expect(await manyGroups(api.store.reader, request, 800, disconnected, limits)).toHaveLength(5)
})

test('groups of a store that lacks the addresses of a day equal those of one statement', async () => {
  const api = await startObserved()
  const random = new SeededRandom(9)
  const lost = now - 2 * day
  for (const received of [lost, now - 1000])
    await api.add(
      Array.from({ length: 200 }, () => ({
        src: `10.0.0.${random.integer(1, 9)}`,
        dst: `10.0.1.${random.integer(1, 9)}`,
        bytes: 1000,
      })),
      received,
    )
  const ofDay = `endpoints-${new Date(lost).toISOString().slice(0, 10).replaceAll('-', '')}`
  const files = (await readdir(api.directory)).filter((name) => name.startsWith(ofDay))
  expect(files.length).toBeGreaterThan(0)
  for (const name of files) await rm(join(api.directory, name))
  const request: GroupsRequest = {
    ...rowQueryOf({ from: String(now - 3 * day) }, 'flow_time', now, local),
    group: ['src_addr', 'dst_addr'].map(groupField),
    by: 'flows',
    limit: 3,
    doubles: true,
  }
  const { reader } = api.store
  const rows = (await manyGroups(reader, request, 400, disconnected, limits)) as Record<string, unknown>[]
  expect(plainRows(rows)).toEqual(plainRows((await rowsOf(reader, groupsSql(request), disconnected)) ?? []))
  // Flows without addresses are lost too, until the journal returns them.
  expect(rows[0]).toMatchObject({ _all_flows: 200 })
})
